/* command.c - looks up whether commands with an Idempotency-Key were carried out, and their
 * answers. */
#include "store/handle.h"

static const struct cairn_statement find_statement = {
    .name = "find_command",
    .sql = "select command_id, request_hash, known, same_request, status, stream, version,"
           " position, event_count from cairn.find_command($1, $2, $3)",
};

static const struct cairn_statement find_many_statement = {
    .name = "find_commands",
    .sql = "select command_id, request_hash, known, same_request, status, stream, version,"
           " position, event_count from cairn.find_commands($1, $2, $3)",
};

/* What was carried out is acknowledged once it is on disk. */
static int await_commands(struct cairn_store *store, const struct cairn_pg_result *rows,
                          int64_t count, struct cairn_error *error)
{
    int64_t last = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t position = cairn_pg_bool(rows, i, 2) ? cairn_pg_integer(rows, i, 7) : 0;
        last = position > last ? position : last;
    }
    return cairn_store_await_durable(store, last, error);
}

static int take_command(const struct cairn_pg_result *rows, int64_t row, struct cairn_arena *arena,
                        struct cairn_known_command *ret, struct cairn_error *error)
{
    *ret = (struct cairn_known_command){
        .key = {.id = cairn_copy_text(arena, cairn_pg_text(rows, row, 0)),
                .request_hash = cairn_copy_text(arena, cairn_pg_text(rows, row, 1))},
        .known = cairn_pg_bool(rows, row, 2),
    };
    if (!ret->known)
        return 0;
    ret->status = cairn_pg_integer(rows, row, 4);
    ret->stream = cairn_copy_text(arena, cairn_pg_text(rows, row, 5));
    ret->version = cairn_pg_integer(rows, row, 6);
    ret->position = cairn_pg_integer(rows, row, 7);
    ret->event_count = cairn_pg_integer(rows, row, 8);
    if (cairn_pg_bool(rows, row, 3))
        return 0;
    return cairn_fail(error, CAIRN_KEY_REUSED, "the Idempotency-Key belongs to another request");
}

int cairn_store_find_command(struct cairn_store *store, const char *service, const char *key,
                             const void *request, size_t request_bytes, struct cairn_arena *arena,
                             struct cairn_known_command *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, service);
    cairn_pg_add_text(&params, key);
    cairn_pg_add_bytes(&params, request, request_bytes);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &find_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    int failed = await_commands(store, rows, 1, error);
    return failed ? failed : take_command(rows, 0, arena, ret, error);
}

int cairn_store_find_commands(struct cairn_store *store, struct cairn_command_query *queries,
                              size_t count, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_array requests = cairn_pg_array(CAIRN_PG_BYTES, arena);
    for (size_t i = 0; i < count; i++)
        cairn_pg_array_bytes(&requests, queries[i].request, queries[i].request_bytes);
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_texts(&params, &queries->service, sizeof *queries, count);
    cairn_pg_add_texts(&params, &queries->key, sizeof *queries, count);
    cairn_pg_add_array(&params, &requests);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t found = cairn_pg_call(store->pg, &find_many_statement, &params, &rows, error);
    if (found < 0)
        return (int)found;
    if (found != (int64_t)count)
        return cairn_fail(error, CAIRN_BUG, "%zu commands were looked up, and %" PRId64 " found",
                          count, found);
    int failed = await_commands(store, rows, found, error);
    if (failed)
        return failed;
    for (size_t i = 0; i < count; i++) {
        struct cairn_command_query *query = &queries[i];
        query->outcome = take_command(rows, (int64_t)i, query->arena, query->ret, query->error);
    }
    return 0;
}
