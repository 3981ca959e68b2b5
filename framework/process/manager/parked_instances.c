/* parked_instances.c - parks and retries instances; calls functions of
 * migrations/repeatable/processes.sql. */
#include "process/manager/parked_instances.h"

#include "core/report/log.h"
#include "core/threads/clock.h"
#include "process/react/inputs.h"

#include <string.h>

#define LOOK_US CAIRN_SECONDS(1)

enum { RANGE = 500 };

static const struct cairn_statement all_statement = {
    .name = "parked_instances",
    .sql = "select stream, position, again from cairn.parked_instances where process = $1",
};
static const struct cairn_statement park_statement = {
    .name = "park_instance",
    .sql = "select cairn.park_instance($1, $2, $3, $4, $5)",
};
static const struct cairn_statement unpark_statement = {
    .name = "unpark_instance",
    .sql = "select cairn.unpark_instance($1, $2, $3)",
};

/* ---- the list ---- */

static struct cairn_parked_instances_one *add(struct cairn_parked_instances *parked,
                                              const char *stream, int64_t position, bool again)
{
    struct cairn_parked_instances_one *one =
        cairn_new(&parked->arena, struct cairn_parked_instances_one, 1);
    *one = (struct cairn_parked_instances_one){cairn_copy_text(&parked->arena, stream), position,
                                               again};
    *cairn_map_at(&parked->streams, stream) = one;
    parked->again += again;
    return one;
}

int cairn_parked_instances_look(struct cairn_parked_instances *parked,
                                struct cairn_log_cursor *cursor, bool now,
                                struct cairn_error *error)
{
    if (!now && cairn_monotonic_us() - parked->looked_us < LOOK_US)
        return 0;
    struct cairn_pg_params params = {.arena = &cursor->step_arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, cursor->process);
    int64_t count =
        cairn_pg_call(cairn_log_cursor_pg(cursor), &all_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    parked->looked_us = cairn_monotonic_us();
    cairn_arena_reset(&parked->arena);
    parked->streams = cairn_map(&parked->arena);
    parked->again = 0;
    for (int64_t row = 0; row < count; row++)
        (void)add(parked, cairn_pg_text(rows, row, 0), cairn_pg_integer(rows, row, 1),
                  cairn_pg_bool(rows, row, 2));
    return 0;
}

static int call_fenced(struct cairn_log_cursor *cursor, const struct cairn_statement *statement,
                       const struct cairn_pg_params *params, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(cairn_log_cursor_pg(cursor), statement, params, &rows, error);
    if (count < 0)
        return (int)count;
    return cairn_pg_bool(rows, 0, 0)
               ? 0
               : cairn_fail(error, CAIRN_CONFLICT, "another process has taken over %s",
                            cursor->name);
}

static struct cairn_pg_params name_one(struct cairn_log_cursor *cursor, const char *stream)
{
    struct cairn_pg_params params = {.arena = &cursor->step_arena};
    cairn_pg_add_text(&params, cursor->process);
    cairn_pg_add_integer(&params, cursor->fence);
    cairn_pg_add_text(&params, stream);
    return params;
}

static int put(struct cairn_parked_instances *parked, struct cairn_log_cursor *cursor,
               const struct cairn_stuck *stuck, struct cairn_error *error)
{
    struct cairn_pg_params params = name_one(cursor, stuck->stream);
    cairn_pg_add_integer(&params, stuck->position);
    cairn_pg_add_text(&params, stuck->reason);
    int failed = call_fenced(cursor, &park_statement, &params, error);
    if (failed)
        return failed;
    if (!cairn_map_get(&parked->streams, stuck->stream))
        (void)add(parked, stuck->stream, stuck->position, false);
    cairn_log(CAIRN_LOG_ERROR, "a process is parked", CAIRN_LOG_TEXT("process", stuck->stream),
              CAIRN_LOG_INTEGER("position", stuck->position),
              CAIRN_LOG_TEXT("error", stuck->reason));
    return 0;
}

int cairn_parked_instances_put(struct cairn_parked_instances *parked,
                               struct cairn_log_cursor *cursor,
                               const struct cairn_input_batch *inputs, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < inputs->stuck_count && !failed; i++)
        failed = put(parked, cursor, &inputs->stuck[i], error);
    return failed;
}

