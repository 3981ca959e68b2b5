/* aside.c - parks and retries instances; calls functions of migrations/repeatable/processes.sql. */
#include "process/aside.h"

#include "core/clock.h"
#include "core/log.h"
#include "process/arrive.h"

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

static struct cairn_aside_one *add(struct cairn_aside *aside, const char *stream, int64_t position,
                                   bool again)
{
    struct cairn_aside_one *one = cairn_new(&aside->arena, struct cairn_aside_one, 1);
    *one = (struct cairn_aside_one){cairn_copy_text(&aside->arena, stream), position, again};
    *cairn_map_at(&aside->streams, stream) = one;
    aside->again += again;
    return one;
}

int cairn_aside_look(struct cairn_aside *aside, struct cairn_place *place, bool now,
                     struct cairn_error *error)
{
    if (!now && cairn_monotonic_us() - aside->looked_us < LOOK_US)
        return 0;
    struct cairn_pg_params params = {.arena = &place->batch};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, place->process);
    int64_t count = cairn_pg_call(cairn_place_pg(place), &all_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    aside->looked_us = cairn_monotonic_us();
    cairn_arena_reset(&aside->arena);
    aside->streams = cairn_map(&aside->arena);
    aside->again = 0;
    for (int64_t row = 0; row < count; row++)
        (void)add(aside, cairn_pg_text(rows, row, 0), cairn_pg_integer(rows, row, 1),
                  cairn_pg_bool(rows, row, 2));
    return 0;
}

static int call_fenced(struct cairn_place *place, const struct cairn_statement *statement,
                       const struct cairn_pg_params *params, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(cairn_place_pg(place), statement, params, &rows, error);
    if (count < 0)
        return (int)count;
    return cairn_pg_bool(rows, 0, 0)
               ? 0
               : cairn_fail(error, CAIRN_CONFLICT, "somebody else has taken %s over", place->name);
}

static struct cairn_pg_params name_one(struct cairn_place *place, const char *stream)
{
    struct cairn_pg_params params = {.arena = &place->batch};
    cairn_pg_add_text(&params, place->process);
    cairn_pg_add_integer(&params, place->fence);
    cairn_pg_add_text(&params, stream);
    return params;
}

static int put(struct cairn_aside *aside, struct cairn_place *place,
               const struct cairn_stuck *stuck, struct cairn_error *error)
{
    struct cairn_pg_params params = name_one(place, stuck->stream);
    cairn_pg_add_integer(&params, stuck->position);
    cairn_pg_add_text(&params, stuck->reason);
    int failed = call_fenced(place, &park_statement, &params, error);
    if (failed)
        return failed;
    if (!cairn_map_get(&aside->streams, stuck->stream))
        (void)add(aside, stuck->stream, stuck->position, false);
    cairn_log(CAIRN_LOG_ERROR, "a process is parked", CAIRN_LOG_TEXT("process", stuck->stream),
              CAIRN_LOG_INTEGER("position", stuck->position),
              CAIRN_LOG_TEXT("error", stuck->reason));
    return 0;
}

int cairn_aside_put(struct cairn_aside *aside, struct cairn_place *place,
                    const struct cairn_inputs *inputs, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < inputs->stuck_count && !failed; i++)
        failed = put(aside, place, &inputs->stuck[i], error);
    return failed;
}

/* ---- retries ---- */

/* Takes those of the events that are for this instance. */
static int take(struct cairn_inputs *inputs, struct cairn_instance *instance,
                const struct cairn_stored_event *events, int64_t count, struct cairn_error *error)
{
    int failed = 0;
    for (int64_t i = 0; i < count && !failed; i++) {
        struct cairn_arrival arrival;
        struct cairn_uuid id = {{0}};
        if (cairn_is_own_event(inputs->process, &events[i]))
            continue;
        int outcome =
            cairn_arrive_event(inputs->process, &events[i], inputs->arena, &arrival, &id, error);
        if (outcome > 0 && cairn_uuid_equal(id, instance->id))
            outcome = cairn_inputs_take(inputs, instance, &arrival, error);
        failed = outcome < 0 ? outcome : 0;
    }
    return failed;
}

/* Reads the log for one instance, up to the manager's position. Returns 0, and inputs->stuck says
 * whether it is stuck. */
static int read_on(struct cairn_place *place, const struct cairn_event_filter *filter,
                   struct cairn_inputs *inputs, struct cairn_uuid id, int64_t from,
                   struct cairn_error *error)
{
    struct cairn_instance *instance = cairn_inputs_want(inputs, id);
    int failed = cairn_inputs_load(inputs, cairn_place_pg(place), error);
    if (failed)
        return failed;
    const struct cairn_arrival nothing = {.unreadable = instance->unreadable};
    if (instance->unreadable)
        return cairn_inputs_take(inputs, instance, &nothing, error);
    while (from < place->position && !instance->stuck && !failed) {
        const struct cairn_stored_event *events = NULL;
        int64_t to = place->position - from > RANGE ? from + RANGE : place->position;
        int64_t count = cairn_store_read_filtered(place->store, from, to, filter, inputs->arena,
                                                  &events, error);
        failed = count < 0 ? (int)count : take(inputs, instance, events, count, error);
        from = to;
    }
    return failed ? failed : cairn_inputs_append(inputs, place->parts.appender, error);
}

static struct cairn_aside_one *find_wanted(const struct cairn_aside *aside)
{
    for (size_t i = 0; i < aside->streams.count; i++) {
        struct cairn_aside_one *one = aside->streams.entries[i].value;
        if (one->again)
            return one;
    }
    return NULL;
}

int cairn_aside_retry(struct cairn_aside *aside, struct cairn_place *place,
                      const struct cairn_event_filter *filter, struct cairn_inputs like,
                      struct cairn_error *error)
{
    struct cairn_aside_one *one = aside->again ? find_wanted(aside) : NULL;
    struct cairn_uuid id = {{0}};
    if (!one || cairn_stream_id(one->stream, &id) < 0)
        return 0;
    struct cairn_inputs inputs = like;
    inputs.parked = NULL;
    int64_t from = one->position > 0 ? one->position - 1 : place->position;
    int failed = read_on(place, filter, &inputs, id, from, error);
    if (!failed && inputs.stuck_count > 0) {
        if (inputs.stuck[0].position == 0) /* not before the position it was parked at */
            inputs.stuck[0].position = one->position;
        failed = cairn_aside_put(aside, place, &inputs, error);
        one->again = false;
        aside->again--;
        return failed;
    }
    struct cairn_pg_params params = name_one(place, one->stream);
    if (!failed)
        failed = call_fenced(place, &unpark_statement, &params, error);
    if (failed)
        return failed;
    cairn_log(CAIRN_LOG_INFO, "a process goes on", CAIRN_LOG_TEXT("process", one->stream));
    failed = cairn_aside_look(aside, place, true, error);
    return failed ? failed : 1;
}

void cairn_aside_close(struct cairn_aside *aside)
{
    cairn_arena_close(&aside->arena);
}
