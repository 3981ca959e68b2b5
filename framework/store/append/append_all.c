/* append_all.c - collects what cairn.append_all needs beside the columns of the batch, and calls
 * it. */
#include "store/append/append_all.h"

#include "store/handle.h"

/* The columns of this path alone. */
enum column {
    VERSIONS,
    NUMBERS,
    BEFORE_IDS,
    COMMAND_ENDS,
    CHECKED_STREAMS,
    CHECKED_VERSIONS,
    CHECKED_IDS,
    COLUMNS,
};

struct cairn_append_all {
    bool is_possible;
    struct cairn_pg_array columns[COLUMNS];
};

static const enum cairn_pg_element elements[COLUMNS] = {
    [VERSIONS] = CAIRN_PG_INTEGERS,     [NUMBERS] = CAIRN_PG_INTEGERS,
    [BEFORE_IDS] = CAIRN_PG_UUIDS,      [COMMAND_ENDS] = CAIRN_PG_INTEGERS,
    [CHECKED_STREAMS] = CAIRN_PG_TEXTS, [CHECKED_VERSIONS] = CAIRN_PG_INTEGERS,
    [CHECKED_IDS] = CAIRN_PG_UUIDS,
};

static const struct cairn_statement statement = {
    .name = "append_all",
    .sql = "select position, deferred, waited_us, worked_us from cairn.append_all"
           "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
};

/* ---- adding ---- */

void cairn_append_all_init(struct cairn_append_batch *batch)
{
    struct cairn_append_all *all = cairn_new(batch->arena, struct cairn_append_all, 1);
    all->is_possible = true;
    for (int i = 0; i < COLUMNS; i++)
        all->columns[i] = cairn_pg_array(elements[i], batch->arena);
    batch->all = all;
}

static void put_integer(struct cairn_append_all *all, enum column column, int64_t value)
{
    cairn_pg_array_integer(&all->columns[column], value);
}

/* Returns whether a stream that the batch has written to ends as expected. */
static bool is_as_expected(const struct cairn_batch_stream *stream,
                           const struct cairn_expected *expected)
{
    return stream->events == 0 || (stream->version == expected->version &&
                                   (cairn_uuid_is_zero(expected->event_id) ||
                                    cairn_uuid_equal(stream->last_id, expected->event_id)));
}

static bool has_tags(const struct cairn_write *write)
{
    for (size_t i = 0; i < write->event_count; i++) {
        if (write->events[i].tag_count > 0)
            return true;
    }
    return false;
}

static bool is_simple(const struct cairn_write *write, const struct cairn_batch_stream *stream)
{
    if (write->expected.version < 0 || write->event_count == 0 || write->claim_count > 0 ||
        has_tags(write) || !is_as_expected(stream, &write->expected))
        return false;
    for (size_t i = 0; i < write->command_count; i++) {
        if (write->commands[i].event_count == 0)
            return false;
    }
    return true;
}

void cairn_append_all_add_write(struct cairn_append_batch *batch, const struct cairn_write *write,
                                struct cairn_batch_stream *stream)
{
    struct cairn_append_all *all = batch->all;
    all->is_possible = all->is_possible && is_simple(write, stream);
    if (!all->is_possible)
        return;
    for (size_t i = 0; i < write->command_count; i++) {
        const struct cairn_new_command *command = &write->commands[i];
        put_integer(all, COMMAND_ENDS, (int64_t)(batch->event_count + command->events_to));
    }
    for (size_t i = 0; i < write->event_count; i++) {
        put_integer(all, VERSIONS, write->expected.version + (int64_t)i + 1);
        put_integer(all, NUMBERS, (int64_t)++stream->events);
        cairn_pg_array_uuid(&all->columns[BEFORE_IDS], stream->events == 1
                                                           ? write->expected.event_id
                                                           : (struct cairn_uuid){0});
    }
    stream->version = write->expected.version + (int64_t)write->event_count;
    stream->last_id = write->events[write->event_count - 1].id;
}

void cairn_append_all_add_check(struct cairn_append_batch *batch,
                                const struct cairn_expected *check,
                                const struct cairn_batch_stream *stream)
{
    struct cairn_append_all *all = batch->all;
    if (check->version < 0 || stream->events > 0) {
        all->is_possible = false;
        return;
    }
    cairn_pg_array_text(&all->columns[CHECKED_STREAMS], check->stream);
    put_integer(all, CHECKED_VERSIONS, check->version);
    cairn_pg_array_uuid(&all->columns[CHECKED_IDS], check->event_id);
}

/* ---- calling ---- */

static void add_params(struct cairn_append_batch *batch, struct cairn_pg_params *params)
{
    struct cairn_pg_array *own = batch->all->columns;
    struct cairn_pg_array *shared = batch->columns;
    struct cairn_pg_array *in_order[] = {
        &shared[CAIRN_COL_EVENT_STREAMS],
        &own[VERSIONS],
        &own[NUMBERS],
        &own[BEFORE_IDS],
        &shared[CAIRN_COL_EVENT_IDS],
        &shared[CAIRN_COL_EVENT_TYPES],
        &shared[CAIRN_COL_EVENT_SCHEMA_VERSIONS],
        &shared[CAIRN_COL_EVENT_DATA],
        &shared[CAIRN_COL_EVENT_METAS],
        &own[COMMAND_ENDS],
        &shared[CAIRN_COL_COMMAND_IDS],
        &shared[CAIRN_COL_COMMAND_HASHES],
        &shared[CAIRN_COL_COMMAND_STATUSES],
        &shared[CAIRN_COL_COMMAND_EVENTS],
        &own[CHECKED_STREAMS],
        &own[CHECKED_VERSIONS],
        &own[CHECKED_IDS],
    };
    for (size_t i = 0; i < sizeof in_order / sizeof *in_order; i++)
        cairn_pg_add_array(params, in_order[i]);
    cairn_pg_add_bool(params, batch->deferred);
    cairn_pg_add_integer(params, batch->durable);
}

static bool is_possible(const struct cairn_append_batch *batch)
{
    return batch->all->is_possible && !batch->tags && batch->event_count > 0;
}

static int read_answer(struct cairn_append_batch *batch, const struct cairn_pg_result *rows)
{
    if (cairn_pg_null(rows, 0, 0))
        return 1;
    batch->is_whole = true;
    batch->from = cairn_pg_integer(rows, 0, 0);
    batch->deferred = cairn_pg_bool(rows, 0, 1);
    batch->waited_us = cairn_pg_integer(rows, 0, 2);
    batch->worked_us = cairn_pg_integer(rows, 0, 3);
    return 0;
}

int cairn_append_all_call(struct cairn_append_batch *batch, struct cairn_store *store,
                          struct cairn_error *error)
{
    if (!is_possible(batch))
        return 1;
    struct cairn_pg_params params = {.arena = batch->arena};
    add_params(batch, &params);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &statement, &params, &rows, error);
    return count < 0 ? (int)count : read_answer(batch, rows);
}

bool cairn_append_all_queue(struct cairn_append_batch *batch, struct cairn_store *store)
{
    if (!is_possible(batch))
        return false;
    struct cairn_pg_params params = {.arena = batch->arena};
    add_params(batch, &params);
    return cairn_pg_queue(store->pg, &statement, &params);
}

int cairn_append_all_take(struct cairn_append_batch *batch, struct cairn_store *store,
                          struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_take_queued(store->pg, &rows, error);
    int failed = count < 0 ? (int)count : read_answer(batch, rows);
    batch->all->is_possible = !failed; /* it is not tried as a whole again */
    return failed;
}
