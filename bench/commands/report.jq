# report.jq - from the measures, one a round, to medians, ratios and targets. Run with -s.

include "stats";

def median_at($path): map(getpath($path) | values) | if length == 0 then null else median end;
def cpu_of($who): {user: median_at(["cpu_us", $who, "user"]), system: median_at(["cpu_us", $who, "system"])};

# The measures of one contestant over so many connections, as one row.
def summary:
    (.[0] | {contestant, connections}) + medians
    + {offered: median_of("offered"), cpu_us: {server: cpu_of("server"), postgres: cpu_of("postgres"), load: cpu_of("load")}};

# A ratio of two rates, null where one of them was not measured.
def over($a; $b): if $a and $b and $b > 0 then $a / $b else null end;
def at_least($target): {target: $target, met: (if .value then .value >= $target else null end)};
def below($target): {target: $target, met: (if .value then .value < $target else null end), below: true};

def ratios($rows):
    def rows($who): $rows | map(select(.contestant == $who));
    def rate($who; $connections): rows($who) | map(select(.connections == $connections) | .rate) | first;
    def best($who): rows($who) | map(.rate) | max;
    [
        ({name: "orders 64 / append 64", value: over(rate("orders"; 64); rate("append"; 64))} | . + at_least(0.6)),
        ({name: "orders 64 / Message DB's best", value: over(rate("orders"; 64); best("message_db"))} | . + at_least(3.5)),
        ({name: "one hot stream 64 / orders 64", value: over(rate("hot"; 64); rate("orders"; 64))} | . + at_least(0.5)),
        ({name: "orders 1, a second", value: rate("orders"; 1)} | . + at_least(2500)),
        ({name: "orders at half of the best rate, p99 in ms", value: (rows("open") | map(.p99_us / 1000) | first)} | . + below(5)),
        {name: "orders 64 / bare 64", value: over(rate("orders"; 64); rate("bare"; 64))},
        {name: "orders with a key 64 / orders 64", value: over(rate("keyed"; 64); rate("orders"; 64))},
        {name: "orders of unknown users 64 / orders 64", value: over(rate("cold"; 64); rate("orders"; 64))}
    ]
    | map(select(.value));

(group_by([.contestant, .connections]) | map(summary)) as $rows
| {
    machine: $machine,
    settings: $settings,
    rounds: $rounds,
    seconds: $seconds,
    warm_seconds: $warm,
    users: $users,
    medians: $rows,
    ratios: ratios($rows),
    memory: $memory,
    measures: .
  }
