# shellcheck shell=bash
# lib.sh - the private servers that `make up` and the tests run on, and the processes beside them:
# here processes, ports and the run directory; postgres.sh and redis.sh have the servers. Sourced
# by bash scripts, never run.
#
# All of it lives in one run directory, $run_dir, which the caller sets to an absolute path:
#
#   postgres/data     the cluster          postgres/socket   where it listens
#   redis/            its configuration and its append-only file
#   mailbox/mail      what customers would have got
#   acquirer/ledger   what the acquirer's stand-in has done
#   identity/         keys of the identity provider, and secrets of its clients
#   auth              whether the services that run authenticate: on or off
#   log/NAME.log      what each process says
#   pid/NAME          pid, start time, origin and port of each process that was started
#   lock              held while something starts or stops here; also marks the directory as ours
#
# A pid alone names nothing: after a crash or a reboot it may be somebody else's. Together with
# its start time and the boot it names one process for ever, and with the directory that says so it
# is ours and not that of a run directory which was copied: what we end is what we started.
# PostgreSQL is known more surely still: its processes are those that stand in its data directory.

: "${run_dir:?is set by the script that sources lib.sh}"

# The services of the native run: name, port (CAIRN_NAME_PORT moves it), database role; - for one
# that has no database. Each has a listener for operators besides, see admin_port_of.
# shellcheck disable=SC2034
native_services=(
    "user 8001 cairn_writer"
    "order 8002 cairn_writer"
    "payment 8003 cairn_writer"
    "notification 8004 cairn_consumer"
    "acquirer 8005 -"
    "query 8010 cairn_reader"
    "projector 8020 cairn_projector"
    "console 8060 cairn_owner"
    "log 8061 cairn_writer"
    "bff 8062 -"
)

# admin_port_of PORT: where a service that listens there has its operators' listener (CAIRN_ADMIN_PORT).
admin_port_of() {
    printf '%s\n' $(($1 + 100))
}

# Servers get what they are told here, not what the caller's shell happens to say about a database.
for variable in "${!PG@}"; do
    unset "$variable"
done
unset variable

# ---- messages ----

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The end of a process' log, indented, for the message that says it failed.
log_tail() {
    if [[ -s $run_dir/log/$1.log ]]; then
        printf '  the end of %s:\n' "$run_dir/log/$1.log"
        tail -n 15 "$run_dir/log/$1.log" | sed 's/^/  | /'
    fi >&2
}

# ---- waiting ----

