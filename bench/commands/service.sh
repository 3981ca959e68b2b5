# shellcheck shell=bash disable=SC2154
# service.sh - the services that are measured, how they are loaded, and what that costs whom.
# Sourced by run and steady, with $build, $own (this directory), $users and server.sh there.
#
# One service runs at a time, alone: no projector, no query service. It has its defaults, its log
# goes to a file as it would anywhere, and PostgreSQL lets it in as cairn_writer.

# How many connections h2load spreads an open load over.
open_connections=256

# ---- databases ----

prepare_commands() {
    postgres_database commands_template "$build/bin/cairn"
    sql commands_template -v users="$users" -f "$own/users.sql"
}

# commands_verify LEAST MOST: how many events there are besides the users.
commands_verify() {
    local found
    found=$(sql bench -v least=$((users + $1)) -v most=$((users + $2)) -f "$own/verify.sql")
    [[ $found == right ]] || fail "the log is wrong: $found"
}

# ---- processes ----

# service_start NAME [VARIABLE=VALUE...]: sets `service` and `port`.
service_start() {
    service=$1
    port=$(free_port)
    shift
    rm -f "$run_dir/log/$service.log"
    DATABASE_URL=$(postgres_url bench cairn_writer) REDIS_URL='' PORT=$port \
        daemon "$service" "$port" env "$@" "$(service_binary)"
    wait_until 30 service_is_ready || {
        log_tail "$service"
        fail "$service is not ready after 30 s: its log ends as above"
    }
}

# Orders are measured without the process that pays them.
service_binary() {
    if [[ $service == order ]]; then
        printf '%s\n' "$build/bench/commands/order"
    else
        printf '%s\n' "$build/bin/cairn-$service"
    fi
}

service_is_ready() {
    [[ $(curl -s -o /dev/null -m 2 --noproxy '*' -w '%{http_code}' \
        "http://127.0.0.1:$port/readyz") == 200 ]]
}

service_stop() {
    process_signal "$service" TERM
    process_end "$service" 30
}

# Sets `port`. It ends when descriptor `bare` is closed.
bare_start() {
    exec {bare}> >("$build/bench/commands/bare" >"$run_dir/bare.port")
    bare_pid=$!
    wait_until 10 test -s "$run_dir/bare.port" || fail "the bare server did not start"
    port=$(<"$run_dir/bare.port")
}

bare_stop() {
    exec {bare}>&-
    wait "$bare_pid"
    rm -f "$run_dir/bare.port"
}

# ---- what it costs ----

# cpu_of PID...: ticks in user and in system mode, of those that live and of their children that
# have ended.
cpu_of() {
    local pid files=()
    for pid; do
        files+=("/proc/$pid/stat")
    done
    cat "${files[@]}" 2>/dev/null |
        awk '{ sub(/.*\) /, ""); own += $12 + $14; kernel += $13 + $15 } END { print own + 0, kernel + 0 }'
}

resident_kb() {
    awk '/^VmRSS:/ { print $2 }' "/proc/$(pid_of "$service")/status"
}

# cpu_begin [PID]: of the server that is measured, if there is one, and of PostgreSQL.
cpu_begin() {
    local pids
    mapfile -t pids < <(postgres_processes "$run_dir/postgres/data")
    postgres_pids=("${pids[@]}")
    server_pid=${1:-}
    server_cpu=$(cpu_of ${server_pid:+"$server_pid"})
    postgres_cpu=$(cpu_of "${postgres_pids[@]}")
}

# cpu_end LOAD REQUESTS: microseconds a request as JSON. LOAD is a file with the seconds that the
# load took in user and in system mode.
cpu_end() {
    jq -cn --arg server "$server_cpu $(cpu_of ${server_pid:+"$server_pid"})" \
        --arg postgres "$postgres_cpu $(cpu_of "${postgres_pids[@]}")" --arg load "$(<"$1")" \
        --argjson requests "$2" --argjson tick "$(getconf CLK_TCK)" '
        def words: split(" ") | map(tonumber);
        def each($unit): {user: (.[0] * $unit / $requests), system: (.[1] * $unit / $requests)};
        def grown: words | [.[2] - .[0], .[3] - .[1]] | each(1000000 / $tick);
        {server: ($server | grown), postgres: ($postgres | grown), load: ($load | words | each(1000000))}'
}

