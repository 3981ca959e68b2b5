# shellcheck shell=bash
# identity.sh - the identity provider of the native run: deploy/identity, on node, with the packages
# that npm fetches once into the build directory. Sourced by lib.sh, never run.
#
#   identity/keys.json     its private keys           identity/secrets/NAME   the secret of a service

: "${run_dir:?is set by the script that sources lib.sh}"

identity_audience=shop
identity_source=$(cd "${BASH_SOURCE[0]%/*}/../identity" && pwd)

# Says why there can be no provider here; fails if there can be one.
identity_lacks() {
    local program
    for program in node npm; do
        command -v "$program" >/dev/null && continue
        printf '%s is not installed (in Debian: nodejs, npm)\n' "$program"
        return 0
    done
    return 1
}

# identity_prepare BUILD: fetches the packages, unless they are there. Prints where the program is. One
# at a time: several runs may share a build directory.
identity_prepare() {
    local place=$1/identity lock said
    mkdir -p "$place"
    exec {lock}>"$place/lock"
    flock -w 300 "$lock" || fail "$place is still locked after 300 s"
    cp "$identity_source"/{*.mjs,Dockerfile} "$place"
    if ! cmp -s "$identity_source/package.json" "$place/package.json" || [[ ! -d $place/node_modules ]]; then
        cp "$identity_source/package.json" "$place/package.json"
        said=$(cd "$place" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund 2>&1) || {
            rm -f "$place/package.json"
            printf '%s\n' "$said" >&2
            return 1
        }
    fi
    exec {lock}>&-
    printf '%s\n' "$place"
}

# identity_start PLACE PORT CONSOLE SHOP: the last are the ports of the console and of the shop's pages
identity_start() {
    mkdir -p "$run_dir/identity"
    CAIRN_AUTH_AUDIENCE=$identity_audience CAIRN_IDENTITY_CONSOLE=http://localhost:$3,http://127.0.0.1:$3 \
        CAIRN_IDENTITY_SHOP=http://localhost:$4 daemon identity "$2" node "$1/server.mjs" "$run_dir/identity" "$2"
    wait_until 30 identity_answers_or_left "$2"
    if ! identity_answers "$2"; then
        log_tail identity
        fail "identity does not answer at port $2: its log ends as above"
    fi
}

identity_answers() {
    [[ $(curl -s -o /dev/null -m 2 --noproxy '*' -w '%{http_code}' \
        "http://127.0.0.1:$1/.well-known/openid-configuration") == 200 ]]
}

identity_answers_or_left() {
    identity_answers "$1" || not runs identity
}
