# table.jq - the report as text, for people. Run with -r.

include "text";

def names: {
    "query": "GET /orders/{id}",
    "query-auth": "GET /orders/{id}, with a token",
    "order": "POST /orders",
    "order-auth": "POST /orders, with a token"
};

. as $report
| conditions,
"\(.clients) connections, which are kept",
"",
(("answers/s" | right(54)) + latency_heads),
(["query", "query-auth", "order", "order-auth"][] as $what
    | ($report.rows | map(select(.what == $what)) | first)
    | (names[$what] | left(45)) + (.rate | maybe(count) | right(9)) + latencies),
"",
(spaces(45) + ("value" | right(9)) + ("target" | right(9))),
(.ratios[] | (.name | left(45)) + (.value | ratio | right(9)) + (.target | ratio | right(9)) + "  " + verdict)
| sub(" +$"; "")
