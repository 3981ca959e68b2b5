/* command.c - what a command with an Idempotency-Key was answered, if it was carried out before. */
#include "store/handle.h"

static const struct cairn_statement find_statement = {
    .name = "find_command",
    .sql = "select command_id, request_hash, known, same_request, status, stream, version,"
           " position, event_count from cairn.find_command($1, $2, $3)",
};

static void take_command(const struct cairn_pg_result *rows, struct cairn_arena *arena,
                         struct cairn_known_command *ret)
{
    *ret = (struct cairn_known_command){
        .key = {.id = cairn_copy_text(arena, cairn_pg_text(rows, 0, 0)),
                .request_hash = cairn_copy_text(arena, cairn_pg_text(rows, 0, 1))},
        .known = cairn_pg_bool(rows, 0, 2),
    };
    if (!ret->known)
        return;
    ret->status = cairn_pg_integer(rows, 0, 4);
    ret->stream = cairn_copy_text(arena, cairn_pg_text(rows, 0, 5));
    ret->version = cairn_pg_integer(rows, 0, 6);
    ret->position = cairn_pg_integer(rows, 0, 7);
    ret->event_count = cairn_pg_integer(rows, 0, 8);
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
    take_command(rows, arena, ret);
    if (ret->known && !cairn_pg_bool(rows, 0, 3))
        return cairn_fail(error, CAIRN_KEY_REUSED,
                          "the Idempotency-Key belongs to another request");
    return 0;
}
