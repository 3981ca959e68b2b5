# pgbench.jq - what cairn_append.c prints, from the lines of pgbench's log: client, number, microseconds,
# script, and the second and the microsecond that it ended in. Run with -nR; $warm and $run are seconds.

def at($thousandth): if length == 0 then null else .[((length * $thousandth / 1000 | ceil) - 1 | if . < 0 then 0 else . end)] end;

[inputs | split(" ") | map(tonumber) | {took: .[2], ended: (.[4] * 1000000 + .[5])}]
| if length == 0 then error("no transaction was carried out in time") else . end
| (map(.ended) | min + $warm * 1000000) as $from
| ([(map(.ended) | max), $from + $run * 1000000] | min) as $to
| length as $acknowledged
| map(select(.ended > $from and .ended <= $to) | .took) | sort
| {
    acknowledged: $acknowledged,
    rate: (length * 1000000 / ($to - $from)),
    p50_us: at(500),
    p99_us: at(990),
    p999_us: at(999)
  }
