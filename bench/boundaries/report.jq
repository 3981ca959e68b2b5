# report.jq - from the measures of boundaries, one a round, to medians, ratios and targets. Run with -s.

include "stats";

# The measures of one contestant on logs of one length, with so many at once, as one row.
def summary: (.[0] | {who, events, clients}) + medians;

# A ratio of two rates, null where one of them was not measured.
def over($a; $b): if $a and $b and $b > 0 then $a / $b else null end;

(group_by([.who, .events, .clients]) | map(summary)) as $rows
| (map(.events) | min) as $short
| (map(.events) | max) as $long
| def rate($who; $events; $clients):
    $rows | map(select(.who == $who and .events == $events and .clients == $clients) | .rate) | first;
{
    machine: $machine,
    settings: $settings,
    rounds: $rounds,
    seconds: $seconds,
    warm_seconds: $warm,
    medians: $rows,
    ratios: ([
        {name: "boundaries / streams, 64 at once", value: over(rate("boundaries"; $short; 64); rate("streams"; $short; 64)), target: 0.75},
        {name: "the longest log / the shortest, 64 at once",
         value: (if $long > $short then over(rate("boundaries"; $long; 64); rate("boundaries"; $short; 64)) else null end), target: 0.9},
        {name: "boundaries / eventsourcing, 64 at once",
         value: over(rate("boundaries"; $short; 64); rate("eventsourcing"; $short; 64)), target: 5},
        ((1, 8, 64) as $n | {name: "boundaries / UmaDB, \($n) at once",
                             value: over(rate("boundaries"; $short; $n); rate("umadb"; $short; $n)), target: 1})
    ] | map(select(.value) | . + {met: (.value >= .target)})),
    measures: .
  }