/* ---- retries ---- */

/* Takes those of the events that are for this instance. */
static int take(struct cairn_input_batch *inputs, struct cairn_instance *instance,
                const struct cairn_stored_event *events, int64_t count, struct cairn_error *error)
{
    int failed = 0;
    for (int64_t i = 0; i < count && !failed; i++) {
        struct cairn_process_input input;
        struct cairn_uuid id = {{0}};
        if (cairn_is_own_event(inputs->process, &events[i]))
            continue;
        int outcome =
            cairn_input_from_event(inputs->process, &events[i], inputs->arena, &input, &id, error);
        if (outcome > 0 && input.when && input.when->association) {
            input.about = id;
            outcome = cairn_input_batch_take_all(inputs, &input, error);
        } else if (outcome > 0 && cairn_uuid_equal(id, instance->id)) {
            outcome = cairn_input_batch_take(inputs, instance, &input, error);
        }
        failed = outcome < 0 ? outcome : 0;
    }
    return failed;
}

/* Reads the log for one instance, up to the manager's position. Returns 0, and inputs->stuck says
 * whether it is stuck. */
static int read_on(struct cairn_log_cursor *cursor, const struct cairn_event_filter *filter,
                   struct cairn_input_batch *inputs, struct cairn_uuid id, int64_t from,
                   struct cairn_error *error)
{
    struct cairn_instance *instance = cairn_input_batch_want(inputs, id);
    int failed = cairn_input_batch_load(inputs, cairn_log_cursor_pg(cursor), error);
    if (failed)
        return failed;
    const struct cairn_process_input nothing = {.unreadable = instance->unreadable};
    if (instance->unreadable)
        return cairn_input_batch_take(inputs, instance, &nothing, error);
    while (from < cursor->position && !instance->stuck && !failed) {
        const struct cairn_stored_event *events = NULL;
        int64_t to = cursor->position - from > RANGE ? from + RANGE : cursor->position;
        int64_t count = cairn_store_read_filtered(cursor->store, from, to, filter, inputs->arena,
                                                  &events, error);
        failed = count < 0 ? (int)count : take(inputs, instance, events, count, error);
        from = to;
    }
    return failed ? failed : cairn_input_batch_append(inputs, cursor->parts.appender, error);
}

static struct cairn_parked_instances_one *find_wanted(const struct cairn_parked_instances *parked)
{
    for (size_t i = 0; i < parked->streams.count; i++) {
        struct cairn_parked_instances_one *one = parked->streams.entries[i].value;
        if (one->again)
            return one;
    }
    return NULL;
}

int cairn_parked_instances_retry(struct cairn_parked_instances *parked,
                                 struct cairn_log_cursor *cursor,
                                 const struct cairn_event_filter *filter,
                                 struct cairn_input_batch like, struct cairn_error *error)
{
    struct cairn_parked_instances_one *one = parked->again ? find_wanted(parked) : NULL;
    struct cairn_uuid id = {{0}};
    if (!one || cairn_stream_id(one->stream, &id) < 0)
        return 0;
    struct cairn_input_batch inputs = like;
    inputs.parked = NULL;
    int64_t from = one->position > 0 ? one->position - 1 : cursor->position;
    int failed = read_on(cursor, filter, &inputs, id, from, error);
    if (!failed && inputs.stuck_count > 0) {
        if (inputs.stuck[0].position == 0) /* not before the position it was parked at */
            inputs.stuck[0].position = one->position;
        failed = cairn_parked_instances_put(parked, cursor, &inputs, error);
        one->again = false;
        parked->again--;
        return failed;
    }
    struct cairn_pg_params params = name_one(cursor, one->stream);
    if (!failed)
        failed = call_fenced(cursor, &unpark_statement, &params, error);
    if (failed)
        return failed;
    cairn_log(CAIRN_LOG_INFO, "an instance has resumed", CAIRN_LOG_TEXT("process", one->stream));
    failed = cairn_parked_instances_look(parked, cursor, true, error);
    return failed ? failed : 1;
}

void cairn_parked_instances_close(struct cairn_parked_instances *parked)
{
    cairn_arena_close(&parked->arena);
}
