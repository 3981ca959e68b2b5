/* check_log.c - rules on the log alone, on its readers, on SQL transactions that wrote to it and on
 * attempts to change it. */
#include "check.h"

#include <string.h>

void check_positions(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->event_count; i++) {
        if (evidence->events[i].position == (int64_t)i + 1)
            continue;
        verdict_add(verdict, "positions", "the event at place %zu has position %" PRId64, i + 1,
                    evidence->events[i].position);
        return; /* all events behind it are wrong as well */
    }
}

void check_versions(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->streams.count; i++) {
        const struct stream *stream = evidence->streams.entries[i].value;
        for (size_t k = 0; k < stream->count; k++) {
            if (stream->events[k]->version == (int64_t)k + 1)
                continue;
            verdict_add(verdict, "versions", "%s: event %zu has version %" PRId64, stream->name,
                        k + 1, stream->events[k]->version);
            break;
        }
    }
}

void check_times(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 1; i < evidence->event_count; i++) {
        if (evidence->events[i].recorded_us < evidence->events[i - 1].recorded_us)
            verdict_add(verdict, "times", "position %" PRId64 " is older than the one before it",
                        evidence->events[i].position);
    }
}

void check_ids(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        if (cairn_map_get(&evidence->ids, event->id) != event)
            verdict_add(verdict, "ids", "event %s is there twice, also at position %" PRId64,
                        event->id, event->position);
    }
}

/* ---- readers ---- */

/* Checks that the reader saw exactly the events after position `from`, without a gap. */
static void check_sight(const struct evidence *evidence, const json_t *line,
                        struct verdict *verdict)
{
    size_t i;
    const json_t *id;
    int64_t from = member_number(line, "from", 0);
    json_array_foreach(json_object_get(line, "ids"), i, id)
    {
        size_t place = (size_t)from + i;
        if (place < evidence->event_count &&
            strcmp(evidence->events[place].id, json_string_value(id)) == 0)
            continue;
        verdict_add(verdict, "seen", "%s saw %s at position %zu, where the log has %s",
                    member_text(line, "actor"), json_string_value(id), place + 1,
                    place < evidence->event_count ? evidence->events[place].id : "nothing");
        return;
    }
}

void check_seen(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "seen") == 0)
            check_sight(evidence, line, verdict);
    }
}

/* ---- SQL by hand ---- */

void check_tampering(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "tamper") == 0 &&
            strcmp(member_text(line, "outcome"), "done") == 0)
            verdict_add(verdict, "tampering", "this was allowed: %s", member_text(line, "sql"));
    }
}

static void check_transaction(struct evidence *evidence, const json_t *line,
                              struct verdict *verdict)
{
    size_t i;
    const json_t *id;
    const json_t *ids = json_object_get(line, "ids");
    const char *outcome = member_text(line, "outcome");
    size_t there = 0;
    json_array_foreach(ids, i, id)
    {
        struct event *event = cairn_map_get(&evidence->ids, json_string_value(id));
        if (!event)
            continue;
        event->asked = true;
        there++;
    }
    bool wrong = strcmp(outcome, "committed") == 0     ? there != json_array_size(ids)
                 : strcmp(outcome, "rolled-back") == 0 ? there != 0
                                                       : there && there != json_array_size(ids);
    if (wrong)
        verdict_add(verdict, "sql", "a transaction was %s, and %zu of its %zu events are there",
                    outcome, there, json_array_size(ids));
}

void check_sql(struct evidence *evidence, struct verdict *verdict)
{
    size_t i;
    json_t *line;
    json_array_foreach(evidence->history, i, line)
    {
        if (strcmp(member_text(line, "kind"), "sql") == 0)
            check_transaction(evidence, line, verdict);
    }
}
