# shellcheck shell=bash disable=SC2154
# observe.sh - the profile observe: whether Prometheus sees everything, an alert arrives, and a trace is
# found, while the shop works. Sourced by run; PROFILES=observe tries this and nothing else.

prometheus=http://127.0.0.1:9090
alertmanager=http://127.0.0.1:9093
jaeger=http://127.0.0.1:16686
grafana=http://127.0.0.1:3000
loki=http://127.0.0.1:3100

observe_up() {
    OTEL_EXPORTER_OTLP_ENDPOINT=http://jaeger:4318 up apart,observe
}

# asked URL FILTER [ARGUMENT...]: whether jq's filter holds of what is answered.
asked() {
    local url=$1 filter=$2
    shift 2
    status_is 200 "$url" || return 1
    jq -e "$@" "$filter" "$work/body" >/dev/null || {
        echo "not so: $filter"
        head -c 2000 "$work/body"
        return 1
    }
}

# targets_are_up PATTERN: those of its list, and the three exporters.
targets_are_up() {
    local count
    count=$(grep -oE "'[a-z0-9]+:8[0-9]+'" "deploy/observe/targets/$1.yaml" | wc -l)
    asked "$prometheus/api/v1/targets" '.data.activeTargets | length == $count + 3 and all(.health == "up")' \
        --argjson count "$count"
}

# Another pattern has another list, with the same data.
is_seen() {
    PATTERN=$1 up "$1,observe" && soon targets_are_up "$1" && down "$1,observe"
}

# metric QUERY FILTER: whether jq's filter holds of Prometheus' answer.
metric() {
    status_is 200 -G "$prometheus/api/v1/query" --data-urlencode "query=$1" || return 1
    jq -e "$2" "$work/body" >/dev/null || {
        echo "$1: not $2"
        head -c 1000 "$work/body"
        return 1
    }
}

exporters_see_their_servers() {
    metric 'pg_up{job="postgres"}' '.data.result[0].value[1] == "1"' &&
        metric 'redis_up{job="redis"}' '.data.result[0].value[1] == "1"' &&
        metric 'pg_stat_activity_count{datname="cairn"}' '.data.result | length > 0' &&
        metric 'node_filesystem_avail_bytes{mountpoint="/disks/postgres"} < node_filesystem_size_bytes' \
            '.data.result | length == 1'
}

recorded_series_exist() {
    local name names
    names=$(sed -n 's/^ *- record: //p' deploy/observe/rules/cairn.rules.yaml)
    (($(wc -l <<<"$names") >= 9)) || return 1
    for name in $names; do
        metric "$name" '.data.result | length > 0' || return 1
    done
}

# place_traced TRACE: an order of a customer, in a trace of ours.
place_traced() {
    local buyer=traced-$RANDOM body
    register "$buyer" || return 1
    body="{\"user_id\":\"$(location | sed 's,.*/,,')\",\"currency\":\"EUR\"
        ,\"lines\":[{\"sku\":\"tea\",\"quantity\":1,\"unit_price\":450}]}"
    status_is 201 "$door/orders" -H "$(bearer "$buyer")" -H 'Content-Type: application/json' \
        -H "traceparent: 00-$1-b7ad6b7169203331-01" -d "$body"
}

# One trace has the order, its payment and its mail, and who made them.
trace_is_found() {
    asked "$jaeger/api/traces/$1" '.data[0] | [.processes[].serviceName] as $services
        | (["order", "payment", "projector", "notification"] - $services) == []
        and ([.spans[].operationName] | contains(["POST /orders", "react fulfilment", "send mail"]))'
}

an_order_is_one_trace() {
    local trace
    trace=$(openssl rand -hex 16)
    place_traced "$trace" && soon trace_is_found "$trace"
}

# A trace that a histogram's bucket names is one that Jaeger has. (Requests of monitors have no span.)
exemplars_lead_to_traces() {
    local trace
    status_is 200 -G "$prometheus/api/v1/query_exemplars" -d "start=$(($(date +%s) - 900))" -d "end=$(date +%s)" \
        --data-urlencode 'query=cairn_http_request_seconds_bucket{route="POST /orders"}' || return 1
    trace=$(jq -er '[.data[].exemplars[]] | max_by(.timestamp).labels.trace_id' "$work/body") || return 1
    asked "$jaeger/api/traces/$trace" '.data[0].spans | length > 0'
}

# Every container's lines are forwarded, but those of what they pass through.
all_are_forwarded() {
    COMPOSE_PROFILES=apart,replicas,monolith,observe docker compose config --format json |
        jq -e '[.services | to_entries[] | select(.value.logging.driver != "fluentd").key] == ["collector", "loki"]'
}

# lines_of_trace SERVICE TRACE: Loki has a line of the service that names the trace, with its level.
lines_of_trace() {
    status_is 200 -G "$loki/loki/api/v1/query_range" --data-urlencode "query={service_name=\"$1\"} |= \"$2\" | json" || return 1
    jq -e --arg trace "$2" '.data.result | length > 0
        and all(.[].stream; .trace_id == $trace and .level == "info")' "$work/body" >/dev/null
}

an_order_is_in_the_log_of_each_service() {
    local trace service
    trace=$(openssl rand -hex 16)
    place_traced "$trace" || return 1
    for service in order payment; do
        soon lines_of_trace "$service" "$trace" || return 1
    done
    docker compose logs --no-log-prefix order | grep -q "$trace"
}

