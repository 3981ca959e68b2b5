/* snapshot.c - loads and stores snapshots of streams' states. */
#include "store/read/snapshot.h"

#include "store/handle.h"

#include <string.h>

static const struct cairn_statement load_statement = {
    .name = "load",
    .sql = "select " CAIRN_EVENT_COLUMNS_WITHIN(
        "8388608", "snapshot is null, version") ", snapshot"
                                                " from cairn.load($1, $2, $3, $4)"
                                                " order by snapshot is null, version",
};

static const struct cairn_statement load_many_statement = {
    .name = "load_many",
    .sql = "select " CAIRN_EVENT_COLUMNS_WITHIN(
        "16777216", "number, snapshot is null, version") ", snapshot, number"
                                                         " from cairn.load_many($1, $2, $3, $4, $5)"
                                                         " order by number, snapshot is null,"
                                                         "     version",
};

static const struct cairn_statement keep_statement = {
    .name = "keep_snapshot",
    .sql = "select cairn.keep_snapshot($1, $2, $3, $4, $5, $6)",
};

enum { SNAPSHOT = 8, NUMBER }; /* the columns */

static void add_key(struct cairn_pg_params *params, const struct cairn_snapshot_key *key)
{
    cairn_pg_add_text(params, key->stream);
    cairn_pg_add_text(params, key->kind);
    cairn_pg_add_integer(params, key->code_version);
}

static enum cairn_snapshot_found found_as(const char *word)
{
    if (strcmp(word, "usable") == 0)
        return CAIRN_SNAPSHOT_USABLE;
    return strcmp(word, "other-code") == 0 ? CAIRN_SNAPSHOT_OTHER_CODE : CAIRN_SNAPSHOT_OTHER_EVENT;
}

/* Reads a snapshot, if the first row before `end` is one. Returns how many rows it takes, 0 or
 * 1. */
static int64_t take_snapshot(const struct cairn_pg_result *rows, int64_t first, int64_t end,
                             struct cairn_arena *arena, struct cairn_snapshot *ret)
{
    *ret = (struct cairn_snapshot){.found = CAIRN_SNAPSHOT_NONE};
    if (first == end || cairn_pg_null(rows, first, SNAPSHOT))
        return 0;
    ret->found = found_as(cairn_pg_text(rows, first, SNAPSHOT));
    if (ret->found == CAIRN_SNAPSHOT_USABLE && cairn_pg_null(rows, first, 7))
        ret->found = CAIRN_SNAPSHOT_LEFT_OUT;
    if (ret->found == CAIRN_SNAPSHOT_USABLE) {
        ret->version = cairn_pg_integer(rows, first, 1);
        ret->position = cairn_pg_integer(rows, first, 2);
        ret->event_id = cairn_pg_uuid(rows, first, 5);
        ret->state_bytes = cairn_pg_bytes(rows, first, 7);
        ret->state = cairn_copy_bytes(arena, cairn_pg_text(rows, first, 7), ret->state_bytes);
    }
    return 1;
}

int64_t cairn_store_load(struct cairn_store *store, const struct cairn_snapshot_key *key,
                         int64_t limit, struct cairn_arena *arena, struct cairn_snapshot *ret,
                         const struct cairn_stored_event **ret_events, bool *ret_more,
                         struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    add_key(&params, key);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &load_statement, &params, &rows, error);
    if (count < 0)
        return count;
    int failed = cairn_await_rows(store, rows, 0, count, error);
    if (failed)
        return failed;
    int64_t first = take_snapshot(rows, 0, count, arena, ret);
    int64_t within = cairn_count_within(rows, first, count);
    *ret_events = cairn_take_events(rows, first, first + within, arena);
    *ret_more = count - first == limit || within < count - first;
    return within;
}

/* Reads the rows of each load, which begin where those of the one before end. */
static void take_loads(const struct cairn_pg_result *rows, int64_t row_count,
                       struct cairn_load *loads, size_t count, int64_t limit,
                       struct cairn_arena *arena)
{
    int64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t end = first;
        while (end < row_count && cairn_pg_integer(rows, end, NUMBER) == (int64_t)i + 1)
            end++;
        first += take_snapshot(rows, first, end, arena, &loads[i].snapshot);
        loads[i].count = cairn_count_within(rows, first, end);
        loads[i].events = cairn_take_events(rows, first, first + loads[i].count, arena);
        loads[i].more = end - first == limit || loads[i].count < end - first ||
                        loads[i].snapshot.found == CAIRN_SNAPSHOT_LEFT_OUT;
        first = end;
    }
}

int cairn_store_load_many(struct cairn_store *store, struct cairn_load *loads, size_t count,
                          int64_t limit, struct cairn_arena *arena, struct cairn_error *error)
{
    const size_t stride = sizeof *loads;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_texts(&params, &loads->key.stream, stride, count);
    cairn_pg_add_texts(&params, &loads->key.kind, stride, count);
    cairn_pg_add_integers(&params, &loads->key.code_version, stride, count);
    cairn_pg_add_integers(&params, &loads->after, stride, count);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t row_count = cairn_pg_call(store->pg, &load_many_statement, &params, &rows, error);
    if (row_count < 0)
        return (int)row_count;
    int failed = cairn_await_rows(store, rows, 0, row_count, error);
    if (failed)
        return failed;
    take_loads(rows, row_count, loads, count, limit, arena);
    return 0;
}

int cairn_store_keep(struct cairn_store *store, const struct cairn_snapshot_key *key,
                     const struct cairn_snapshot *snapshot, struct cairn_arena *arena,
                     struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    add_key(&params, key);
    cairn_pg_add_integer(&params, snapshot->version);
    cairn_pg_add_uuid(&params, snapshot->event_id);
    cairn_pg_add_json(&params, snapshot->state);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &keep_statement, &params, &rows, error);
    return count < 0 ? (int)count : cairn_pg_bool(rows, 0, 0);
}
