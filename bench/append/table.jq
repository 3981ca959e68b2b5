# table.jq - the report as text, for people. Run with -r.

include "text";

def names: {
    cairn: "Cairn",
    message_db: "Message DB",
    message_db_64: "Message DB, 64 categories",
    emmett: "Emmett",
    insert: "INSERT, a row each",
    copy: "COPY, 100,000 rows at once"
};
def titles: {plain: "this disk", slow: "each flush 2 ms longer"};
def in_order($order): . as $some | $order | map(select(. as $one | $some | any(. == $one)));

. as $report
| ([.medians[].disk] | in_order(["plain", "slow"])) as $disks

# The row of one contestant with so many clients, all disks side by side.
| def median_on($disk; $who; $clients):
    $report.medians | map(select(.disk == $disk and .contestant == $who and .clients == $clients)) | first // {};
def line($who; $clients):
    (names[$who] | left(27)) + ($clients | tostring | right(6))
    + ([$disks[] | median_on(.; $who; $clients) | spaces(4) + (.rate | rate | right(8)) + latencies] | join(""));
def clients_of($who): [$report.medians[] | select(.contestant == $who) | .clients] | unique[];

# The row of one ratio.
def ratio_on($disk; $name):
    $report.ratios | map(select(.disk == $disk and .name == $name)) | first // {};
def ratio_line($name; $target):
    ($name | left(45)) + ($target | maybe(ratio) | right(7))
    + ([$disks[] | ratio_on(.; $name) | (.value | maybe(ratio) | right(9)) + " " + (verdict | left(8))] | join(""));
def ratio_names: reduce $report.ratios[] as $one ([]; if any(.name == $one.name) then . else . + [$one] end) | .[];

conditions,
"",
(spaces(33) + ([$disks[] | spaces(4) + (titles[.] | left(32))] | join(""))),
(("appends at once" | right(33)) + ([$disks[] | spaces(4) + ("events/s" | right(8)) + latency_heads] | join(""))),
(["cairn", "message_db", "message_db_64", "emmett", "insert", "copy"][] as $who | clients_of($who) as $n | line($who; $n)),
"",
(spaces(45) + ("target" | right(7)) + ([$disks[] | right(9) + spaces(9)] | join(""))),
(ratio_names | ratio_line(.name; .target))
| sub(" +$"; "")