# timed FILE COMMAND...: writes the seconds of processor time to the file, of the command alone.
timed() {
    local file=$1 TIMEFORMAT='%3U %3S'
    shift
    { time "$@" 2>"$run_dir/log/load.log" >"$run_dir/load.out"; } 2>"$file" || {
        log_tail load
        fail "the load failed: its messages end as above"
    }
}

# ---- load ----

# closed_load SCENARIO CONNECTIONS SECONDS USERS: as many requests at once as there are connections,
# each followed by the next. Prints what load.lua prints; the time it took stands in $run_dir/load.cpu.
closed_load() {
    timed "$run_dir/load.cpu" wrk -t1 -c"$2" -d"$3s" --timeout 10s -s "$own/load.lua" \
        "http://127.0.0.1:$port" -- "$1" "$4" "$RANDOM.$RANDOM"
    tail -n 1 "$run_dir/load.out"
}

# measure_closed SCENARIO CONNECTIONS USERS PID: warms up, measures, and says what it cost. PID may
# be empty.
measure_closed() {
    local warmed measured
    warmed=$(closed_load "$1" "$2" "$warm" "$3")
    cpu_begin "$4"
    measured=$(closed_load "$1" "$2" "$seconds" "$3")
    cpu=$(cpu_end "$run_dir/load.cpu" "$(jq .requests <<<"$measured")")
    jq -cn --argjson warmed "$warmed" --argjson measured "$measured" --argjson cpu "$cpu" '
        if $warmed.failed + $measured.failed > 0
        then error("\($warmed.failed + $measured.failed) requests failed") else . end
        | {acknowledged: ($warmed.requests + $measured.requests),
           rate: ($measured.requests / $measured.seconds)}
          + ($measured | {p50_us, p99_us, p999_us}) + {cpu_us: $cpu}'
}

# The body that h2load sends, always the same.
write_order() {
    printf '{"user_id":"00000000-0000-4000-8000-000000000001","currency":"EUR","lines":[%s,%s]}' \
        '{"sku":"tea-100","quantity":2,"unit_price":450}' \
        '{"sku":"pot-1","quantity":1,"unit_price":2900}' >"$run_dir/order.json"
}

# orders_by_h2load CONNECTIONS COUNT [OPTION...]
orders_by_h2load() {
    local connections=$1 count=$2
    shift 2
    write_order
    rm -f "$run_dir/h2load.log"
    timed "$run_dir/load.cpu" h2load --h1 -t1 -c"$connections" -n"$count" "$@" -d "$run_dir/order.json" \
        -H 'content-type: application/json' "http://127.0.0.1:$port/orders"
    grep -q ", $count succeeded, 0 failed, 0 errored, 0 timeout" "$run_dir/load.out" ||
        fail "requests failed: $(grep '^requests:' "$run_dir/load.out")"
}

# measure_open RATE: requests come at this rate, whether those before were answered or not. h2load
# gives each connection a clock of its own: they begin one after the other, so that what comes is
# spread evenly, and there are so many that hardly one is still busy when its next request is due.
measure_open() {
    local each=$1 count began
    count=$((each * (warm + seconds) / open_connections * open_connections))
    began=$(date +%s%6N)
    orders_by_h2load "$open_connections" "$count" --log-file="$run_dir/h2load.log" \
        --rps="$(awk -v rate="$each" -v of="$open_connections" 'BEGIN { print rate / of }')" \
        -r "$((each / 1000 > 0 ? each / 1000 : 1))" --rate-period=1ms
    jq -cnR --argjson from $((began + warm * 1000000)) --argjson offered "$each" -f "$own/h2load.jq" \
        "$run_dir/h2load.log" |
        jq -c --argjson offered "$each" '{acknowledged: .requests, offered: $offered} + del(.requests, .failed)'
}
