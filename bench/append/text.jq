# text.jq - numbers as people read them, for the tables.

def spaces($n): [range($n)] | map(" ") | join("");
def left($n): . + spaces($n - length);
def right($n): spaces($n - length) + .;
def maybe(f): if . == null then "-" else f end;

# 12345.6 as 12,346
def count: round | tostring | [match("^(\\d{1,3}?)((?:\\d{3})*)$").captures[].string] | .[0] + (.[1] | gsub("(?<d>\\d{3})"; ",\(.d)"));
# What finished nothing in its time has a rate of 0.
def rate: if . == 0 then "none" else maybe(count) end;
# 0.254 as 0.25
def ratio: . * 100 | round | tostring | (if length < 3 then "0" * (3 - length) + . else . end) | .[:-2] + "." + .[-2:];
# microseconds as milliseconds, three digits that matter
def ms: . / 1000 | if . >= 100 then round elif . >= 10 then . * 10 | round / 10 else . * 100 | round / 100 end | tostring;

def latencies: [.p50_us, .p99_us, .p999_us | maybe(ms) | right(8)] | join("");
def latency_heads: ["p50", "p99", "p99.9"] | map(right(8)) | join("");
def verdict: if .met == null then "" elif .met then "met" else "MISSED" end;

# What it was measured on: three lines.
def is_quiet: .machine.load_before | tonumber < 1;
def conditions:
    "\(.machine.cpu), \(.machine.cores) cores, \(.machine.kernel), \(.machine.disk); load before: \(.machine.load_before)"
    + (if is_quiet then "" else ", NOT QUIET: what follows says nothing" end),
    "PostgreSQL \(.settings.server_version): " + (.settings | del(.server_version) | to_entries | map("\(.key)=\(.value)") | join(" ")),
    "medians of \(.rounds) rounds of \(.seconds) s, after \(.warm_seconds) s of warming up; latency in ms";
