# shellcheck shell=bash disable=SC2154
# server.sh - the private PostgreSQL that benchmarks run on. Sourced, with $root set, by the scripts
# that run them.
#
# It lives in a fresh directory on a disk, which `bench_open` makes and `bench_close` removes with
# all that runs there. It is durable as in production and has the same settings for everybody. Each
# measurement starts on a database of its own: a copy of a template, so that all start with the same
# amount of data, and the log of changes written out.
#
#   BENCH_DIR=/var/tmp   where the directory is made: a disk, no memory

run_dir=$(mktemp -d "${BENCH_DIR:-/var/tmp}/cairn-bench.XXXXXX")
run_dir=$(realpath "$run_dir")
# shellcheck source=deploy/native/lib.sh
source "$root/deploy/native/lib.sh"

# pids of load programs that run beside this script, and names of services that `daemon` started
loads=()
services=()

postgres_settings() {
    cat <<'CONF'
listen_addresses = ''
max_connections = 600
shared_buffers = 256MB
max_wal_size = 8GB
checkpoint_timeout = 30min
wal_sync_method = fdatasync
fsync = on
synchronous_commit = on
full_page_writes = on
autovacuum = on
timezone = 'UTC'
log_timezone = 'UTC'
CONF
}
shown_settings="'server_version','shared_buffers','max_wal_size','checkpoint_timeout',
    'wal_sync_method','fsync','synchronous_commit','full_page_writes','autovacuum','data_checksums',
    'max_connections'"

bench_open() {
    trap bench_close EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    umask 077
    chmod 711 "$run_dir"
    mkdir "$run_dir/log" "$run_dir/pid"
    case $(stat -f -c %T "$run_dir") in
    tmpfs | ramfs) fail "$run_dir is in memory: set BENCH_DIR to a directory on a disk" ;;
    esac
    # The machine does not crash while the cluster is made: that need not wait for the disk.
    # shellcheck disable=SC2034
    initdb_options=(--no-sync)
}

bench_close() {
    trap '' INT TERM HUP
    local name
    ((${#loads[@]} == 0)) || kill "${loads[@]}" 2>/dev/null || true
    for name in "${services[@]}"; do
        (process_signal "$name" KILL && process_end "$name" 10) || true
    done
    (postgres_stop QUIT) || true
    postgres_remove
    rm -rf "${run_dir:?}"
}

# ---- the server ----

# server_start DISK: plain, or slow, where every flush of the log takes 2 ms longer.
server_start() {
    (postgres_stop INT)
    if [[ $1 == slow ]]; then
        install -m 644 "$build/bench/append/slow_disk.so" "$run_dir/slow_disk.so"
        LD_PRELOAD=$run_dir/slow_disk.so postgres_start
        as_postgres grep -q slow_disk.so "/proc/$(postgres_pid)/maps" ||
            fail "PostgreSQL runs without slow_disk.so: its disk is as fast as ever"
    else
        postgres_start
    fi
}

# The same, as one JSON object.
server_settings() {
    sql postgres <<SQL
select json_object_agg(name, current_setting(name) order by name)
    from pg_settings where name in ($shown_settings)
SQL
}

machine() {
    jq -cn --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        --arg cores "$(nproc)" --arg kernel "$(uname -sr)" \
        --arg disk "$(stat -f -c %T "$run_dir")" --arg load "$(cut -d ' ' -f 1 /proc/loadavg)" \
        '{cpu: $cpu, cores: $cores, kernel: $kernel, disk: $disk, load_before: $load}'
}

# ---- databases ----

# sql DATABASE [OPTION...]: standard input, run by the superuser.
sql() {
    local database=$1
    shift
    "$(postgres_client psql)" -X -q -A -t -v ON_ERROR_STOP=1 "$@" -d "$(postgres_url "$database" postgres)"
}

# database_copy TEMPLATE NAME: a new database, whatever was there under the name. What was written
# before is on disk then, so that nobody pays for somebody else's checkpoint.
database_copy() {
    sql postgres <<SQL
set client_min_messages = warning;
drop database if exists $2 (force);
create database $2 template $1 strategy file_copy;
checkpoint;
SQL
}
