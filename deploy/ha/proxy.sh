# shellcheck shell=bash disable=SC2154,SC2034
# proxy.sh - the HAProxy in front of the nodes: one port of the loopback leads to the primary, another
# to the standbys. Part of cluster.sh, which sources it.
#
# It asks each Patroni whether its node is the primary. When a node ceases to be one, its sessions are
# ended: no client is left talking to it.

proxy_port() {
    sed -n "s/^ *bind 127.0.0.1:\([0-9]*\) # $1\$/\1/p" "$run_dir/haproxy.cfg"
}

proxy_servers() {
    local n
    for n in "${nodes[@]}"; do
        printf '    server node%s %s:%s check port %s\n' "$n" "$(node_address "$n")" \
            "$postgres_port" "$patroni_port"
    done
}

proxy_config() {
    cat <<CONF
global
    maxconn 4000
defaults
    mode tcp
    timeout connect 2s
    timeout check 1s
    timeout client 1d
    timeout server 1d
    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
listen primary
    bind 127.0.0.1:$(free_port) # primary
    option httpchk OPTIONS /primary
    http-check expect status 200
$(proxy_servers)
listen replica
    bind 127.0.0.1:$(free_port) # replica
    option httpchk OPTIONS /replica
    http-check expect status 200
$(proxy_servers)
CONF
}

proxy_start() {
    ! runs haproxy || return 0
    [[ -e $run_dir/haproxy.cfg ]] || proxy_config >"$run_dir/haproxy.cfg"
    daemon haproxy "$(proxy_port primary)" haproxy -db -q -f "$run_dir/haproxy.cfg"
}
