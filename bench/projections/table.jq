# table.jq - the report as text, for people. Run with -r.

def right($n): tostring | (" " * ($n - length) // "") + .;
def ms: . / 1000 | . * 10 | round / 10;
def lag: (.p50_us | ms | right(9)) + (.p99_us | ms | right(9)) + (.max_us | ms | right(9));
def cpu: (.projector_us | round | right(12)) + (.backend_us | round | right(10));
def verdict: if . then "met" else "missed" end;

"\(.machine.cpu), \(.machine.cores) cores, load before \(.machine.load_before)",
"",
"                  PostgreSQL, lag in ms         Redis, lag in ms            CPU us an event",
"offered/s appended/s   p50      p99      max     p50      p99      max   projector  backends",
(.rates[] | (.offered | right(9)) + (.rate | right(11)) + (.postgres | lag) + (.redis | lag) + cpu),
"",
"a backlog of \(.backlog.events) events: \(.backlog.rate) events/s, CPU us an event \(.backlog.projector_us | round) and \(.backlog.backend_us | round)",
"",
(.rates[] | select(.offered == 2000)
    | "lag p99 below 50 ms at 2,000/s: \([.postgres.p99_us, .redis.p99_us] | max < 50000 | verdict)"),
"four projections follow 10,000 events/s: \(.backlog.rate >= 10000 | verdict) from a backlog"
    + ((.rates | map(select(.offered == 10000)) | first)
       | if . then ", \([.postgres.p99_us, .redis.p99_us] | max < 1000000 | verdict) within a second while they are appended" else "" end)
