/* command.c - looks up whether commands with an Idempotency-Key were carried out, and their
 * answers. */
#include "core/text/sha256.h"
#include "core/text/text.h"
#include "store/handle.h"

#include <string.h>

static const struct cairn_statement statement = {
    .name = "find_commands",
    .sql = "select request_hash, status, stream, version, position, event_count"
           " from cairn.find_commands($1)",
};

static struct cairn_uuid uuid_of(const uint8_t digest[static CAIRN_DIGEST_BYTES])
{
    struct cairn_uuid id;
    memcpy(id.bytes, digest, sizeof id.bytes);
    id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

struct cairn_command_key cairn_command_key(struct cairn_arena *arena, const char *service,
                                           const char *key, const void *request,
                                           size_t request_bytes)
{
    uint8_t digest[CAIRN_DIGEST_BYTES];
    const char *text = cairn_print(arena, "%s\n%s", service, key);
    cairn_sha256(text, strlen(text), digest);
    struct cairn_command_key ret = {.id = uuid_of(digest)};
    cairn_sha256(request, request_bytes, digest);
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof hash; i++)
        hash = hash << 8 | digest[i];
    memcpy(&ret.request_hash, &hash, sizeof hash);
    return ret;
}

/* What was carried out is acknowledged once it is on disk. */
static int await_commands(struct cairn_store *store, const struct cairn_pg_result *rows,
                          int64_t count, struct cairn_error *error)
{
    int64_t last = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t position = cairn_pg_null(rows, i, 0) ? 0 : cairn_pg_integer(rows, i, 4);
        last = position > last ? position : last;
    }
    return cairn_store_await_durable(store, last, error);
}

static int take_command(const struct cairn_pg_result *rows, int64_t row, struct cairn_arena *arena,
                        struct cairn_known_command *ret, struct cairn_error *error)
{
    ret->known = !cairn_pg_null(rows, row, 0);
    if (!ret->known)
        return 0;
    if (cairn_pg_null(rows, row, 2))
        return cairn_fail(error, CAIRN_BUG,
                          "the log has no event at %" PRId64 ", with which a command ended: run"
                          " `cairn verify`",
                          cairn_pg_integer(rows, row, 4));
    ret->status = cairn_pg_integer(rows, row, 1);
    ret->stream = cairn_copy_text(arena, cairn_pg_text(rows, row, 2));
    ret->version = cairn_pg_integer(rows, row, 3);
    ret->position = cairn_pg_integer(rows, row, 4);
    ret->event_count = cairn_pg_integer(rows, row, 5);
    if (cairn_pg_integer(rows, row, 0) == ret->key.request_hash)
        return 0;
    return cairn_fail(error, CAIRN_KEY_REUSED, "the Idempotency-Key belongs to another request");
}

int cairn_store_find_command(struct cairn_store *store, const char *service, const char *key,
                             const void *request, size_t request_bytes, struct cairn_arena *arena,
                             struct cairn_known_command *ret, struct cairn_error *error)
{
    struct cairn_command_query query = {
        .service = service,
        .key = key,
        .request = request,
        .request_bytes = request_bytes,
        .arena = arena,
        .ret = ret,
        .error = error,
    };
    int failed = cairn_store_find_commands(store, &query, 1, arena, error);
    return failed ? failed : query.outcome;
}

int cairn_store_find_commands(struct cairn_store *store, struct cairn_command_query *queries,
                              size_t count, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_array ids = cairn_pg_array(CAIRN_PG_UUIDS, arena);
    for (size_t i = 0; i < count; i++) {
        const struct cairn_command_query *query = &queries[i];
        *query->ret = (struct cairn_known_command){
            .key = cairn_command_key(query->arena, query->service, query->key, query->request,
                                     query->request_bytes)};
        cairn_pg_array_uuid(&ids, query->ret->key.id);
    }
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_array(&params, &ids);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t found = cairn_pg_call(store->pg, &statement, &params, &rows, error);
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
