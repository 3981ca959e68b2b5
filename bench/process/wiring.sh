# shellcheck shell=bash disable=SC2154
# wiring.sh - starts the services that an order passes through, and the mail server and the reader of the
# bus behind them. Sourced, after server.sh, by run and burst, with $build and $run_dir there.

first_port=${BENCH_PORT:-18500}
user_port=$first_port order_port=$((first_port + 1)) payment_port=$((first_port + 2))
acquirer_port=$((first_port + 3)) projector_port=$((first_port + 4))
notification_port=$((first_port + 5)) mailbox_port=$((first_port + 6))

# ---- the services ----

close_all() {
    (redis_stop KILL) || true
    bench_close
}

# start NAME PORT BINARY [REDIS_URL]
start() {
    CAIRN_USER_URL=http://127.0.0.1:$user_port CAIRN_ORDER_URL=http://127.0.0.1:$order_port \
        CAIRN_PAYMENT_URL=http://127.0.0.1:$payment_port \
        CAIRN_ACQUIRER_URL=http://127.0.0.1:$acquirer_port CAIRN_ACQUIRER_LEDGER=$run_dir/ledger \
        DATABASE_URL=$(postgres_url bench cairn_owner) REDIS_URL=${4:-} PORT=$2 CAIRN_LOG_LEVEL=warn \
        CAIRN_SMTP_URL=smtp://127.0.0.1:$mailbox_port \
        "$build/bin/cairn-$3" 2>>"$run_dir/log/$1" &
    loads+=($!)
    wait_until 30 is_ready "$2" || {
        tail -n 5 "$run_dir/log/$1" >&2
        fail "$1 does not start on port $2"
    }
}

is_ready() {
    [[ $(curl -s -o /dev/null -m 2 --noproxy '*' -w '%{http_code}' "http://127.0.0.1:$1/readyz") == 200 ]]
}

start_wiring() {
    rm -f "$run_dir/ledger"
    start acquirer "$acquirer_port" acquirer
    start_bus
    if [[ $1 == monolith ]]; then
        user_port=$first_port order_port=$first_port payment_port=$first_port
        start monolith "$first_port" monolith "$(redis_url)"
    else
        user_port=$first_port order_port=$((first_port + 1)) payment_port=$((first_port + 2))
        start user "$user_port" user
        start order "$order_port" order
        start payment "$payment_port" payment
        start projector "$projector_port" projector "$(redis_url)"
        start notification "$notification_port" notification "$(redis_url)"
    fi
}

# Behind the log: an empty Redis, a mail server, and a reader of the bus who notes when OrderPaid can
# be read.
start_bus() {
    REDISCLI_AUTH=$(redis_setting requirepass) redis-cli -h 127.0.0.1 -p "$(redis_setting port)" \
        flushall >/dev/null 2>&1
    rm -f "$run_dir/mail" "$run_dir/bus_times"
    "$build/bin/cairn-mailbox" "$mailbox_port" "$run_dir/mail" 2>>"$run_dir/log/mailbox" &
    loads+=($!)
    "$build/bench/process/bus_times" "$(redis_url)" cairn:bus:order:1 OrderPaid \
        >"$run_dir/bus_times" 2>>"$run_dir/log/bus_times" &
    loads+=($!)
}

stop_wiring() {
    ((${#loads[@]} > 0)) || return 0
    kill "${loads[@]}" || true
    wait "${loads[@]}" || true
    loads=()
}
