# table.jq - the report as text, for people. Run with -r.

include "text";

def sides: {"query": "GET /orders/{id}", "order": "POST /orders"};
def variants: {
    "off": "no spans", "all": "every trace", "hundredth": "one trace of a hundred",
    "hang": "every trace, collector hangs", "refuse": "every trace, collector refuses",
    "away": "every trace, no collector"
};
def names: ["query", "order"][] as $side | ["off", "all", "hundredth", "hang", "refuse", "away"][] as $variant
    | {what: "\($side)-\($variant)", name: "\(sides[$side]), \(variants[$variant])"};

. as $report
| conditions,
"\(.clients) connections, which are kept",
"",
(("answers/s" | right(58)) + latency_heads),
(names as $at
    | ($report.rows | map(select(.what == $at.what)) | first)
    | ($at.name | left(49)) + (.rate | maybe(count) | right(9)) + latencies),
"",
(spaces(49) + ("value" | right(9)) + ("target" | right(9))),
(.ratios[] | (.name | left(49)) + (.value | ratio | right(9)) + (.target | ratio | right(9)) + "  " + verdict),
"",
(names as $at
    | [$report.spans[] | select(.what == $at.what and .count > 0) | "\(.count) \(.outcome)"] | select(length > 0)
    | "spans: \($at.name | left(42)) \(join(", "))")
| sub(" +$"; "")
