# rebuild.jq - the report as text, for people. Run with -r.

def right($n): tostring | (" " * ($n - length) // "") + .;
def median: sort | .[(length - 1) / 2 | floor];
def thousands: tostring | [match("^([0-9]{1,3}?)(([0-9]{3})*)$") | .captures[0].string,
    (.captures[1].string | scan("[0-9]{3}"))] | join(",");
def two: . * 100 | round / 100;
def verdict: if . then "met" else "MISSED" end;
def ms: . / 1000 | . * 10 | round / 10;

(.rebuilds | group_by(.length) | map({
    length: .[0].length, events: .[0].events, rows: .[0].rows,
    rate: (map(.events / .seconds) | median),
    us: (map(.seconds / .events * 1e6) | median),
    copy: (map(.copy) | median),
    peak: (map(.peak_kb - .before_kb) | max / 1024),
})) as $all
| ($all | map(select(.length >= 1000000)) | first // $all[-1]) as $million
| "\(.machine.cpu), \(.machine.cores) cores, load before \(.machine.load_before)",
"",
"   events     rows  rebuilt/s  us an event   COPY out/s  of COPY   peak MiB",
($all[] | (.events | right(9)) + (.rows | right(9)) + (.rate | round | right(11)) + (.us | two | right(13))
    + (.copy | round | right(13)) + (.rate / .copy | two | right(9)) + (.peak | round | right(11))),
"",
(if .parse then "jansson alone, one core: \(.parse.rate | round) events/s; the rebuild goes at \($million.rate / .parse.rate | two) of that"
    else empty end),
(if .emmett then "Emmett, \(.emmett.events) events: \(.emmett.events / .emmett.seconds | round) events/s; Cairn is \($million.rate * .emmett.seconds / .emmett.events | round) times as fast"
    else empty end),
(.load | if . then
    "while \(.commands.offered) commands a second are offered: \(.rebuild.events) events rebuilt at \(.rebuild.events / .rebuild.seconds | round)/s;"
    + " \(.commands.acknowledged) commands, all answered, p99 \(.commands.p99_us | ms) ms;"
    + " \(.reads.requests) reads, \(.reads.wrong) wrong, p99 \(.reads.p99_us | ms) ms;"
    + " lag p99 \(.lag.postgres.p99_us | ms) ms in PostgreSQL, \(.lag.redis.p99_us | ms) ms in Redis"
    else empty end),
"",
"rebuild / COPY, at least 0.15: \($million.rate / $million.copy | two) \($million.rate / $million.copy >= 0.15 | verdict)",
(if ($all | length) > 1 then
    "time an event from \($all[0].events) to \($all[-1].events), within 20 %: \(($all | map(.us) | max / min - 1) * 100 | round) % \(($all | map(.us) | max / min) <= 1.2 | verdict)"
    else empty end),
(.memory as $bound | "memory within \($bound) MiB: \($all | map(.peak) | max | round) \($all | map(.peak) | max <= $bound | verdict)"),
(.load | if . then
    "under load: lag p99 below 500 ms: \([.lag.postgres.p99_us, .lag.redis.p99_us] | max < 500000 | verdict); no wrong read: \(.reads.wrong == 0 | verdict)"
    else empty end)
