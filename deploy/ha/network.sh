# shellcheck shell=bash disable=SC2154,SC2034
# network.sh - the addresses of the nodes. Part of cluster.sh, which sources it.
#
# Root gets a network namespace for each node, joined by a switch: a node can then be cut off, from
# all or from its peers alone, as a machine can. The switch is a bridge in a namespace of its own, where
# no firewall of this machine (Docker's) filters what it forwards. Without root each node has an address of the
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

# wire_state N up|down: of the node's plug in the switch.
wire_state() {
    ip -n "$(node_namespace 0)" link set "node$1" "$2"
}

# This machine's own wire to the switch; its name is what no other cluster may have.
network_wire() {
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
            ip netns add "$(node_namespace 0)" 2>/dev/null && break
        fi
    done
    [[ $kind == namespaces ]] || fail "there is no free address for a cluster: end another one"
    ip -n "$(node_namespace 0)" link add switch type bridge
    ip -n "$(node_namespace 0)" link set switch up
    ip link add "$(network_wire)" type veth peer name node0 netns "$(node_namespace 0)"
    ip addr add "$(node_address 254)/24" dev "$(network_wire)"
    ip link set "$(network_wire)" up
    network_plug 0
    for n in "${nodes[@]}"; do
        network_add "$n"
    done
}

network_plug() {
    ip -n "$(node_namespace 0)" link set "node$1" master switch
    wire_state "$1" up
}

network_add() {
    local space
    space=$(node_namespace "$1")
    ip netns add "$space"
    ip -n "$(node_namespace 0)" link add "node$1" type veth peer name eth0 netns "$space"
    network_plug "$1"
    ip -n "$space" link set lo up
    ip -n "$space" addr add "$(node_address "$1")/24" dev eth0
    ip -n "$space" link set eth0 up
}

network_close() {
    local n
    [[ -e $run_dir/network ]] || return 0
    if [[ $(network_kind) == namespaces ]]; then
        ip link del "$(network_wire)" 2>/dev/null || true
        for n in "${nodes[@]}" 0; do
            ip netns del "$(node_namespace "$n")" 2>/dev/null || true
        done
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