# wait_until SECONDS COMMAND...: asks until the command succeeds; fails when the time is over.
wait_until() {
    local deadline=$((SECONDS + $1 + 1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.02
    done
}

not() {
    ! "$@"
}

# ---- processes ----

# Prints when a process started, in ticks since boot; fails if there is none or it is a zombie.
process_start() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The command's name, in parentheses, may hold anything: fields are counted from its end.
    read -ra fields <<<"${line##*) }"
    [[ ${fields[0]} != [ZX] ]] || return 1
    printf '%s\n' "${fields[19]}"
}

process_lives() {
    process_start "$1" >/dev/null
}

# process_is PID START: whether that very process lives.
process_is() {
    [[ $(process_start "$1") == "$2" ]]
}

# Names this boot of the machine and this run directory, wherever it is moved to.
origin() {
    local boot=unknown
    { read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null || true
    printf '%s/%s\n' "$boot" "$(stat -c %i "$run_dir/pid")"
}

# pid_write NAME PID [PORT]
pid_write() {
    local start file=$run_dir/pid/.$1.$BASHPID
    start=$(process_start "$2") || return 1
    printf '%s %s %s %s\n' "$2" "$start" "$(origin)" "${3:--}" >"$file"
    mv "$file" "$run_dir/pid/$1"
}

# Prints pid and port of the process that was started under a name; fails if it does not live.
pid_read() {
    local pid start where port
    { read -r pid start where port <"$run_dir/pid/$1"; } 2>/dev/null || return 1
    [[ $where == "$(origin)" ]] && process_is "$pid" "$start" || return 1
    printf '%s %s\n' "$pid" "$port"
}

pid_of() {
    local pid
    pid=$(pid_read "$1") || return 1
    printf '%s\n' "${pid% *}"
}

runs() {
    pid_read "$1" >/dev/null
}

# Keeps standard input, output and errors, so that a server holds nobody's lock or pipe open.
close_files() {
    local fd
    for fd in "/proc/$BASHPID/fd"/*; do
        fd=${fd##*/}
        ((fd <= 2)) || eval "exec $fd>&-"
    done
}

# daemon NAME PORT COMMAND...: starts a process in a session of its own. It writes its pid file
# before it becomes the command: whoever is interrupted here finds it again.
daemon() {
    local name=$1 port=$2 pid
    shift 2
    (
        pid_write "$name" "$BASHPID" "$port"
        close_files
        exec setsid "$@"
    ) </dev/null >>"$run_dir/log/$name.log" 2>&1 &
    pid=$!
    disown "$pid"
    wait_until 10 pid_is_written "$name" "$pid" ||
        fail "$name did not start: it wrote no pid file in 10 s"
}

pid_is_written() {
    local pid
    { read -r pid _ <"$run_dir/pid/$1"; } 2>/dev/null && [[ $pid == "$2" ]]
}

# process_signal NAME SIGNAL: to the process that was started under the name, if it lives.
process_signal() {
    local pid
    pid=$(pid_of "$1") || return 0
    kill "-$2" "$pid" 2>/dev/null || not runs "$1" ||
        fail "$1 (pid $pid) cannot be signalled: it belongs to $(stat -c %U "/proc/$pid")"
}

# process_end NAME SECONDS: waits until it has left, ends it when the time is over.
process_end() {
    if ! wait_until "$2" not runs "$1"; then
        process_signal "$1" KILL
        wait_until 10 not runs "$1" || fail "$1 (pid $(pid_of "$1")) does not end, even killed"
    fi
    rm -f "$run_dir/pid/$1"
}

# ---- ports ----

# Prints the inodes of the sockets at a local TCP port, those that listen or (any) all. Not with
# bash's read: on these files it costs the square of the connections that the machine has.
port_sockets() {
    local tail
    printf -v tail ':%04X' "$1"
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v tail="$tail" -v any="${2:-}" \
        'substr($2, length($2) - 4) == tail && ($4 == "0A" || any) { print $10 }' || true
}

port_is_taken() {
    [[ -n $(port_sockets "$1" "${2:-}") ]]
}

# Says who listens at a port: pid and command, as far as we may see it.
port_holder() {
    local inode path pid
    for inode in $(port_sockets "$1"); do
        path=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" -print -quit 2>/dev/null) || true
        [[ $path ]] || continue
        pid=${path#/proc/}
        pid=${pid%%/*}
        printf 'pid %s (%s)\n' "$pid" \
            "$(tr '\0\n' '  ' <"/proc/$pid/cmdline" | cut -c -80 | sed 's/ *$//')"
        return
    done
    printf 'a process that only its owner or root can see\n'
}

# Prints a port that nobody uses, below those that the kernel gives to outgoing connections.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 12000))
        if ! port_is_taken "$port" any; then
            printf '%s\n' "$port"
            return
        fi
    done
    fail "no free port between 20000 and 31999"
}

# ---- the run directory ----

# run_directory_open: makes it, if need be, and takes its lock until the script ends. The lock is
# the file that the name means when we have it: `down --clean` may have removed the one we opened.
run_directory_open() {
    if [[ -d $run_dir && ! -e $run_dir/lock && $(ls -A "$run_dir") ]]; then
        fail "$run_dir holds other files: empty it, or set CAIRN_RUN_DIR to a directory of its own"
    fi
    while :; do
        (umask 022 && mkdir -p "$run_dir") ||
            fail "$run_dir cannot be made: set CAIRN_RUN_DIR to another directory"
        [[ -O $run_dir ]] || fail "$run_dir belongs to $(stat -c %U "$run_dir"):" \
            "run this as that user, or set CAIRN_RUN_DIR to another directory"
        run_directory_lock
        [[ $run_dir/lock -ef /proc/$BASHPID/fd/$lock ]] && break
    done
    mkdir -p "$run_dir/log" "$run_dir/pid"
    # The user whom PostgreSQL runs as must come through; what is inside has modes of its own.
    chmod 711 "$run_dir"
}

run_directory_lock() {
    exec {lock}>>"$run_dir/lock"
    flock -n "$lock" && return
    say "waiting for another up or down in $run_dir"
    flock -w 180 "$lock" || fail "$run_dir is still locked after 180 s:" \
        "the process that holds it hangs (fuser $run_dir/lock names it)"
}

# Removes what was made here, by name: nobody's own file goes with it.
run_directory_remove() {
    postgres_remove
    rm -rf "${run_dir:?}"/{redis,acquirer,mailbox,identity,auth,log,pid,env,lock}
    rmdir "$run_dir" 2>/dev/null || say "$run_dir stays: it holds files that are not ours"
}

# shellcheck source=deploy/native/postgres.sh
source "${BASH_SOURCE[0]%/*}/postgres.sh"
# shellcheck source=deploy/native/redis.sh
source "${BASH_SOURCE[0]%/*}/redis.sh"
# shellcheck source=deploy/native/identity.sh
source "${BASH_SOURCE[0]%/*}/identity.sh"
