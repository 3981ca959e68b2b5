/* breakage.c - the list of breakages, and applying one of them. */
#include "breakage.h"

#include "fixture.h"

#include <stdio.h>

const struct breakage breakages[] = {
    {"1: versions without gaps", "append_batch", "first_versions[u.condition] + u.number,\n",
     "first_versions[u.condition] + u.number * 2 - 1,\n", NULL, NULL},
    {"1: on the short path", "append_one", "coalesce(t.version, 0) + 1, in_type",
     "coalesce(t.version, 0) + 2, in_type", NULL, NULL},
    {"2: positions without gaps", "append_batch", "head := head + in_condition_events[i];",
     "head := head + in_condition_events[i] + 1;", "if written <> head - first_head or",
     "if false and"},
    {"2: on the short path", "append_one", "coalesce(h.\"position\", 0) + 1",
     "coalesce(h.\"position\", 0) + 2", "coalesce(h.position, 0) + 1",
     "coalesce(h.position, 0) + 2"},
    {"1: of a batch as a whole", "append_all", "u.stream, u.version, u.type",
     "u.stream, u.version + 1, u.type", NULL, NULL},
    {"1: the ends of streams, of a batch as a whole", "append_all",
     "coalesce(t.version, 0) = u.version - 1", "coalesce(t.version, 0) <= u.version - 1", NULL,
     NULL},
    {"2: of a batch as a whole", "append_all", "head + u.n, u.stream",
     "head + u.n * 2 - 1, u.stream", NULL, NULL},
    {"3: positions in the order of commits", "begin_append",
     "perform cairn.lock_shard(0::smallint);", "", "head := coalesce(head, 0);",
     "head := coalesce(head, 0) + (select count(*) from pg_stat_activity where state ="
     " 'idle in transaction' and query like '%cairn.append%');"},
    {"4: all or none", "append_batch",
     "and u.number between 1 and in_condition_events[u.condition]", "and u.number between 1 and 2",
     "if written <> head - first_head or", "if false and"},
    {"4: all of several streams, or none", "append_batch", "if outcome = 0 then\n",
     "if outcome = 0 or (outcome = 3 and fails[i] = 0) then\n", NULL, NULL},
    {"4: a command is carried out once", "append_batch", "if command_states[i] > 0 then",
     "if command_states[i] > 1 then", NULL, NULL},
    {"4: a command of which another condition fails", "append_batch",
     "if outcome > 0 and in_commands_are_new then", "if false then", NULL, NULL},
    {"4: on the short path", "append_one", "c.command_id = in_command_id",
     "c.command_id = in_command_id and false", NULL, NULL},
    {"4: a key belongs to one request", "append_batch",
     "when c.request_hash = u.hash then 1 else 2", "when c.request_hash = u.hash then 1 else 1",
     NULL, NULL},
    {"6: the version", "append_batch", "tail_versions[stream] <> in_condition_versions[i] or",
     "tail_versions[stream] < in_condition_versions[i] or", NULL, NULL},
    {"6: the event at that version", "append_batch", " or tail_ids[stream] <> in_condition_ids[i]",
     "", NULL, NULL},
    {"6: the event, on the short path", "append_one",
     "and (t.event_id = in_condition_id) is not false", "", NULL, NULL},
    {"6: the version, on the short path", "append_one", "coalesce(t.version, 0) = in_version and",
     "coalesce(t.version, 0) >= in_version and", NULL, NULL},
    {"6: the event of a stream that is looked at, on the short path", "append_one_checked",
     "and (k.event_id = in_checked_id) is not false", "", NULL, NULL},
    {"6: the version of a stream that is looked at, on the short path", "append_one_checked",
     "coalesce(k.version, 0) = in_checked_version and",
     "coalesce(k.version, 0) >= in_checked_version and", NULL, NULL},
    {"6: the event, on the short path with a stream that is looked at", "append_one_checked",
     "and (t.event_id = in_condition_id) is not false", "", NULL, NULL},
    {"4: on the short path with a stream that is looked at", "append_one_checked",
     "c.command_id = in_command_id", "c.command_id = in_command_id and false", NULL, NULL},
    {"6: the event, of a batch as a whole", "append_all",
     "and (t.event_id = u.before_id) is not false", "", NULL, NULL},
    {"6: the version of a stream that is looked at, of a batch as a whole", "append_all",
     "coalesce(t.version, 0) = u.version and", "coalesce(t.version, 0) >= u.version and", NULL,
     NULL},
    {"6: the event of a stream that is looked at, of a batch as a whole", "append_all",
     "and (t.event_id = u.id) is not false", "", NULL, NULL},
    {"6: what builds on a sibling", "append_batch", "tail_ids[stream] := in_condition_last_ids[i];",
     "", NULL, NULL},
    {"6: what fails with a sibling", "append_batch",
     "tail_versions[stream] <> in_condition_versions[i]",
     "tail_versions[stream] <> in_condition_versions[i] and i = 1", NULL, NULL},
    {"streams that are only looked at", "append_batch", "if in_condition_versions[i] >= 0\n",
     "if in_condition_versions[i] >= 0 and in_condition_events[i] > 0\n", NULL, NULL},
    {"claims are held by one", "append_batch", "outcome := 4;", "", NULL, NULL},
    {"claims are given back", "append_batch", "where u.taken = 0 and", "where u.taken = 2 and",
     NULL, NULL},
    {"claims are given back by their holder only", "append_batch", "mine := claim_holds[i] = 1;",
     "mine := true;", NULL, NULL},
    {"claims given back within a batch are free", "append_batch", "slot_streams[slot] := -1;", "",
     NULL, NULL},
    {"claims taken within a batch are held", "append_batch", "slot_streams[slot] := stream;", "",
     NULL, NULL},
    {"the last word on a claim counts", "append_batch", "slot_claims[u.slot] = u.n\n            on",
     "slot_claims[u.slot] > 0\n            on", NULL, NULL},
};
const size_t breakage_count = sizeof breakages / sizeof breakages[0];

const struct breakage range_breakages[] = {
    {"ranges do not overlap", "append_batch",
     "if range_claim.upto > cairn.range_from(in_claim_keys[i])\n", "if false\n", NULL, NULL},
    {"ranges are released", "append_batch", "if in_claim_taken[i] = 2 then",
     "if in_claim_taken[i] = 4 then", NULL, NULL},
    {"ranges are kept by a refused append", "append_batch",
     "raise exception using errcode = 'CA020', message = 'the range is claimed';",
     "outcome := 4; exit;", NULL, NULL},
};
const size_t range_breakage_count = sizeof range_breakages / sizeof range_breakages[0];

void breakage_apply(const struct breakage *breakage, const char *url)
{
    char sql[4000];
    (void)snprintf(sql, sizeof sql,
                   "do $do$ declare old text; new text; begin"
                   " old := pg_get_functiondef('cairn.%s'::regproc);"
                   " new := replace(old, $from$%s$from$, $to$%s$to$);"
                   " new := replace(new, $from$%s$from$, $to$%s$to$);"
                   " if new = old then raise exception 'nothing to break'; end if;"
                   " execute new; end $do$",
                   breakage->function, breakage->from, breakage->to,
                   breakage->also_from ? breakage->also_from : "no such words",
                   breakage->also_to ? breakage->also_to : "");
    fixture_sql(url, sql);
}
