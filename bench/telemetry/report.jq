# report.jq - from the measures, one a round, to medians and ratios. Run with -s.

include "stats";

# Each pair has its own ratio: what the machine did meanwhile was nearly the same for both.
def ratio($all; $name; $side; $variant; $target):
    ([$all | map(select(.pair == $variant)) | group_by(.round)[]
        | (map(select(.what == "\($side)-\($variant)")) | first) as $a
        | (map(select(.what == "\($side)-off")) | first) as $b
        | $a.rate / $b.rate] | median) as $value
    | {name: $name, value: $value, target: $target, met: ($value >= $target)};

. as $all
| (group_by(.what) | map((.[0] | {what}) + medians + {cpu_us: median_of("cpu_us")})) as $rows
| {
    machine: $machine, settings: $settings, rounds: $rounds, seconds: $seconds, warm_seconds: $warm,
    clients: $clients, rows: $rows, spans: $spans,
    ratios: [
        ratio($all; "reads, every trace / none"; "query"; "all"; 0.9),
        ratio($all; "commands, every trace / none"; "order"; "all"; 0.9),
        ratio($all; "reads, one of a hundred / none"; "query"; "hundredth"; 0.98),
        ratio($all; "commands, one of a hundred / none"; "order"; "hundredth"; 0.98),
        ratio($all; "reads, the collector hangs / none"; "query"; "hang"; 0.9),
        ratio($all; "commands, the collector hangs / none"; "order"; "hang"; 0.9),
        ratio($all; "reads, it refuses / none"; "query"; "refuse"; 0.9),
        ratio($all; "commands, it refuses / none"; "order"; "refuse"; 0.9),
        ratio($all; "reads, it is away / none"; "query"; "away"; 0.9),
        ratio($all; "commands, it is away / none"; "order"; "away"; 0.9)
    ],
    measures: .
  }
