# shellcheck shell=bash disable=SC2154
# rules.sh - the door's own rules, tried on Traefik alone, before a server that says what has reached it
# (tests/compose/edge). Sourced by run, where Traefik is there.

rules_compose() {
    docker compose -p cairn-test-edge -f tests/compose/edge/compose.yaml "$@"
}

rules_up() {
    docker image inspect postgres:17.6 >/dev/null 2>&1 || export CAIRN_KEYS_IMAGE=postgres:17
    COMPOSE_FILE='' COMPOSE_PROFILES='' rules_compose up -d --wait --wait-timeout 60 traefik echo &&
        COMPOSE_FILE='' rules_compose run --rm --no-deps -T keys authority >"$work/edge.pem"
}

rules_down() {
    COMPOSE_FILE='' rules_compose down --volumes -t 2
}

# reached FILTER: what jq finds in what reached the server.
reached() {
    jq -er "$1" "$work/body" || {
        echo "not so: $1"
        cat "$work/body"
        return 1
    }
}

at_tls() {
    status_is "$1" --cacert "$work/edge.pem" "$secure$2" "${@:3}"
}

# sent TIMES ID METHOD [OPTION...]: a request that gets no answer is sent so often.
sent() {
    status_is 502 "$door/users" -X "$3" -H "X-Test-Drop: $2" "${@:4}" || return 1
    status_is 200 "$door/users?count=$2" && reached ".count == $1"
}

what_is_harmless_is_sent_again() {
    sent 3 read GET && sent 3 keyed-post POST -d '{}' -H 'Idempotency-Key: "a"' &&
        sent 3 keyed-put PUT -d '{}' -H 'Idempotency-Key: "b"'
}

what_has_no_key_is_sent_once() {
    sent 1 post POST -d '{}' && sent 1 put PUT -d '{}' && sent 1 patch PATCH -d '{}' && sent 1 empty-key POST -d '{}' -H 'Idempotency-Key;'
}

# Of two servers one is not there: no command fails, since what was not sent is sent to the other.
what_was_not_sent_is_sent_elsewhere() {
    for _ in 1 2 3 4; do
        status_is 200 "$door/payments" -X POST -d '{}' || return 1
    done
}

# A program's own token goes through; what names a caller otherwise, and cookies, do not.
nobody_names_a_caller() {
    local forged=(-H 'X-Forwarded-User: root' -H 'X-Auth-Request-User: root' -H 'X-Forwarded-Access-Token: t'
        -H 'X-Auth-Request-Access-Token: t' -H 'X-Forwarded-For: 192.0.2.1' -H 'Cookie: __Host-door=good; a=b')
    at_tls 200 /reports/sales "${forged[@]}" -H 'Authorization: Bearer mine' || return 1
    reached '.headers.authorization == "Bearer mine"' || return 1
    reached '[.headers | keys[] | select(test("cookie|x-forwarded-user|x-auth-request|access-token"))] == []' &&
        reached '.headers["x-forwarded-for"] | contains("192.0.2.1") | not' || return 1
    # by http, where there are no sessions
    status_is 200 "$door/reports/sales" "${forged[@]}" || return 1
    reached '.headers | has("authorization") or has("cookie") | not'
}

a_session_gives_its_token() {
    local good=(-H 'Cookie: a=b; __Host-door=good')
    at_tls 200 /reports/sales "${good[@]}" -H 'Accept: text/html' || return 1
    reached '.headers.authorization == "Bearer of-the-session" and (.headers | has("cookie") | not)' || return 1
    has "$work/head" '^cache-control: private, no-store' || return 1
    at_tls 200 /orders/1 "${good[@]}" -H 'Accept: text/event-stream' -H 'Authorization;' || return 1
    reached '.headers.authorization == "Bearer of-the-session"'
}

a_page_without_one_is_sent_to_sign_in() {
    at_tls 302 /reports/sales -H 'Accept: text/html' || return 1
    at_tls 302 /mail -H 'Accept: text/html' -H 'Cookie: __Host-door=bad' || return 1
    at_tls 200 / -H 'Accept: text/html' || return 1
    at_tls 401 /orders/1 -H 'Cookie: __Host-door=bad' || return 1
    status_is 302 "$door/mail?a=b" -H 'Accept: text/html' || return 1
    has "$work/head" "^location: https://127.0.0.1:8443/mail?a=b"
}

# write ORIGIN TOKEN: a page's write arrives with this token, or none.
write() {
    at_tls 200 /orders -X POST -d '{}' -H 'Cookie: __Host-door=good' ${1:+-H "Origin: $1"} || return 1
    reached ".headers.authorization == $2 and (.headers | has(\"cookie\") | not)"
}

only_pages_of_the_door_write() {
    write https://localhost:8443 '"Bearer of-the-session"' || return 1
    local origin
    for origin in '' null http://localhost:8443 https://localhost http://localhost:8080 http://localhost:5050 \
        https://localhost:8443.example.com https://example.com https://localhost:84430; do
        write "$origin" null || return 1
    done
}

large_bodies_stay_out() {
    status_is 413 "$door/orders" -H 'Content-Type: application/json' --data-binary "@$work/large"
}

# One client has 256 requests under way, and no more; the next one is answered again.
a_client_has_its_share() {
    local refused
    refused=$(curl -sZ --parallel-immediate --parallel-max 300 -o /dev/null -m 20 -w '%{http_code}\n' -H 'X-Test-Hang: 1' \
        "$door/reports/sales?[1-300]" | grep -c 429)
    echo "$refused of 300 were refused"
    ((refused >= 40 && refused <= 60)) && status_is 200 "$door/reports/sales"
}

other_hosts_go_by_https() {
    status_is 301 "$door/orders" -H 'Host: shop.example.com' &&
        has "$work/head" '^location: https://shop.example.com:8443/orders' || return 1
    # on this machine https is not made the rule, for other ports' sake; elsewhere it is
    at_tls 200 / && ! grep -qi strict-transport-security "$work/head" || return 1
    DOOR_HOST=shop.example.com rules_up || return 1
    at_tls 200 / && has "$work/head" '^strict-transport-security: max-age=31536000' || return 1
    status_is 200 "$door/" && ! grep -qi strict-transport-security "$work/head"
}

rules() {
    check 'the door alone comes up, with certificates' rules_up
    check 'reads and commands with a key are sent again' what_is_harmless_is_sent_again
    check 'commands without a key are sent once' what_has_no_key_is_sent_once
    check 'what was not sent is sent elsewhere' what_was_not_sent_is_sent_elsewhere
    check 'no client names a caller, and no cookie reaches a service' nobody_names_a_caller
    check 'a session gives its token' a_session_gives_its_token
    check 'a page without a session is sent to sign in' a_page_without_one_is_sent_to_sign_in
    check 'only pages of the door write with a session' only_pages_of_the_door_write
    check 'large bodies stay out' large_bodies_stay_out
    check 'a client has its share of requests at once' a_client_has_its_share
    check 'TLS is 1.2 and newer, with forward secrecy, for the name' tls_is_good "$work/edge.pem"
    check 'other hosts go by https' other_hosts_go_by_https
    check 'and down' rules_down
}
