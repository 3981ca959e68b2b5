# pgbench.jq - what cairn_append.c prints, from the lines of pgbench's log: client, number, microseconds,
# script, and the second and the microsecond that it ended in. Run with -nR; $warm and $run are seconds.
# Whoever finishes nothing in time has a rate of 0 and no latencies.

def at($thousandth): if length == 0 then null else .[((length * $thousandth / 1000 | ceil) - 1 | if . < 0 then 0 else . end)] end;

[inputs | split(" ") | map(tonumber) | {took: .[2], ended: (.[4] * 1000000 + .[5])}]
| ((map(.ended) | min // 0) + $warm * 1000000) as $from
| ([(map(.ended) | max // 0), $from + $run * 1000000] | min) as $to
| length as $acknowledged
| map(select(.ended > $from and .ended <= $to) | .took) | sort
| {
    acknowledged: $acknowledged,
    rate: (if $to > $from then length * 1000000 / ($to - $from) else 0 end),
    p50_us: at(500),
    p99_us: at(990),
    p999_us: at(999)
  }
