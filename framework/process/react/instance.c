/* instance.c - loads processes from the last events of their streams. */
#include "process/react/instance.h"

#include "record/json.h"

#include <string.h>

static const struct cairn_statement ends_statement = {
    .name = "process_instances",
    .sql = "select stream, version, event_id, type, position, state, timers, associations,"
           " correlation_id, traceparent, tracestate from cairn.process_instances($1)",
};

const struct cairn_set_timer *cairn_instance_timer(const struct cairn_instance *instance,
                                                   const char *name)
{
    for (size_t i = 0; i < instance->timers.timers.count; i++) {
        if (strcmp(instance->timers.timers.items[i].name, name) == 0)
            return &instance->timers.timers.items[i];
    }
    return NULL;
}

const struct cairn_association *cairn_instance_association(const struct cairn_instance *instance,
                                                           const char *name, struct cairn_uuid id)
{
    CAIRN_FOR_EACH (at, instance->associations.associations) {
        if (strcmp(at->name, name) == 0 && cairn_uuid_equal(at->id, id))
            return at;
    }
    return NULL;
}

struct cairn_instance *cairn_instance_want(struct cairn_map *instances,
                                           const struct cairn_process *process,
                                           struct cairn_uuid id)
{
    const char *stream = cairn_stream_name(instances->arena, process->name, id);
    void **at = cairn_map_at(instances, stream);
    if (!*at) {
        struct cairn_instance *instance = cairn_new(instances->arena, struct cairn_instance, 1);
        instance->stream = stream;
        instance->id = id;
        instance->state =
            cairn_arena_alloc(instances->arena, process->state->size, process->state->align);
        *at = instance;
    }
    return *at;
}

static int decode_column(const struct cairn_pg_result *rows, int64_t row, const char *column,
                         const struct cairn_record *record, struct cairn_arena *arena, void *ret,
                         struct cairn_error *error)
{
    int at = cairn_pg_column(rows, column);
    return cairn_record_decode(record, cairn_pg_text(rows, row, at), cairn_pg_bytes(rows, row, at),
                               CAIRN_LENIENT, arena, ret, error);
}

static int take(const struct cairn_process *process, const struct cairn_pg_result *rows,
                int64_t row, struct cairn_map *instances, struct cairn_error *error)
{
    struct cairn_instance *instance =
        cairn_map_get(instances, cairn_pg_text(rows, row, cairn_pg_column(rows, "stream")));
    struct cairn_error wrong = {0};
    instance->version = cairn_pg_integer(rows, row, cairn_pg_column(rows, "version"));
    instance->event_id = cairn_pg_uuid(rows, row, cairn_pg_column(rows, "event_id"));
    if (strcmp(cairn_pg_text(rows, row, cairn_pg_column(rows, "type")), CAIRN_ADVANCED) != 0 ||
        cairn_pg_null(rows, row, cairn_pg_column(rows, "position")) ||
        cairn_pg_null(rows, row, cairn_pg_column(rows, "state")))
        return cairn_fail(error, CAIRN_UNREADABLE, "%s ends with an event of another program: %s",
                          instance->stream,
                          cairn_pg_text(rows, row, cairn_pg_column(rows, "type")));
    instance->position = cairn_pg_integer(rows, row, cairn_pg_column(rows, "position"));
    instance->correlation_id = cairn_copy_text(
        instances->arena, cairn_pg_text(rows, row, cairn_pg_column(rows, "correlation_id")));
    instance->traceparent = cairn_copy_text(
        instances->arena, cairn_pg_text(rows, row, cairn_pg_column(rows, "traceparent")));
    instance->tracestate = cairn_copy_text(
        instances->arena, cairn_pg_text(rows, row, cairn_pg_column(rows, "tracestate")));
    int failed = decode_column(rows, row, "state", process->state, instances->arena,
                               instance->state, &wrong);
    if (!failed)
        failed = decode_column(rows, row, "timers", &cairn_set_timers_record, instances->arena,
                               &instance->timers, &wrong);
    if (!failed)
        failed = decode_column(rows, row, "associations", &cairn_associations_record,
                               instances->arena, &instance->associations, &wrong);
    if (!failed)
        return 0;
    return cairn_fail(error, CAIRN_UNREADABLE,
                      "the state in version %" PRId64 " of %s cannot be decoded: %s %s",
                      instance->version, instance->stream,
                      wrong.wrong_count ? wrong.wrong[0].pointer : wrong.message,
                      wrong.wrong_count ? wrong.wrong[0].message : "");
}

int cairn_instances_load(struct cairn_pg *pg, const struct cairn_process *process,
                         struct cairn_map *instances, struct cairn_error *error)
{
    if (instances->count == 0)
        return 0;
    struct cairn_pg_params params = {.arena = instances->arena};
    cairn_pg_add_texts(&params, &instances->entries[0].key, sizeof instances->entries[0],
                       instances->count);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &ends_statement, &params, &rows, error);
    int failed = count < 0 ? (int)count : 0;
    for (int64_t row = 0; row < count && !failed; row++) {
        struct cairn_error wrong = {0};
        failed = take(process, rows, row, instances, &wrong);
        if (failed == -CAIRN_UNREADABLE) {
            struct cairn_instance *instance =
                cairn_map_get(instances, cairn_pg_text(rows, row, cairn_pg_column(rows, "stream")));
            instance->unreadable = cairn_copy_text(instances->arena, wrong.message);
            failed = 0;
        }
    }
    return failed;
}
