# table.jq - the report of boundaries as text, for people. Run with -r.

include "text";

def names: {
    boundaries: "Cairn, boundaries",
    streams: "Cairn, streams",
    umadb: "UmaDB",
    eventsourcing: "eventsourcing (Python)"
};
def in_order: ["streams", "boundaries", "umadb", "eventsourcing"] as $order | sort_by([(.who as $who | $order | index($who)), .events, .clients]);

conditions,
"",
("" | left(26)) + ("events before" | right(14)) + ("at once" | right(9)) + ("appends/s" | right(11)) + latency_heads,
(.medians | in_order[] | (names[.who] | left(26)) + (.events | count | right(14)) + (.clients | tostring | right(9))
    + (.rate | if . == null then "none" else count end | right(11)) + (if .rate then latencies else "" end)),
"",
(.ratios[] | (.name | left(46)) + (.value | ratio | right(6)) + " of \(.target | ratio): \(verdict)")
