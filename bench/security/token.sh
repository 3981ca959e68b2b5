# shellcheck shell=bash disable=SC2154
# token.sh - a key of an issuer, and tokens of it, by openssl. Sourced, with $run_dir set.
#
# RS256 is what most providers sign with. A service verifies a token once and then remembers it, so
# the algorithm hardly matters to the rates.

issuer=https://issuer.example

base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# Makes the key, and $run_dir/keys.json, the set that services read.
issuer_make() {
    local modulus
    openssl genrsa -out "$run_dir/issuer.pem" 2048 2>/dev/null
    modulus=$(openssl rsa -in "$run_dir/issuer.pem" -noout -modulus | cut -d = -f 2 | xxd -r -p | base64url)
    jq -n --arg n "$modulus" \
        '{keys: [{kty: "RSA", kid: "bench", use: "sig", alg: "RS256", e: "AQAB", n: $n}]}' \
        >"$run_dir/keys.json"
}

# token SUBJECT ROLES: one that is good for a day.
token() {
    local head body now
    now=$(date +%s)
    head=$(printf '{"alg":"RS256","typ":"at+jwt","kid":"bench"}' | base64url)
    body=$(jq -cn --arg iss "$issuer" --arg sub "$1" --arg roles "$2" --argjson now "$now" \
        '{$iss, aud: "shop", $sub, iat: $now, exp: ($now + 86400), $roles}' | tr -d '\n' | base64url)
    printf '%s.%s.%s' "$head" "$body" \
        "$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign "$run_dir/issuer.pem" -binary | base64url)"
}
