# table.jq - the report as text, for people. Run with -r.

include "text";

def names: {
    orders: "POST /orders",
    hot: "PUT email, one user",
    keyed: "POST /orders, with a key",
    cold: "POST /orders, unknown users",
    open: "POST /orders, open load",
    bare: "bare server, 200",
    append: "append bench",
    message_db: "Message DB, write_message"
};
def order: ["orders", "hot", "keyed", "cold", "open", "bare", "append", "message_db"];

def whole: maybe(round | tostring) | right(7);
def cost($who): (.cpu_us[$who].user | whole) + (.cpu_us[$who].system | whole);
def line:
    (names[.contestant] | left(29)) + (.connections | tostring | right(5)) + (.rate | count | right(10)) + latencies
    + "   " + cost("server") + "   " + cost("postgres") + "   " + cost("load");
def number: if . >= 100 then count else ratio end;
def ratio_line:
    (.name | left(46)) + (.value | number | right(8))
    + (if .target then (if .below then "  below " else "  of " end) + (.target | tostring) + ": " + verdict else "" end);
def mib: . / 1024 * 10 | round / 10 | tostring;

. as $report
| conditions,
"no projector runs; CPU is in microseconds a request, in user and in system mode, of all processes of its kind",
"",
("connections" | right(34)) + ("a second" | right(10)) + latency_heads
    + "   " + ("server" | right(14)) + "   " + ("PostgreSQL" | right(14)) + "   " + ("load" | right(14)),
(order[] as $who | $report.medians[] | select(.contestant == $who) | line),
"",
(.ratios[] | ratio_line),
(.memory | values | "", "resident memory of the order service, in MiB: \(.before_kb | mib) at first, \(.tenth_kb | mib) after \(.streams / 10 | count) orders, \(.after_kb | mib) after \(.streams | count)")
| sub(" +$"; "")
