# shellcheck shell=bash
# cluster.sh - a cluster of three PostgreSQL nodes on this machine: what its parts have in common, and
# what is asked of all of them. Sourced by bash scripts, which set $run_dir, never run.

here_ha=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/native/lib.sh
source "$here_ha/../native/lib.sh"

nodes=(1 2 3)
# The same on each node, as each has an address of its own.
# shellcheck disable=SC2034
postgres_port=25432 patroni_port=28008 etcd_port=22379 etcd_peer_port=22380

postgres_bin=$(postgres_find) || fail "PostgreSQL is missing: deploy/deps install"

# shellcheck source=deploy/ha/network.sh
source "$here_ha/network.sh"
# shellcheck source=deploy/ha/node.sh
source "$here_ha/node.sh"
# shellcheck source=deploy/ha/proxy.sh
source "$here_ha/proxy.sh"

# Prints the number of the node that is the primary; fails if none says so.
cluster_primary() {
    local n
    for n in "${nodes[@]}"; do
        if node_is "$n" primary; then
            printf '%s\n' "$n"
            return
        fi
    done
    return 1
}

cluster_has_primary() {
    cluster_primary >/dev/null
}

# Whether the two others follow the primary and, in synchronous mode, one of them has to.
cluster_is_whole() {
    local wanted=1
    [[ $(cluster_mode) == synchronous ]] || wanted=0
    [[ $(cluster_sql postgres 2>/dev/null <<SQL
select count(*) = 2 and count(*) filter (where sync_state = 'sync') = $wanted and not pg_is_in_recovery()
    from pg_stat_replication
    where state = 'streaming' and application_name like 'node_'
SQL
    ) == t ]]
}

cluster_mode() {
    cat "$run_dir/mode"
}

# cluster_url ROLE [proxy|hosts|replica]: by the proxy, or by the addresses of all nodes, of which
# libpq takes the one that accepts writes.
cluster_url() {
    local n at=
    case ${2:-proxy} in
    proxy) at=127.0.0.1:$(proxy_port primary) ;;
    replica) at=127.0.0.1:$(proxy_port replica) ;;
    hosts)
        for n in "${nodes[@]}"; do
            at+=${at:+,}$(node_address "$n"):$postgres_port
        done
        ;;
    *) fail "there is no way $2: proxy, hosts or replica" ;;
    esac
    printf 'postgresql://%s:%s@%s/%s%s\n' "$1" "$(<"$run_dir/secret")" "$at" "${3:-cairn}" \
        "$([[ ${2:-} != hosts ]] || printf '?target_session_attrs=read-write')"
}

cluster_sql() {
    PGCONNECT_TIMEOUT=2 "$(postgres_client psql)" -X -q -A -t -v ON_ERROR_STOP=1 \
        -d "$(cluster_url postgres proxy "${1:-cairn}")"
}

# patronictl needs the configuration of any node.
cluster_ctl() {
    patronictl -c "$run_dir/node1/patroni.yaml" "$@"
}
