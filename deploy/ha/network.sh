# shellcheck shell=bash disable=SC2154,SC2034
# network.sh - the addresses of the nodes. Part of cluster.sh, which sources it.
#
# Root gets a network namespace for each node, joined by a bridge: a node can then be cut off, from
# all or from its peers alone, as a machine can. Without root each node has an address of the
# loopback: nothing can be cut off there. $run_dir/network says which: KIND and NUMBER, by which
# several clusters on one machine stay apart.
#
#   CAIRN_HA_NETWORK=namespaces|loopback   which; what is possible if it is unset

network_kind() {
    local kind _
    read -r kind _ <"$run_dir/network"
    printf '%s\n' "$kind"
}

network_number() {
    local _ number
    read -r _ number <"$run_dir/network"
    printf '%s\n' "$number"
}

# node_address N: where the node is reached, by its peers and by clients.
node_address() {
    if [[ $(network_kind) == namespaces ]]; then
        printf '10.213.%s.%s\n' "$(network_number)" "$1"
    else
        printf '127.213.%s.%s\n' "$(network_number)" "$1"
    fi
}

node_namespace() {
    printf 'cairn-ha-%s-%s\n' "$(network_number)" "$1"
}

node_wire() {
    printf 'cairnha%sn%s\n' "$(network_number)" "$1"
}

network_bridge() {
    printf 'cairnha%s\n' "$(network_number)"
}

network_can_be_apart() {
    ((EUID == 0)) && command -v ip >/dev/null && ip netns add "cairn-ha-$$" 2>/dev/null &&
        ip netns del "cairn-ha-$$"
}

# network_open: chooses a number that no other cluster has, and makes the namespaces.
network_open() {
    local kind=${CAIRN_HA_NETWORK:-} n
    [[ ! -e $run_dir/network ]] || return 0
    if [[ -z $kind ]]; then
        kind=loopback
        ! network_can_be_apart || kind=namespaces
    fi
    for _ in {1..50}; do
        printf '%s %s\n' "$kind" $((RANDOM % 250 + 1)) >"$run_dir/network"
        if [[ $kind == loopback ]]; then
            not node_listens 1 "$etcd_port" && return
        else
            ip link add "$(network_bridge)" type bridge 2>/dev/null && break
        fi
    done
    [[ $kind == namespaces ]] || fail "there is no free address for a cluster: end another one"
    ip addr add "$(node_address 254)/24" dev "$(network_bridge)"
    ip link set "$(network_bridge)" up
    for n in "${nodes[@]}"; do
        network_add "$n"
    done
}

network_add() {
    local space wire
    space=$(node_namespace "$1")
    wire=$(node_wire "$1")
    ip netns add "$space"
    ip link add "$wire" type veth peer name eth0 netns "$space"
    ip link set "$wire" master "$(network_bridge)" up
    ip -n "$space" link set lo up
    ip -n "$space" addr add "$(node_address "$1")/24" dev eth0
    ip -n "$space" link set eth0 up
}

network_close() {
    local n
    [[ -e $run_dir/network ]] || return 0
    if [[ $(network_kind) == namespaces ]]; then
        for n in "${nodes[@]}"; do
            ip netns del "$(node_namespace "$n")" 2>/dev/null || true
        done
        ip link del "$(network_bridge)" 2>/dev/null || true
    fi
    rm -f "$run_dir/network"
}

# node_enter N: sets `enter` to what goes before a command that is to run in the node's network.
node_enter() {
    enter=()
    [[ $(network_kind) != namespaces ]] || enter=(ip netns exec "$(node_namespace "$1")")
}

# node_listens N PORT: whether something accepts connections there.
node_listens() {
    (exec {probe}<>"/dev/tcp/$(node_address "$1")/$2") 2>/dev/null
}
