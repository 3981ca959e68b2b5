/* readable_types.c - compares the log's event types and versions with those of this binary. */
#include "store/events/readable_types.h"

#include "record/json.h"
#include "store/events/events.h"
#include "store/store.h"

#include <string.h>

static const struct cairn_statement types_statement = {
    .name = NULL,
    .sql = "select category, type, schema_version from cairn.event_types order by 1, 2, 3",
};

/* A pair of event type and version in the log. */
struct pair {
    const char *category;
    const char *type;
    int64_t version;
};

struct gate {
    const struct cairn_reading *readings;
    size_t count;
    cairn_unreadable_type *refused;
    void *context;
    struct cairn_arena arena;
    struct cairn_buffer all; /* refusals, for the message */
    int64_t refusals;
};

/* Returns why this reader cannot read the pair; NULL if it can, or never reads it. */
static const char *refusal(struct gate *gate, const struct cairn_reading *reading,
                           const struct pair *pair)
{
    if (strcmp(reading->events->category, pair->category) != 0)
        return NULL;
    const struct cairn_event_type *type = cairn_events_find(reading->events, pair->type);
    if (reading->record && (!type || !cairn_record_same(type->record, reading->record)))
        return NULL;
    if (!type)
        return cairn_print(&gate->arena, "%s: %s is unknown to this binary", pair->category,
                           pair->type);
    if (cairn_event_record(type, pair->version))
        return NULL;
    return cairn_print(&gate->arena, "%s: %s version %" PRId64 " (this binary knows %s %d)",
                       pair->category, pair->type, pair->version,
                       pair->version < 1 ? "versions from 1 up to" : "up to", type->schema_version);
}

/* Checks a pair, and names it once, even if several readers cannot read it. */
static void check_pair(struct gate *gate, const struct pair *pair)
{
    const char *why = NULL;
    for (size_t i = 0; i < gate->count && !why; i++)
        why = refusal(gate, &gate->readings[i], pair);
    if (!why)
        return;
    cairn_buffer_print(&gate->all, "%s%s", gate->refusals++ ? "; " : "", why);
    if (gate->refused)
        gate->refused(gate->context, why);
}

static int hold_all(struct gate *gate, struct cairn_pg *pg, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &types_statement, NULL, &rows, error);
    for (int64_t i = 0; i < count; i++) {
        const struct pair pair = {cairn_pg_text(rows, i, 0), cairn_pg_text(rows, i, 1),
                                  cairn_pg_integer(rows, i, 2)};
        check_pair(gate, &pair);
    }
    if (count < 0)
        return (int)count;
    if (gate->refusals == 0)
        return 0;
    return cairn_fail(error, CAIRN_SCHEMA,
                      "the log holds events that this binary cannot read, a newer release can: %s",
                      gate->all.text);
}

int cairn_readable_types_check(struct cairn_pg *pg, const struct cairn_reading *readings,
                               size_t count, cairn_unreadable_type *refused, void *context,
                               struct cairn_error *error)
{
    struct gate gate = {
        .readings = readings, .count = count, .refused = refused, .context = context};
    gate.all = cairn_buffer(&gate.arena);
    int failed = hold_all(&gate, pg, error);
    cairn_arena_close(&gate.arena);
    return failed;
}
