/* resource.c - one row by its key: from Redis as stored bytes, else from PostgreSQL.
 *
 * Redis answers if it has the row and the checkpoint, both of this timeline and this generation,
 * and the checkpoint is at or past what the client wants. Anything else is asked of PostgreSQL,
 * also a row that Redis lacks: only PostgreSQL's snapshot can say that there is none. */
#include "query/fresh.h"
#include "query/sql.h"
#include "record/json.h"

#include <stdlib.h>
#include <string.h>

/* The version of its stream says all about a row that is the fold of one stream. Another row is
 * told by the event that changed it last, in an ETag that no command takes. */
static const char *row_etag(const struct cairn_query_read *read, int64_t version, int64_t changed)
{
    int64_t generation = read->model->generation;
    if (cairn_query_by_stream(read->resource->projection))
        return cairn_print(read->arena, "\"%" PRId64 ".%" PRId64 "\"", version, generation);
    return cairn_print(read->arena, "W/\"%" PRId64 ".%" PRId64 "\"", generation, changed);
}

/* ---- Redis ---- */

/* Reads `count` numbers with one space between them. Returns what follows, or NULL. */
static const char *read_numbers(const char *text, int64_t *ret, int count)
{
    for (int i = 0; i < count; i++) {
        if (i && *text++ != ' ')
            return NULL;
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 18)
            return NULL;
        ret[i] = strtoll(text, NULL, 10);
        text += digits;
    }
    return text;
}

/* "EPOCH POSITION VERSION GENERATION\nJSON" and "EPOCH POSITION FENCE". Returns whether they
 * answer the request. */
static bool take_copy(struct cairn_query_read *read, const struct cairn_redis_reply *row,
                      const struct cairn_redis_reply *checkpoint)
{
    int64_t about[4];
    int64_t at[2];
    if (row->kind != CAIRN_REDIS_TEXT || checkpoint->kind != CAIRN_REDIS_TEXT)
        return false;
    const char *json = read_numbers(row->text, about, 4);
    if (!json || *json++ != '\n' || !read_numbers(checkpoint->text, at, 2))
        return false;
    int64_t epoch = read->model->timeline.epoch;
    if (about[0] != epoch || at[0] != epoch || about[3] != read->model->generation ||
        at[1] < read->at_least)
        return false;

    read->position = at[1];
    read->body = json;
    read->body_bytes = row->bytes - (size_t)(json - row->text);
    read->etag = row_etag(read, about[2], about[1]);
    return read->body_bytes > 0;
}

static bool read_copy(struct cairn_query_read *read)
{
    if (!read->context->redis)
        return false;
    const struct cairn_redis_arg args[] = {
        CAIRN_ARG("MGET"),
        CAIRN_ARG(cairn_print(read->arena, "%s%s", read->model->row_prefix, read->ask->key)),
        CAIRN_ARG(read->model->checkpoint_key),
    };
    struct cairn_redis_reply reply;
    int failed = cairn_redis_call(read->context->redis, args, sizeof args / sizeof args[0],
                                  read->arena, &reply, NULL);
    return !failed && reply.kind == CAIRN_REDIS_LIST && reply.count == 2 &&
           take_copy(read, &reply.items[0], &reply.items[1]);
}

/* ---- PostgreSQL ---- */

int64_t cairn_query_ask_postgres(struct cairn_query_read *read,
                                 const struct cairn_statement *statement,
                                 const struct cairn_pg_params *params, struct cairn_pg_result **ret,
                                 struct cairn_error *error)
{
    int64_t count = cairn_pg_call(read->context->pg, statement, params, ret, error);
    if (count < 0)
        read->outdated = strcmp(cairn_pg_state(read->context->pg), "42P01") == 0;
    if (count == 0)
        return cairn_fail(error, CAIRN_SCHEMA, "cairn.store is empty");
    return count;
}

int cairn_query_decode_row(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                           int64_t row, void **ret, struct cairn_error *error)
{
    const struct cairn_record *record = read->resource->projection->row;
    *ret = cairn_arena_alloc(read->arena, record->size, record->align);
    int failed = cairn_record_decode(record, cairn_pg_text(rows, row, CAIRN_QUERY_JSON),
                                     cairn_pg_bytes(rows, row, CAIRN_QUERY_JSON), CAIRN_LENIENT,
                                     read->arena, *ret, error);
    return failed ? cairn_fail(error, CAIRN_BUG, "a stored row cannot be read") : 0;
}

/* The struct goes through the encoder that fills Redis, so both stores answer the same bytes. */
static int show_row(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                    struct cairn_error *error)
{
    struct cairn_error why = {0};
    void *value;
    if (cairn_query_decode_row(read, rows, 0, &value, &why) < 0)
        return cairn_fail(error, CAIRN_BUG, "row %s of read model %s: %.300s", read->ask->key,
                          read->resource->projection->name, why.message);
    struct cairn_buffer out = cairn_buffer(read->arena);
    cairn_record_encode(read->resource->projection->row, value, &out);
    read->body = out.text;
    read->body_bytes = out.length;
    read->etag = row_etag(read, cairn_pg_integer(rows, 0, CAIRN_QUERY_VERSION),
                          cairn_pg_integer(rows, 0, CAIRN_QUERY_CHANGED));
    return 0;
}

static int read_truth(struct cairn_query_read *read, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = read->arena};
    cairn_pg_add_text(&params, read->resource->projection->name);
    cairn_pg_add_integer(&params, read->model->generation);
    cairn_pg_add_text(&params, read->ask->key);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_query_ask_postgres(read, &read->model->by_key, &params, &rows, error);
    if (count < 0)
        return (int)count;
    int failed = cairn_query_standing(read, rows, error);
    if (failed)
        return failed;
    if (cairn_pg_null(rows, 0, CAIRN_QUERY_KEY))
        return cairn_fail(error, CAIRN_NOT_FOUND, "there is no such row in %s: %s",
                          read->resource->projection->name, read->ask->key);
    if (read->ask->token && cairn_pg_bool(rows, 0, CAIRN_QUERY_IS_PARKED))
        return cairn_fail(error, CAIRN_PARKED,
                          "an event could not be applied to %s: without Cairn-Position its state "
                          "before that event is answered",
                          read->ask->key);
    return show_row(read, rows, error);
}

int cairn_query_read_row(struct cairn_query_read *read, struct cairn_error *error)
{
    read->source = "redis";
    if (read_copy(read))
        return 0;
    read->source = "postgres";
    return read_truth(read, error);
}
