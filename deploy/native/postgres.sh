# shellcheck shell=bash disable=SC2154
# postgres.sh - a PostgreSQL of our own in $run_dir/postgres. Part of lib.sh, which sources it.
#
# It listens on a Unix socket only and knows people by their user on this machine: the one that it
# runs as, and root, may be any of its roles, all others nobody. It is durable as in production.
#
#   CAIRN_POSTGRES_BIN   the directory of the programs initdb and postgres; the newest installed
#                        PostgreSQL if unset. psql and pg_isready may be another version's.

# Prints the installed directories of PostgreSQL's programs.
postgres_installed() {
    printf '%s\n' /usr/lib/postgresql/*/bin "$(pg_config --bindir 2>/dev/null || true)"
}

# postgres_major BIN: prints the major version of the server in that directory.
postgres_major() {
    local major
    major=$("$1/postgres" --version)
    major=${major#*) }
    printf '%s\n' "${major%%[!0-9]*}"
}

# Prints the directory of PostgreSQL's programs: the one in CAIRN_POSTGRES_BIN, or the newest that
# is 15 or newer. If a major version is given, it must be that one. Fails if there is none.
postgres_find() {
    local bin major best=0 found=
    while read -r bin; do
        [[ -x $bin/initdb && -x $bin/postgres ]] || continue
        [[ ${CAIRN_POSTGRES_BIN:-} || -x $bin/psql ]] || continue
        major=$(postgres_major "$bin")
        if ((major >= 15 && major > best)) && [[ ${1:-$major} == "$major" ]]; then
            best=$major
            found=$bin
        fi
    done < <(if [[ ${CAIRN_POSTGRES_BIN:-} ]]; then
        printf '%s\n' "$CAIRN_POSTGRES_BIN"
    else
        postgres_installed
    fi)
    printf '%s\n' "$found"
    [[ $found ]]
}

# postgres_client NAME: prints the path of a client program, the server's own or else another
# installed version's: clients talk to newer servers.
postgres_client() {
    local bin
    while read -r bin; do
        if [[ -x $bin/$1 ]]; then
            printf '%s\n' "$bin/$1"
            return
        fi
    done < <(printf '%s\n' "$postgres_bin" && postgres_installed | sort -rV 2>/dev/null)
    fail "$1 is neither in $postgres_bin nor installed: deploy/deps install"
}

# The user whom the cluster runs as: ourselves, but PostgreSQL refuses root.
postgres_user() {
    if [[ -d $run_dir/postgres/data ]]; then
        stat -L -c %U "$run_dir/postgres/data"
    elif ((EUID != 0)); then
        id -un
    elif id postgres >/dev/null 2>&1; then
        printf 'postgres\n'
    else
        id cairn >/dev/null 2>&1 ||
            useradd --system --no-create-home --shell /usr/sbin/nologin cairn >&2 ||
            fail "root may not run PostgreSQL and cannot make a user cairn: add a user postgres"
        printf 'cairn\n'
    fi
}

# as_postgres COMMAND...: runs it as that user.
as_postgres() {
    local prefix
    postgres_prefix
    (cd / && exec "${prefix[@]}" "$@")
}

# Sets `prefix` to what goes before a command that PostgreSQL's user shall run.
postgres_prefix() {
    local user
    prefix=()
    user=$(postgres_user)
    [[ $user != "$(id -un)" ]] || return 0
    if command -v setpriv >/dev/null; then
        prefix=(setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --)
    elif command -v runuser >/dev/null; then
        prefix=(runuser -u "$user" --)
    else
        # shellcheck disable=SC2016
        prefix=(su -s /bin/sh -c 'exec "$0" "$@"' -- "$user")
    fi
}

# Makes the directory that the cluster lives in. Where its user cannot come (a home of mode 0700,
# a mount that knows no owners) it is below /var/lib/cairn, and a symbolic link remembers it.
postgres_directory() {
    local user=$1 dir=$run_dir/postgres away
    if [[ -d $dir/data ]]; then
        [[ $user != root ]] || fail "$dir/data belongs to root, whom PostgreSQL refuses: give it" \
            "back to who made it (chown -R postgres: $dir), or remove it with make down CLEAN=1"
        return
    fi
    [[ ! -L $dir || -d $dir ]] || rm "$dir"
    mkdir -p "$dir"
    chown "$user:" "$dir" 2>/dev/null || true
    ! as_postgres test -w "$(readlink -f "$dir")" || return 0
    rm -rf "$dir"
    mkdir -p /var/lib/cairn
    chmod 711 /var/lib/cairn
    away=$(mktemp -d /var/lib/cairn/XXXXXX)
    chown "$user:" "$away"
    ln -s "$away" "$dir"
    as_postgres test -w "$away" || fail "user $user, whom PostgreSQL runs as, can reach neither" \
        "$run_dir nor $away: set CAIRN_RUN_DIR to a directory that it can reach"
    say "user $user cannot reach $run_dir: the cluster is in $away"
}

# Makes the directory of the socket. A socket's address has 107 bytes, and the path has to stand in
# a URL as it is: where it does not fit, one below /tmp does, remembered by a symbolic link.
postgres_socket_directory() {
    local place=$1 user=$2 dir=$1/socket
    if [[ -L $dir && $(stat -L -c %U "$dir" 2>/dev/null) != "$user" ]]; then
        rm "$dir"
    fi
    if [[ ! -d $dir ]]; then
        if ((${#place} + ${#socket_name} > 100)) || [[ $place == *[!A-Za-z0-9/._-]* ]]; then
            ln -s "$(mktemp -d /tmp/cairn.XXXXXX)" "$dir"
        else
            mkdir "$dir"
        fi
    fi
    chown "$user:" "$dir"
}
socket_name=/socket/.s.PGSQL.5432

# The path as PostgreSQL's user can walk it, which may not be the way through $run_dir.
postgres_path() {
    readlink -f "$run_dir/postgres/$1"
}

# Makes the cluster, whole or not at all: it gets its name when it is complete.
postgres_init() {
    local place=$1 user=$2
    [[ ! -e $place/data ]] || return 0
    rm -rf "$place/new"
    as_postgres "$postgres_bin/initdb" -D "$place/new" --username=postgres --encoding=UTF8 \
        --locale=C.UTF-8 --data-checksums --auth-local=peer --auth-host=reject --no-instructions \
        "${initdb_options[@]}" >"$run_dir/log/initdb.log" 2>&1 </dev/null || {
        log_tail initdb
        fail "initdb failed: its output ends as above"
    }
    postgres_settings >>"$place/new/postgresql.conf"
    postgres_access >"$place/new/pg_hba.conf"
    postgres_people "$user" >"$place/new/pg_ident.conf"
    mv "$place/new" "$place/data"
}
initdb_options=()

postgres_settings() {
    cat <<'CONF'

# The private cluster of Cairn: durable, and reached by its Unix socket only.
listen_addresses = ''
max_connections = 400
shared_buffers = 256MB
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
CONF
}

postgres_access() {
    cat <<'CONF'
# Who comes over the Unix socket is who the kernel says; pg_ident.conf says which roles that is.
# type  database     user  method
local   all          all   peer map=cairn
local   replication  all   peer map=cairn
CONF
}

postgres_people() {
    local person role
    printf '# map    system user  role\n'
    for person in root "$1"; do
        for role in postgres cairn_owner cairn_writer cairn_projector cairn_reader cairn_consumer; do
            printf 'cairn    "%s"    %s\n' "$person" "$role"
        done
    done
}

# Prints the pids of all processes that stand in the data directory. Asked as PostgreSQL's user:
# even root may not be allowed to look at another user's processes, in a container.
postgres_processes() {
    [[ -d $run_dir/postgres/data ]] || return 0
    # shellcheck disable=SC2016
    as_postgres bash -c 'for p in /proc/[0-9]*; do
        [[ ! $p/cwd -ef $1 ]] || echo "${p#/proc/}"; done' _ "$(postgres_path data)"
}

postgres_has_left() {
    [[ -z $(postgres_processes) ]]
}

# Prints the pid of the cluster's first process; fails if it does not run.
postgres_pid() {
    local pid
    { read -r pid <"$run_dir/postgres/data/postmaster.pid"; } 2>/dev/null || return 1
    postgres_processes | grep -x -- "$pid"
}

# Waits until the one that runs answers: it may be recovering from the death of one of its own
# processes. Fails if it ends meanwhile.
postgres_recovers() {
    postgres_choose "$(postgres_path .)"
    wait_until 60 postgres_answers_or_left "$(postgres_path socket)" "$1" ||
        fail "PostgreSQL (pid $1) runs and does not answer: see $run_dir/log/postgres.log"
    process_lives "$1"
}

# Starts the cluster, made first if need be, and waits until it answers.
postgres_start() {
    local place user pid prefix
    if pid=$(postgres_pid) && postgres_recovers "$pid"; then
        pid_write postgres "$pid"
        return
    fi
    user=$(postgres_user)
    postgres_directory "$user"
    place=$(postgres_path .)
    postgres_choose "$place"
    postgres_socket_directory "$place" "$user"
    postgres_init "$place" "$user"
    postgres_clear "$place"
    postgres_launch "$place"
    pid_write postgres "$(postgres_pid)"
}

# Sets `postgres_bin`: the version that made the data, or the newest there is.
postgres_choose() {
    local major=
    [[ ! -e $1/data ]] || major=$(<"$1/data/PG_VERSION")
    if postgres_bin=$(postgres_find "$major"); then
        as_postgres test -x "$postgres_bin/postgres" || fail "user $(postgres_user), whom PostgreSQL" \
            "runs as, cannot reach $postgres_bin: set CAIRN_POSTGRES_BIN to a directory that it can reach"
        return
    fi
    [[ -z ${CAIRN_POSTGRES_BIN:-} ]] ||
        fail "CAIRN_POSTGRES_BIN=$CAIRN_POSTGRES_BIN has no PostgreSQL ${major:-15 or newer}"
    [[ -z $major ]] || fail "PostgreSQL $major, which made the data in $1, is not installed:" \
        "install it, or remove the data with make down CLEAN=1"
    fail "PostgreSQL 15 or newer is not installed: deploy/deps install, or see deploy/deps check"
}

# What a crash may have left: sessions on their way out, and a lock that names a pid which is
# somebody else's now, or a zombie's. PostgreSQL would take the latter for a server that runs.
postgres_clear() {
    local pid
    wait_until 30 postgres_has_left || fail "an earlier PostgreSQL still uses $1/data:" \
        "end these first: $(postgres_processes | tr '\n' ' ')"
    if { read -r pid <"$1/data/postmaster.pid"; } 2>/dev/null && [[ -e /proc/$pid ]]; then
        rm -f "$1/data/postmaster.pid" "$1$socket_name" "$1$socket_name.lock"
    fi
}

postgres_launch() {
    local place=$1 socket pid
    socket=$(postgres_path socket)
    postgres_prefix
    (
        close_files
        cd /
        exec setsid "${prefix[@]}" "$postgres_bin/postgres" -D "$place/data" \
            -c "unix_socket_directories=$socket"
    ) </dev/null >>"$run_dir/log/postgres.log" 2>&1 &
    pid=$!
    disown "$pid"
    if ! wait_until 60 postgres_answers_or_left "$socket" "$pid" || ! process_lives "$pid"; then
        log_tail postgres
        fail "PostgreSQL did not start: its log ends as above"
    fi
}

postgres_answers_or_left() {
    "$(postgres_client pg_isready)" -q -h "$1" -U postgres -d postgres || ! process_lives "$2"
}

# postgres_stop SIGNAL: INT ends sessions and writes all out (fast), QUIT drops all (immediate).
postgres_stop() {
    local pid
    if pid=$(postgres_pid); then
        kill "-$1" "$pid" ||
            fail "PostgreSQL (pid $pid) cannot be signalled: it belongs to $(postgres_user)"
        if ! wait_until 60 postgres_has_left; then
            kill -QUIT "$pid" 2>/dev/null || true
            wait_until 30 postgres_has_left || fail "PostgreSQL (pid $pid) does not end"
        fi
    fi
    rm -f "$run_dir/pid/postgres"
}

# Removes the cluster and the directories that it has elsewhere.
postgres_remove() {
    if [[ -d $run_dir/postgres ]]; then
        rm -rf "$(postgres_path socket)" "$(postgres_path .)"
        rmdir /var/lib/cairn 2>/dev/null || true
    fi
    rm -rf "$run_dir/postgres"
}

# postgres_url DATABASE ROLE
postgres_url() {
    printf 'postgresql:///%s?host=%s&user=%s\n' "$1" "$(postgres_path socket)" "$2"
}

# postgres_sql DATABASE, the SQL on standard input: run by the superuser.
postgres_sql() {
    "$(postgres_client psql)" -X -q -A -t -v ON_ERROR_STOP=1 -d "$(postgres_url "$1" postgres)"
}

# postgres_database NAME CAIRN: the owner's role, the database, its migrations, and the roles that
# these make let in. Repeating it changes nothing.
postgres_database() {
    local name=$1 cairn=$2
    postgres_bin=${postgres_bin:-$(postgres_find "$(<"$run_dir/postgres/data/PG_VERSION")")}
    postgres_sql postgres <<SQL
select 'create role cairn_owner login createrole'
    where not exists (select from pg_roles where rolname = 'cairn_owner') \gexec
select 'create database $name owner cairn_owner'
    where not exists (select from pg_database where datname = '$name') \gexec
SQL
    if ! DATABASE_URL=$(postgres_url "$name" cairn_owner) "$cairn" migrate \
        >"$run_dir/log/migrate.log" 2>&1; then
        log_tail migrate
        fail "the migrations of database $name failed: their output ends as above"
    fi
    local directory
    for directory in "$(dirname "${BASH_SOURCE[0]}")"/../../services/*/migrations; do
        [[ -d $directory ]] || continue
        if ! DATABASE_URL=$(postgres_url "$name" cairn_owner) "$cairn" migrate \
            "$(basename "$(dirname "$directory")")" "$directory" >>"$run_dir/log/migrate.log" 2>&1; then
            log_tail migrate
            fail "the migrations in $directory failed: their output ends as above"
        fi
    done
    postgres_sql postgres <<'SQL'
select format('alter role %I login', rolname) from pg_roles
    where rolname in ('cairn_writer', 'cairn_projector', 'cairn_reader', 'cairn_consumer') and not rolcanlogin \gexec
SQL
}
