# shellcheck shell=bash
# e2e.sh - what end-to-end tests share: a service as a process, and requests to it. Sourced by them.
#
#   source tests/support/e2e.sh NAME       the service build/bin/NAME
#
# The test defines functions, and calls run_tests with their names. A request's answer is kept for
# the expect_ functions; one that is not met ends the test, with both sides.

program=${BUILD:-build}/bin/${1:?is the name of the service}
work=$(mktemp -d)
service='' base='' position=''

# ---- the service ----

# start [NAME=VALUE]...: starts the service on a free port, and waits until it is ready.
start() {
    local port='' deadline=$((SECONDS + 30))
    : >"$work/log"
    env PORT=0 CAIRN_LOG_LEVEL=info "$@" "$program" >>"$work/log" 2>&1 &
    service=$!
    until [[ $port ]] && curl -sf -o "$work/ready" --noproxy '*' -m 2 "$base/readyz"; do
        if ! kill -0 "$service" 2>/dev/null || ((SECONDS > deadline)); then
            printf '%s did not become ready; its log:\n' "$program"
            cat "$work/log"
            exit 1
        fi
        port=$(sed -n 's/.*"listening".*"port":\([0-9]*\).*/\1/p' "$work/log")
        base=http://127.0.0.1:$port
        sleep 0.02
    done
}

stop() {
    [[ $service ]] || return 0
    kill -TERM "$service" 2>/dev/null || true
    wait "$service" || fail "$program ended with $? after SIGTERM"
    service=''
}

restart() {
    stop
    start "$@"
}

# ---- requests ----

# request METHOD PATH [JSON]: what is read shows at least the last command that was answered.
request() {
    local headers=()
    [[ ! ${3:-} ]] || headers+=(-H 'Content-Type: application/json' --data-raw "$3")
    [[ ! $position ]] || headers+=(-H "Cairn-Position: $position" -H 'Prefer: wait=10')
    asked="$1 $2"
    status=$(curl -sS --noproxy '*' -m 30 -X "$1" -o "$work/body" -D "$work/headers" \
        -w '%{http_code}' "${headers[@]}" "$base$2") || fail "$asked was not answered"
    [[ $1 == GET || $status != 2* ]] || position=$(header Cairn-Position)
}

header() {
    sed -n "s/^$1: \(.*\)\r\$/\1/Ip" "$work/headers"
}

expect_status() {
    [[ $status == "$1" ]] || fail "$asked: status $status, expected $1: $(<"$work/body")"
}

expect_body() {
    grep -qF -- "$1" "$work/body" || fail "$asked: expected $1 in: $(<"$work/body")"
}

# follow_until PATH TEXT: waits until the row has the text, for at most 30 seconds.
follow_until() {
    curl -sN --noproxy '*' -m 30 -H 'Accept: text/event-stream' -H "Cairn-Position: $position" \
        -H 'Prefer: wait=10' "$base$1" >"$work/stream" 2>&1 &
    local reader=$! deadline=$((SECONDS + 30))
    until grep -qF -- "$2" "$work/stream"; do
        if ((SECONDS > deadline)); then
            fail "$1: expected $2 within 30 s in: $(<"$work/stream")"
        fi
        sleep 0.02
    done
    kill "$reader" 2>/dev/null || true
    wait "$reader" 2>/dev/null || true
}

# ---- tests ----

fail() {
    printf '    %s\n' "$*"
    exit 1
}

clean_up() {
    [[ ! $service ]] || kill -KILL "$service" 2>/dev/null || true
    rm -rf "$work"
}

# Runs each function as a test. Ends with 1 if one failed.
run_tests() {
    local test failed=0
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    make -s migrate >"$work/migrate" || exit 1
    for test; do
        if (trap clean_test EXIT && start && "$test" && stop); then
            printf 'ok      %s\n' "$test"
        else
            printf 'FAILED  %s\n' "$test"
            failed=1
        fi
    done
    exit "$failed"
}

clean_test() {
    [[ ! $service ]] || kill -KILL "$service" 2>/dev/null || true
}
