# shellcheck shell=bash disable=SC2154
# contestants.sh - who is measured by bench/append: for each, how its template is prepared, one
# measurement, and how many events it should have left behind. Sourced by run and growth.
#
# A measurement works on database `bench`, a fresh copy of the template, and prints one JSON object:
# acknowledged, rate, and where there are latencies p50_us, p99_us, p999_us.

streams=4096
copy_rows=100000

# What every event says, 200 bytes, and how it came about, as Cairn's services write it.
data='{"account_id":"0193b6a2-7c41-7d05-9a4e-5f0c2b7e8d11","amount":{"minor":129900,"currency":"EUR"},'
data+='"reference":"invoice 2026-104477, thank you","booked_on":"2026-11-21","channel":"transfer","batch":1047}'
meta='{"correlation_id":"0193b6a2-7c41-7d05-9a4e-5f0c2b7e8d12",'
meta+='"causation_id":"0193b6a2-7c41-7d05-9a4e-5f0c2b7e8d12","service":"account","traceparent":null}'

# ---- Cairn ----

prepare_cairn() {
    postgres_database cairn_template "$build/bin/cairn"
    cairn_fill cairn_template "$streams" "$streams" "$streams"
}

# cairn_fill DATABASE EVENTS STREAMS COMMANDS
cairn_fill() {
    sql "$1" -v events="$2" -v streams="$3" -v commands="$4" -v data="$data" -v meta="$meta" \
        -f "$here/fill.sql"
}

measure_cairn() {
    "$build/bench/append/cairn_append" --appenders "$1" --warm-ms $((warm * 1000)) \
        --run-ms $((seconds * 1000)) --streams "$streams" --data "$data" --meta "$meta" \
        "$(postgres_url bench cairn_writer)"
}

# Every event that was there has a command, and so has every one that was acknowledged.
verify_cairn() {
    cairn_verify bench $((streams + $1)) $((streams + $1))
}

# cairn_verify DATABASE EVENTS COMMANDS
cairn_verify() {
    local found
    found=$(sql "$1" -v events="$2" -v commands="$3" -f "$here/verify.sql")
    [[ $found == right ]] || fail "the log is wrong: $found"
}

# ---- Message DB ----

prepare_message_db() {
    message_db_install message_db_template 1
}

measure_message_db() {
    pgbench_run message_db "$1" -D categories=1
}

verify_message_db() {
    verify_rows message_store.messages $((streams + $1))
}

# The same on streams of 64 categories, each of which has a lock and an order of its own.
prepare_message_db_64() {
    message_db_install message_db_64_template 64
}

measure_message_db_64() {
    pgbench_run message_db "$1" -D categories=64
}

verify_message_db_64() {
    verify_message_db "$1"
}