# Each query of the dashboard of log lines, with its variables as they are at first, is answered with something.
dashboard_finds_lines() {
    local query queries
    mapfile -t queries < <(jq -r '.panels[].targets[].expr' deploy/observe/grafana/dashboards/logs.json |
        sed 's/\$service/.+/; s/\$text//; s/\$__auto/5m/')
    ((${#queries[@]} >= 3)) || return 1
    for query in "${queries[@]}"; do
        status_is 200 -G "$loki/loki/api/v1/query_range" --data-urlencode "query=$query" || return 1
        jq -e '.data.result | length > 0' "$work/body" >/dev/null || { echo "nothing: $query"; return 1; }
    done
}

# A collector that stands: requests are answered, and what was written meanwhile arrives when it goes on.
a_collector_that_stands_holds_nothing_up() {
    local trace status=0
    trace=$(openssl rand -hex 16)
    docker compose pause collector || return 1
    { place_traced "$trace" && story; } || status=1
    docker compose unpause collector || return 1
    ((status == 0)) && soon lines_of_trace order "$trace"
}

# Of how many instances Alertmanager says that they are down.
down_is_told() {
    asked "$alertmanager/api/v2/alerts?filter=alertname%3DCairnInstanceDown" \
        'map(select(.status.state == "active") | .labels.service) == $services' --argjson services "$1"
}

a_dead_service_is_told() {
    docker compose kill payment || return 1
    patience=120 soon down_is_told '["payment"]' || return 1
    docker compose start payment || return 1
    patience=120 soon down_is_told '[]'
}

# knows SERVICE HOST...: a container finds others by name on networks that it shares with them.
knows() {
    local said
    said=$(docker compose exec -T "$1" timeout 4 wget -T 2 -O /dev/null "http://$2/" 2>&1) || true
    [[ $said == *[Cc]onnect* && $said != *'bad address'* && $said != *'unable to resolve'* ]]
}

observers_are_apart() {
    local host
    for host in prometheus:9090 alertmanager:9093 jaeger:4318 jaeger:16686 grafana:3000 loki:3100 collector:24224 postgres-exporter:9187; do
        ! connects traefik "${host%:*}" "${host#*:}" || return 1
    done
    knows postgres-exporter postgres:5432 && knows redis-exporter redis:6379 && connects order jaeger 4318 || return 1
    for host in redis:6379 order:8102 jaeger:16686 alertmanager:9093; do
        ! knows postgres-exporter "$host" || return 1
    done
    for host in postgres:5432 order:8102 jaeger:16686 alertmanager:9093; do
        ! knows redis-exporter "$host" || return 1
    done
    ! knows disk-exporter postgres:5432 && ! knows disk-exporter order:8102 || return 1
    ! knows prometheus postgres:5432 && ! knows prometheus redis:6379 && ! knows jaeger postgres:5432 &&
        ! connects order alertmanager 9093
}

exporters_may_look_only() {
    local address as=(docker compose exec -T redis redis-cli --no-auth-warning --user monitor) refused
    as+=(--pass "$(key watch_redis/password)")
    address=$(address_of postgres)
    refused=$(PGPASSWORD=$(key watch_postgres/password) psql -XAtqw -h "$address" -U cairn_monitor -d cairn \
        -c 'select count(*) from cairn.events' 2>&1) && return 1
    [[ $refused == *'permission denied'* ]] || return 1
    [[ $("${as[@]}" info server) == *redis_version* ]] || return 1
    [[ $("${as[@]}" get a 2>&1) == NOPERM* && $("${as[@]}" config get maxmemory 2>&1) == NOPERM* ]] &&
        ! docker compose exec -T disk-exporter ls /disks/postgres
}

grafana_opens_on_the_overview() {
    asked "$grafana/api/dashboards/home" '.dashboard.uid == "cairn-overview"'
}

observe() {
    printf '\nobserved\n'
    check 'the shop and what watches it come up' observe_up
    check 'every service is ready behind the door' soon all_ready
    check 'all targets are up in Prometheus' soon targets_are_up apart
    check 'the exporters see their servers' soon exporters_see_their_servers
    check "the demo's story, through the door" story
    check 'recorded series exist' soon recorded_series_exist
    check 'one order is one trace, from the door to the mail' an_order_is_one_trace
    check 'exemplars lead to traces' soon exemplars_lead_to_traces
    check 'lines of all containers are forwarded' all_are_forwarded
    check "an order's lines are found by its trace, in Loki and by the engine" an_order_is_in_the_log_of_each_service
    check 'the dashboard of log lines finds some' soon dashboard_finds_lines
    check 'a collector that stands holds nothing up, and loses nothing in that time' a_collector_that_stands_holds_nothing_up
    check 'each query of the dashboards finds its metrics' soon tests/observe/check queries "$prometheus"
    check 'who watches is out of reach of the door and of each other' observers_are_apart
    check 'exporters may look, and no more' exporters_may_look_only
    check 'memory and processes are limited' limits_are_set
    ! has_grafana || check 'Grafana opens on the overview, without a login' soon grafana_opens_on_the_overview
    check 'a service that is dead is told by Alertmanager, until it is back' a_dead_service_is_told
    check 'down' down apart,observe
    check 'replicas are seen, each of them' is_seen replicas
    check 'so is the monolith' is_seen monolith
}
