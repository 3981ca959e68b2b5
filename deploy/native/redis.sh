# shellcheck shell=bash disable=SC2154
# redis.sh - a Redis of our own in $run_dir/redis, on a free port of the loopback, with a password,
# written to disk. Part of lib.sh, which sources it.

# Prints a setting of its configuration, nothing if there is none.
redis_setting() {
    [[ ! -e $run_dir/redis/redis.conf ]] || sed -n "s/^$1 //p" "$run_dir/redis/redis.conf"
}

redis_url() {
    # With the name of the user, always this one: redis-cli 7.0 does not take ":PASSWORD@".
    printf 'redis://default:%s@127.0.0.1:%s/0\n' \
        "$(redis_setting requirepass)" "$(redis_setting port)"
}

# Keeps password and port, so that who knows its URL finds it again; takes another port only if
# somebody else has that one now.
redis_configure() {
    local port password
    port=$(redis_setting port)
    password=$(redis_setting requirepass)
    if [[ -z $port ]] || port_is_taken "$port"; then
        port=$(free_port)
    fi
    password=${password:-$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')}
    cat >"$run_dir/redis/new.conf" <<CONF
# The private Redis of Cairn: loopback only, with a password, durable.
bind 127.0.0.1
port $port
requirepass $password
databases 256
dir .
appendonly yes
save ""
CONF
    mv "$run_dir/redis/new.conf" "$run_dir/redis/redis.conf"
}

# Starts Redis and waits until it answers. Between choosing a port and taking it somebody else may
# be quicker: then another one is tried.
redis_start() {
    local attempt
    ! runs redis || return 0
    mkdir -p "$run_dir/redis"
    for attempt in 1 2 3; do
        redis_configure
        daemon redis "$(redis_setting port)" env -C "$run_dir/redis" redis-server redis.conf
        wait_until 60 redis_answers_or_left || break
        ! runs redis || return 0
    done
    log_tail redis
    fail "redis does not answer after $attempt starts"
}

redis_answers_or_left() {
    local answer
    answer=$(REDISCLI_AUTH=$(redis_setting requirepass) \
        redis-cli -h 127.0.0.1 -p "$(redis_setting port)" ping 2>/dev/null) || true
    [[ $answer == PONG ]] || ! runs redis
}

# redis_stop SIGNAL
redis_stop() {
    process_signal redis "$1"
    process_end redis 30
}
