# growth_table.jq - the report of growth as text, for people. Run with -r.

include "text";

def line($of): (.[$of] | count | right(28)) + (.rate | maybe(count) | right(10)) + (latencies);
def head($title): ($title | right(28)) + ("events/s" | right(10)) + latency_heads;

conditions,
"",
head("events in the log before"),
(.lengths[] | line("events")),
"",
head("processes, 64 at once in all"),
(.processes_sharing[] | line("processes")),
"",
head("processes, 64 at once each"),
(.processes[] | line("processes")),
"",
(.ratios[] | (.name | left(46)) + (.value | ratio | right(6)) + " of \(.target | ratio): \(verdict)")
