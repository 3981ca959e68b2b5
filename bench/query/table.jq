# table.jq - the report as text, for people. Run with -r.

include "text";

def names: {
    constant: "a constant, by libmicrohttpd",
    redis: "an order, from Redis",
    constant_closed: "the constant, by h2load",
    not_modified: "an order that has not changed: 304",
    postgres: "an order, from PostgreSQL",
    redis_benchmark: "redis-benchmark GET",
    redis_open: "from Redis, half as many, open loop",
    redis_streams: "from Redis, streams open",
    redis_streams_open: "the same, half as many, open loop"
};

. as $report
| def line($what):
    ($report.rows | map(select(.what == $what)) | first) as $row
    | (names[$what] | left(45)) + ($row.rate | maybe(count) | right(9)) + ($row | latencies);

conditions,
"\(.orders) orders of \(.body_bytes) bytes, \(.clients) connections; \(.streams) event streams where it says so",
"",
(("answers/s" | right(54)) + latency_heads),
(["constant", "redis", "constant_closed", "not_modified", "postgres", "redis_benchmark", "redis_open", "redis_streams", "redis_streams_open"][] as $what | line($what)),
"",
(spaces(45) + ("value" | right(9)) + ("target" | right(9))),
((.ratios + .bounds)[] | (.name | left(45)) + (.value | ratio | right(9)) + (.target | maybe(ratio) | right(9)) + "  " + verdict)
| sub(" +$"; "")
