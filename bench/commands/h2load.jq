# h2load.jq - from the lines of h2load's log (start in microseconds, status, microseconds) to what
# load.lua prints. Run with -nR; $from is the first microsecond that counts.

def at($thousandth): .[((length * $thousandth / 1000 | ceil) - 1 | if . < 0 then 0 else . end)];

[inputs | split("\t") | map(tonumber)]
| length as $answered
| (map(select(.[1] < 200 or .[1] > 299)) | length) as $failed
| map(select(.[0] >= $from))
| if length == 0 then error("nothing was answered in time") else . end
| ((map(.[0]) | max) - (map(.[0]) | min)) as $us
| length as $counted
| map(.[2]) | sort
| {
    requests: $answered,
    failed: $failed,
    rate: ($counted * 1000000 / $us),
    p50_us: at(500),
    p99_us: at(990),
    p999_us: at(999)
  }
