# shellcheck shell=bash disable=SC2154,SC2034
# node.sh - one node of the cluster: a member of etcd, and Patroni, which runs PostgreSQL. Part of
# cluster.sh, which sources it.
#
# A node lives in $run_dir/nodeN: etcd/, data/ and socket/ (PostgreSQL), patroni.yaml. All of it runs
# as PostgreSQL's user.
#
#   CAIRN_HA_MODE=synchronous|asynchronous   whether a commit waits for a standby (synchronous)
#   CAIRN_HA_DISK=700m   a disk of this size in memory for each PostgreSQL, for tests that fill it;
#                        where mounting is not permitted there is none

# Seconds. A primary that does not renew its key for ttl has lost it; ttl >= loop_wait + 2 *
# retry_timeout, so that a primary which cannot reach etcd stops before another one begins.
ha_ttl=7
ha_loop_wait=1
ha_retry_timeout=3

# Before release 3.0.3 Patroni overwrites the leader's key of another node by etcd's protocol 3, when
# it continues after its own has expired (its pull request 2689): two nodes are primaries then. By
# protocol 2 it never did.
patroni_speaks_v2() {
    local version
    version=$(patroni --version)
    [[ $(printf '%s\n' "${version##* }" 3.0.3 | sort -V | head -n 1) != 3.0.3 ]]
}

etcd_hosts() {
    local n list=
    for n in "${nodes[@]}"; do
        list+=${list:+,}$(node_address "$n"):$etcd_port
    done
    printf '%s\n' "$list"
}

etcd_peers() {
    local n list=
    for n in "${nodes[@]}"; do
        list+=${list:+,}node$n=http://$(node_address "$n"):$etcd_peer_port
    done
    printf '%s\n' "$list"
}

# node_make N: its directory and its configuration.
node_make() {
    local dir=$run_dir/node$1 user
    user=$(postgres_user)
    mkdir -p "$dir"
    chmod 711 "$dir"
    mkdir -p "$dir/etcd" "$dir/socket" "$dir/disk"
    [[ -z ${CAIRN_HA_DISK:-} ]] || mountpoint -q "$dir/disk" ||
        mount -t tmpfs -o "size=$CAIRN_HA_DISK,mode=700" cairn "$dir/disk" 2>/dev/null || true
    node_config "$1" >"$dir/patroni.yaml"
    chown -R "$user:" "$dir"
    chmod 600 "$dir/patroni.yaml"
    as_postgres test -w "$dir/etcd" || fail "user $user, whom PostgreSQL runs as, cannot reach" \
        "$dir: set CAIRN_HA_DIR to a directory that it can reach"
}

node_config() {
    local dir=$run_dir/node$1 at secret synchronous=true
    at=$(node_address "$1")
    secret=$(<"$run_dir/secret")
    [[ ${CAIRN_HA_MODE:-synchronous} == synchronous ]] || synchronous=false
    cat <<YAML
scope: cairn
name: node$1
restapi:
  listen: $at:$patroni_port
  connect_address: $at:$patroni_port
etcd$(patroni_speaks_v2 || echo 3):
  hosts: $(etcd_hosts)
bootstrap:
  dcs:
    ttl: $ha_ttl
    loop_wait: $ha_loop_wait
    retry_timeout: $ha_retry_timeout
    # A primary whose PostgreSQL has crashed gives up at once, and a standby takes over.
    primary_start_timeout: 0
    synchronous_mode: $synchronous
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 300
        max_wal_senders: 10
        wal_keep_size: 64MB
        max_wal_size: $([[ ${CAIRN_HA_DISK:-} ]] && echo 128MB || echo 1GB)
        wal_log_hints: on
        wal_sender_timeout: 5s
        wal_receiver_timeout: 5s
        wal_retrieve_retry_interval: 500ms
        hot_standby_feedback: off
        timezone: UTC
        log_timezone: UTC
  initdb:
    - encoding: UTF8
    - locale: C.UTF-8
    - data-checksums
postgresql:
  listen: $at:$postgres_port
  connect_address: $at:$postgres_port
  data_dir: $dir/disk/data
  bin_dir: $postgres_bin
  pgpass: $dir/pgpass
  authentication:
    superuser: {username: postgres, password: $secret}
    replication: {username: replicator, password: $secret}
    rewind: {username: rewinder, password: $secret}
  parameters:
    unix_socket_directories: $dir/socket
  pg_hba:
    - local all all scram-sha-256
    - host replication replicator samenet scram-sha-256
    - host all all samenet scram-sha-256
  basebackup:
    - checkpoint: fast
YAML
}

# node_start N: starts what does not run; returns at once.
node_start() {
    local enter prefix dir=$run_dir/node$1 at state=new v2=()
    ! patroni_speaks_v2 || v2=(--enable-v2)
    at=$(node_address "$1")
    node_enter "$1"
    postgres_prefix
    if ! runs "etcd$1"; then
        [[ ! -d $dir/etcd/member ]] || state=existing
        daemon "etcd$1" "$etcd_port" "${enter[@]}" "${prefix[@]}" etcd --name "node$1" \
            --data-dir "$dir/etcd" "${v2[@]}" --logger zap --log-level error \
            --listen-client-urls "http://$at:$etcd_port" \
            --advertise-client-urls "http://$at:$etcd_port" \
            --listen-peer-urls "http://$at:$etcd_peer_port" \
            --initial-advertise-peer-urls "http://$at:$etcd_peer_port" \
            --initial-cluster "$(etcd_peers)" --initial-cluster-state "$state" \
            --heartbeat-interval 100 --election-timeout 1000
    fi
    runs "patroni$1" || daemon "patroni$1" "$patroni_port" "${enter[@]}" "${prefix[@]}" \
        env -C "$dir" patroni "$dir/patroni.yaml"
}

# Prints the pids of the node's PostgreSQL, those that stand in its data directory.
node_postgres_processes() {
    # shellcheck disable=SC2016
    [[ ! -d $run_dir/node$1/disk/data ]] ||
        as_postgres bash -c 'for p in /proc/[0-9]*; do
            [[ ! $p/cwd -ef $1 ]] || echo "${p#/proc/}"; done' _ "$run_dir/node$1/disk/data"
}

# Prints the pids of all that runs on the node.
node_processes() {
    pid_of "patroni$1" || true
    node_postgres_processes "$1"
    pid_of "etcd$1" || true
}

# node_signal N SIGNAL: to all of them.
node_signal() {
    local pids
    mapfile -t pids < <(node_processes "$1")
    ((${#pids[@]} == 0)) || kill "-$2" "${pids[@]}" 2>/dev/null || true
}

# Gives back the small disk, if the node has one.
node_unmount() {
    ! mountpoint -q "$run_dir/node$1/disk" || umount -l "$run_dir/node$1/disk"
}

node_is_gone() {
    [[ -z $(node_processes "$1") ]]
}

node_kill() {
    node_signal "$1" CONT
    node_signal "$1" KILL
    wait_until 20 node_is_gone "$1" || fail "node $1 does not end, even killed"
    rm -f "$run_dir/pid/patroni$1" "$run_dir/pid/etcd$1"
}

# node_is N ROLE: asks Patroni: primary, replica, synchronous, health.
node_is() {
    curl -sf -m 1 -o /dev/null "http://$(node_address "$1"):$patroni_port/$2"
}
