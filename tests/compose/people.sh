# shellcheck shell=bash disable=SC2154
# people.sh - the door by TLS, and people who sign in there with a browser. Sourced by run.

secure=https://localhost:8443

# hello AUTHORITY OPTION...: what openssl says of a handshake; fails if there is none.
hello() {
    openssl s_client -connect 127.0.0.1:8443 -servername localhost -CAfile "$1" -verify_hostname localhost \
        -verify_return_error "${@:2}" </dev/null 2>&1
}

# refuses AUTHORITY OPTION...: the door itself, by an alert.
refuses() {
    local said
    ! said=$(hello "$@") && [[ $said == *alert* ]] || {
        printf '%s\n' "$said"
        return 1
    }
}

tls_is_good() {
    local old='DEFAULT:@SECLEVEL=0'
    hello "$1" -tls1_3 | grep 'Verify return code: 0' || return 1
    hello "$1" -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256 | grep 'Verify return code: 0' || return 1
    hello "$1" -alpn h2 | grep 'ALPN protocol: h2' || return 1
    refuses "$1" -tls1_1 -cipher "$old" && refuses "$1" -tls1 -cipher "$old" || return 1
    refuses "$1" -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA && refuses "$1" -tls1_2 -cipher AES128-GCM-SHA256 || return 1
    ! hello "$1" -verify_hostname shop.example.com >/dev/null || return 1
    # the authority that a browser trusts signs for this machine only
    openssl x509 -in "$1" -noout -text | grep -A3 'Name Constraints: critical' | grep 'DNS:localhost'
}

# Fetches the certificate that clients of the door trust.
authority() {
    docker compose run --rm --no-deps -T keys authority >"$work/authority.pem"
}

by_tls() {
    authority && tls_is_good "$work/authority.pem" || return 1
    status_is 200 --cacert "$work/authority.pem" "$secure/" || return 1
    has "$work/head" '^content-security-policy: ' && has "$work/head" '^x-content-type-options: nosniff' &&
        has "$work/head" '^x-frame-options: DENY'
}

# ---- at the provider ----

# authorize CHALLENGE [REDIRECT]: begins as the door would. Sets `seen` and `to`.
authorize() {
    browse "http://127.0.0.1:8070/auth?client_id=door&response_type=code&scope=openid&state=s${1:+&code_challenge_method=S256}${1:+&code_challenge=$1}" \
        -G --data-urlencode "redirect_uri=${2:-$secure/oauth2/callback}"
}

# redeem CODE VERIFIER SECRET: prints what the provider gives for it.
redeem() {
    curl -s -m 20 -u "door:$3" http://127.0.0.1:8070/token -d grant_type=authorization_code -d "code=$1" \
        -d "code_verifier=$2" --data-urlencode "redirect_uri=$secure/oauth2/callback"
}

# code_for NAME CHALLENGE: signs in, and prints the code.
code_for() {
    local form code
    rm -f "$work/jar"
    authorize "$2" >&2
    form=$to
    ! browse "$form" -d "name=../etc" >&2 || [[ $seen == 400 ]] || return 1
    browse "$form" -d "name=$1" >&2
    browse "$to" >&2
    code=${to#*code=}
    [[ $to == "$secure/oauth2/callback?code="* ]] && printf '%s\n' "${code%%&*}"
}

# Codes are for the door alone: with its secret, its verifier, at its address, and once.
provider_signs_in() {
    local verifier challenge secret code
    verifier=$(openssl rand -hex 32)
    challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =)
    secret=$(key sign_in/client_secret)
    authorize ''
    [[ $to == "$secure/oauth2/callback?error=invalid_request"* ]] || return 1
    authorize "$challenge" https://example.com/oauth2/callback
    [[ $seen == 400 ]] || return 1
    status_is 400 http://127.0.0.1:8070/interaction/none || return 1
    code=$(code_for operator "$challenge") || return 1
    redeem "$code" "$verifier" guessed | jq -e '.error == "invalid_client"' || return 1
    redeem "$code" "$(openssl rand -hex 32)" "$secret" | jq -e '.error == "invalid_grant"' || return 1
    code=$(code_for operator "$challenge") || return 1
    redeem "$code" "$verifier" "$secret" | jq -er .access_token >"$work/token" || return 1
    redeem "$code" "$verifier" "$secret" | jq -e '.error == "invalid_grant"' || return 1
    status_is 200 "$door/-/order/metrics" -H "Authorization: Bearer $(<"$work/token")"
}

# ---- with a browser ----

# browse URL [OPTION...]: as a browser with its cookies. Sets `seen` to the status, `to` to where it is sent.
browse() {
    read -r seen to < <(curl -s --cacert "$work/authority.pem" -b "$work/jar" -c "$work/jar" -o "$work/body" \
        -D "$work/head" -m 20 -w '%{http_code} %{redirect_url}\n' -H 'Accept: text/html,*/*;q=0.8' "$@")
    printf '%s %s: %s %s\n' "$1" "${2:-}" "$seen" "$to"
}

