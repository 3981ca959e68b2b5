# report.jq - from the measures, one a round, to medians, ratios and targets. Run with -s.

include "stats";

def ratio($rows; $name; $what; $to; $target):
    ($rows | map(select(.what == $what)) | first) as $a
    | ($rows | map(select(.what == $to)) | first) as $b
    | {name: $name, value: ($a.rate / $b.rate)}
    | if $target then . + {target: $target, met: (.value >= $target)} else . end;

# What has to stay below a bound.
def bound($name; $value; $target): {name: $name, value: $value, target: $target, met: ($value < $target)};

(group_by(.what) | map((.[0] | {what}) + medians)) as $rows
| {
    machine: $machine, settings: $settings, rounds: $rounds, seconds: $seconds, warm_seconds: $warm,
    rows: $rows, orders: $ARGS.named.rows, streams: $streams, clients: $clients, body_bytes: $bytes,
    memory_mb: ($memory | median | . * 1024 / 1000000),
    ratios: [
        ratio($rows; "from Redis / the constant"; "redis"; "constant"; 0.4),
        ratio($rows; "304 / the constant"; "not_modified"; "constant_closed"; 0.6),
        ratio($rows; "from Redis with open streams / the constant"; "redis_streams"; "constant"; null),
        ratio($rows; "from PostgreSQL / the constant"; "postgres"; "constant"; null),
        ratio($rows; "from Redis / redis-benchmark GET"; "redis"; "redis_benchmark"; null)
    ],
    bounds: [
        bound("p99 at half the rate, open loop, ms";
            ($rows | map(select(.what == "redis_open")) | first | .p99_us / 1000); 5),
        bound("memory with the streams open, MB"; ($memory | median | . * 1024 / 1000000); 100)
    ],
    measures: .
  }