# message_db_install DATABASE CATEGORIES: as its own script does it, then one message on each stream.
message_db_install() {
    PATH="$postgres_bin:$PATH" PGHOST=$(postgres_path socket) PGUSER=postgres DATABASE_NAME=$1 \
        "$build/bench/node/node_modules/@eventide/message-db/database/install.sh" \
        >"$run_dir/log/message_db.log" 2>&1 || {
        log_tail message_db
        fail "Message DB could not be installed: its output ends as above"
    }
    sql "$1" -v categories="$2" -v streams="$streams" -v data="$data" -v meta="$meta" >/dev/null <<'SQL'
set search_path to message_store, public;
select write_message(gen_random_uuid()::text, 'account' || n % :categories ||
        '-00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), 'AmountCredited', :'data', :'meta', -1)
    from generate_series(0, :streams - 1) as n;
vacuum (analyze) messages;
SQL
}

# ---- Emmett ----

prepare_emmett() {
    sql postgres <<<'create database emmett_template'
    install -m 644 "$here/emmett.mjs" "$build/bench/node/emmett.mjs"
    emmett prepare emmett_template >/dev/null
    sql emmett_template <<<'vacuum (analyze)'
}

measure_emmett() {
    emmett run bench "$1" "$warm" "$seconds"
}

verify_emmett() {
    verify_rows emt_messages $((streams + $1))
}

# emmett MODE DATABASE [ARGUMENT...]
emmett() {
    local mode=$1 database=$2
    shift 2
    BENCH_DATA=$data BENCH_META=$meta node "$build/bench/node/emmett.mjs" "$mode" \
        "$(postgres_path socket)" "$database" "$@"
}

# ---- the limits: single rows, and all at once, into a table like Cairn's ----

prepare_insert() {
    sql postgres <<<'create database insert_template template cairn_template'
    sql insert_template -v events="$streams" -v streams="$streams" -v data="$data" -v meta="$meta" \
        -f "$here/limits.sql"
}

measure_insert() {
    pgbench_run insert "$1"
}

verify_insert() {
    verify_rows bench.events $((streams + $1))
}

prepare_copy() {
    sql postgres <<<'create database copy_template template insert_template'
    sql copy_template -v data="$data" -v meta="$meta" <<SQL
\\copy (select shard, $streams + row_number() over (order by k, hashtext(stream || k)), stream, version + 1 + k, type, schema_version, gen_random_uuid(), data, meta, now() from bench.events, generate_series(0, $copy_rows / $streams) k order by 2 limit $copy_rows) to '$run_dir/rows' (format binary)
SQL
}

# One COPY, one transaction, on disk when it ends.
measure_copy() {
    local took_ms
    took_ms=$(sql bench <<SQL | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
\\timing on
\\copy bench.events from '$run_dir/rows' (format binary)
SQL
    )
    jq -cn --argjson rows "$copy_rows" --argjson ms "$took_ms" \
        '{acknowledged: $rows, rate: ($rows * 1000 / $ms)}'
}

verify_copy() {
    verify_rows bench.events $((streams + copy_rows))
}

# ---- shared ----

# pgbench_run NAME CLIENTS [OPTION...]: the script NAME.pgbench. pgbench counts its time from before
# its clients connect, which takes seconds for hundreds: they get more. Its log says when they began.
pgbench_run() {
    local script=$here/$1.pgbench clients=$2
    local most=$((warm + seconds + clients / 100))
    shift 2
    rm -f "$run_dir"/pgbench.*
    PGOPTIONS='-c search_path=message_store,public' "$postgres_bin/pgbench" -n -M prepared \
        -f "$script" -c "$clients" -j 2 -T "$most" -l --log-prefix="$run_dir/pgbench" \
        -D turn=-1 -D each=$((streams / clients)) -D data="$data" -D meta="$meta" "$@" \
        -h "$(postgres_path socket)" -U postgres bench >"$run_dir/log/pgbench.log" 2>&1 || {
        log_tail pgbench
        fail "pgbench failed: its output ends as above"
    }
    cat "$run_dir"/pgbench.* |
        jq -cnR --argjson warm "$warm" --argjson run "$seconds" -f "$here/pgbench.jq"
}

# verify_rows TABLE COUNT
verify_rows() {
    local found
    found=$(sql bench <<<"select count(*) from $1")
    [[ $found == "$2" ]] || fail "$1 has $found rows, not $2: what was measured did not happen"
}

# Message DB and Emmett are fetched once for a build.
fetch_packages() {
    command -v node >/dev/null && command -v npm >/dev/null || fail "node and npm are not installed: they fetch the stores" \
        "that Cairn is measured against (BENCH_ONLY='cairn insert copy' does without)"
    mkdir -p "$build/bench/node"
    cmp -s "$here/package.json" "$build/bench/node/package.json" &&
        [[ -d $build/bench/node/node_modules ]] && return
    install -m 644 "$here/package.json" "$build/bench/node/package.json"
    (cd "$build/bench/node" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund) \
        >"$run_dir/log/npm.log" 2>&1 || {
        rm -rf "$build/bench/node"
        log_tail npm
        fail "npm install failed: its output ends as above"
    }
}