# sign_in NAME PAGE: the page sends to the provider, and there the name is chosen; it ends at the page.
sign_in() {
    local form
    browse "$secure$2"
    [[ $seen == 302 && $to == http://127.0.0.1:8070/auth\?*code_challenge=* && $to == *code_challenge_method=S256* ]] || return 1
    browse "$to"
    form=$to
    browse "$form"
    [[ $seen == 200 ]] && has "$work/body" 'Who are you?' || return 1
    browse "$form" -d "name=$1"
    browse "$to"
    [[ $to == "$secure/oauth2/callback?"* ]] || return 1
    browse "$to"
    [[ $seen == 302 ]] || return 1
    session_is_kept || return 1
    [[ $to == "$2" || $to == "$secure$2" ]]
}

session_is_kept() {
    local cookie
    cookie=$(tr -d '\r' <"$work/head" | grep -i '^set-cookie: __Host-door[_0-9]*=[^;]' | head -n 1)
    [[ ${cookie,,} == *'; path=/'* && ${cookie,,} == *'; httponly'* && ${cookie,,} == *'; secure'* && \
        ${cookie,,} == *'; samesite=lax'* && ${cookie,,} != *'; domain='* ]] || {
        echo "the cookie: $cookie"
        return 1
    }
    ! grep -q "$(printf 'eyJ')" <<<"$cookie" # no token can be read in it
}

people_sign_in() {
    rm -f "$work/jar"
    sign_in support /mail || return 1
    browse "$secure/mail"
    [[ $seen == 200 ]] && has "$work/body" '^Subject: Your order' || return 1
    # what support may not
    browse "$secure/-/order/metrics"
    [[ $seen == 403 ]] || return 1
    # and nothing of it by http
    browse "$door/mail"
    [[ $seen == 302 && $to == https://127.0.0.1:8443/mail ]]
}

operators_see_metrics() {
    rm -f "$work/jar"
    sign_in operator /-/order/metrics || return 1
    browse "$secure/-/order/metrics"
    [[ $seen == 200 ]] && has "$work/body" '^cairn_http_requests_total'
}

# A session's write, and the same of another page; a program's token is its own, whatever the session.
pages_write() {
    local body='{"email":"grace@example.com","name":"Grace"}' user since
    rm -f "$work/jar"
    sign_in grace /orders/0199aaaa-0000-7000-8000-00000000dead || return 1
    browse "$secure/users" -H 'Content-Type: application/json' -d "$body" -H 'Origin: http://localhost:5050'
    [[ $seen == 401 ]] && has "$work/head" '^www-authenticate: Bearer' || return 1
    browse "$secure/users" -H 'Content-Type: application/json' -d "$body" -H "Origin: $secure"
    [[ $seen == 201 ]] || return 1
    user=$(location) since=$(position)
    browse "$secure$user" -H "$(bearer bob)" -H "Cairn-Position: $since" -H 'Prefer: wait=10'
    [[ $seen == 404 ]] || return 1
    browse "$secure$user" -H "Cairn-Position: $since" -H 'Prefer: wait=10'
    [[ $seen == 200 ]] && has "$work/body" grace@example.com
}

# Reads a page; whether the session's cookie was given anew.
is_renewed() {
    browse "$secure/reports/sales"
    [[ $seen == 200 ]] && session_is_kept
}

# Where sessions are renewed every second, the browser is given a new cookie by the answer of a service.
sessions_are_renewed() {
    DOOR_REFRESH=1s docker compose up -d --no-deps sign-in || return 1
    rm -f "$work/jar"
    soon sign_in finance /reports/sales || return 1
    soon is_renewed && soon is_renewed || return 1
    docker compose up -d --no-deps sign-in
    soon is_signed_in
}

# The session of before is good for a sign-in that was started again.
is_signed_in() {
    browse "$secure/reports/sales"
    [[ $seen == 200 ]]
}

people_sign_out() {
    local again="http%3A%2F%2F127.0.0.1%3A8070%2Fsession%2Fend%3Fclient_id%3Ddoor"
    browse "$secure/oauth2/sign_out?rd=$again"
    [[ $seen == 302 && $to == http://127.0.0.1:8070/session/end\?client_id=door ]] || return 1
    ! grep -q '__Host-door[_0-9]*[[:space:]][^[:space:]]' "$work/jar" || return 1
    browse "$to"
    [[ $seen == 200 ]] && has "$work/body" 'Sign out?' || return 1
    browse "http://127.0.0.1:8070/session/end/confirm" -d logout=yes -d "xsrf=$(sed -n 's/.*name="xsrf" value="\([^"]*\)".*/\1/p' "$work/body")"
    browse "$secure/mail"
    [[ $seen == 302 ]] || return 1
    browse "$to"
    [[ $to == */interaction/* ]] # the provider asks again
}

programs_are_challenged() {
    local at
    for at in "$door" "$secure"; do
        status_is 401 --cacert "$work/authority.pem" "$at/orders/0199aaaa-0000-7000-8000-00000000dead" || return 1
        has "$work/head" '^www-authenticate: Bearer' || return 1
        status_is 401 --cacert "$work/authority.pem" "$at/users" -H 'Content-Type: application/json' -d '{}' || return 1
    done
}

# Cookies that were made up, or changed, are no session.
forged_sessions_are_none() {
    local value
    value=$(awk '$6 == "__Host-door" || $6 == "__Host-door_0" { print $7; exit }' "$work/jar")
    [[ ${#value} -gt 100 ]] || return 1
    for value in x "${value%?????}AAAAA" "A${value#?}"; do
        status_is 401 --cacert "$work/authority.pem" "$secure/orders/1" -H "Cookie: __Host-door=$value" || return 1
    done
}

people() {
    check 'programs without a token are challenged' programs_are_challenged
    check 'a browser is sent to sign in, and sees what its person may' people_sign_in
    check 'operators see metrics' operators_see_metrics
    check 'pages of the door write, those of others do not' pages_write
    check 'a forged session is none' forged_sessions_are_none
    check 'a session is renewed' sessions_are_renewed
    check 'people sign out' people_sign_out
}
