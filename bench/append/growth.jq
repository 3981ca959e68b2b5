# growth.jq - from the measures of growth to medians and targets. Run with -s.

include "stats";

def summary($of): {($of): .[0][$of]} + medians;
def rows($what; $of): map(select(.what == $what)) | group_by(.[$of]) | map(summary($of));
# The last of them, measured by the first.
def kept($rows): ($rows[-1].rate / $rows[0].rate) | {value: ., target: 0.8, met: (. >= 0.8)};

rows("length"; "events") as $lengths
| rows("processes_sharing"; "processes") as $sharing
| rows("processes"; "processes") as $processes
| {
    machine: $machine,
    settings: $settings,
    rounds: $rounds,
    seconds: $seconds,
    warm_seconds: $warm,
    lengths: $lengths,
    processes_sharing: $sharing,
    processes: $processes,
    ratios: [
        (kept($lengths) + {name: "the longest log / the shortest"}),
        (kept($sharing) + {name: "4 processes with 16 at once each / 1 with 64"}),
        (kept($processes) + {name: "4 processes with 64 at once each / 1 with 64"})
    ],
    measures: .
  }
