# report.jq - from the measures, one a round, to medians and ratios. Run with -s.

include "stats";

def ratio($rows; $name; $what; $to; $target):
    ($rows | map(select(.what == $what)) | first) as $a
    | ($rows | map(select(.what == $to)) | first) as $b
    | {name: $name, value: ($a.rate / $b.rate), target: $target, met: ($a.rate / $b.rate >= $target)};

(group_by(.what) | map((.[0] | {what}) + medians)) as $rows
| {
    machine: $machine, settings: $settings, rounds: $rounds, seconds: $seconds, warm_seconds: $warm,
    clients: $clients, rows: $rows,
    ratios: [
        ratio($rows; "a read with a token / without"; "query-auth"; "query"; 0.85),
        ratio($rows; "a command with a token / without"; "order-auth"; "order"; 0.9)
    ],
    measures: .
  }
