# report.jq - from the measures, one a round, to medians, ratios and targets. Run with -s.

include "stats";

# The measures of one contestant with so many clients on one disk, as one row.
def summary: (.[0] | {contestant, clients, disk}) + medians;

# A ratio of two rates, null where one of them was not measured.
def over($a; $b): if $a and $b and $b > 0 then $a / $b else null end;

def ratios($rows; $disk):
    def rates($who): $rows | map(select(.disk == $disk and .contestant == $who));
    def rate($who; $clients): rates($who) | map(select(.clients == $clients) | .rate) | first;
    def best($who): rates($who) | map(.rate) | max;
    [
        {name: "Cairn 64 / Message DB's best", value: over(rate("cairn"; 64); best("message_db")), target: 12},
        {name: "Cairn 64 / Message DB's best, 64 categories", value: over(rate("cairn"; 64); best("message_db_64"))},
        {name: "Cairn 64 / COPY", value: over(rate("cairn"; 64); rate("copy"; 1)), target: 0.33},
        {name: "Cairn 512 / COPY", value: over(rate("cairn"; 512); rate("copy"; 1)), target: 0.45},
        {name: "Cairn 1 / Message DB 1", value: over(rate("cairn"; 1); rate("message_db"; 1)), target: 1.1}
    ]
    | map(select(.value) | . + {disk: $disk, met: (if .target then .value >= .target else null end)});

(group_by([.disk, .contestant, .clients]) | map(summary)) as $rows
| {
    machine: $machine,
    settings: $settings,
    rounds: $rounds,
    seconds: $seconds,
    warm_seconds: $warm,
    medians: $rows,
    ratios: (ratios($rows; "plain") + ratios($rows; "slow")),
    measures: .
  }
