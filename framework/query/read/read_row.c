/* read_row.c - reads one row by its key from PostgreSQL. */
#include "core/text/sha256.h"
#include "query/models/read_sql.h"
#include "query/read/fresh.h"
#include "record/json.h"

#include <string.h>

/* The ETag is made from the content: changes elsewhere in the read model do not affect it. */
const char *cairn_query_body_etag(const struct cairn_query_read *read)
{
    uint8_t digest[CAIRN_DIGEST_BYTES];
    struct cairn_buffer out = cairn_buffer(read->arena);
    cairn_sha256(read->body, read->body_bytes, digest);
    cairn_buffer_print(&out, "W/\"%" PRId64 ".", read->known->generation);
    for (int i = 0; i < 12; i++)
        cairn_buffer_print(&out, "%02x", digest[i]);
    cairn_buffer_char(&out, '"');
    return out.text;
}

/* The version of its stream identifies the state of a row that is the fold of one stream. No
 * number identifies that of other rows: parked events are applied one after the other at the
 * same checkpoint. */
const char *cairn_query_row_etag(const struct cairn_query_read *read, int64_t version)
{
    if (!cairn_query_by_stream(read->resource->projection))
        return cairn_query_body_etag(read);
    return cairn_print(read->arena, "\"%" PRId64 ".%" PRId64 "\"", version,
                       read->known->generation);
}

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
    read->etag = cairn_query_row_etag(read, cairn_pg_integer(rows, 0, CAIRN_QUERY_VERSION));
    return 0;
}

/* Sets read->changed, also from the tombstone of a deleted row. */
static int find_row(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                    struct cairn_error *error)
{
    bool known = !cairn_pg_null(rows, 0, CAIRN_QUERY_KEY);
    read->changed = known ? cairn_pg_integer(rows, 0, CAIRN_QUERY_CHANGED) : 0;
    if (known && !cairn_pg_bool(rows, 0, CAIRN_QUERY_IS_DELETED))
        return 0;
    return cairn_fail(error, CAIRN_NOT_FOUND, "there is no such row in %s: %s",
                      read->resource->projection->name, read->ask->key);
}

/* Returns the statement by key, of all rows or of those of an owner; it is created on first use. */
static const struct cairn_statement *statement_for(struct cairn_query_read *read)
{
    struct cairn_query_model *model = read->model;
    const struct cairn_field *owner = read->ask->owner.field;
    const char *name = owner ? cairn_print(read->arena, "by key, %s", owner->name) : "by key";
    void **place = cairn_query_statement_at(model, name);
    if (!*place)
        *place =
            cairn_query_statement(read->context, model,
                                  cairn_query_sql_by_key(&model->arena, model->known.projection,
                                                         model->known.generation, owner));
    return *place;
}

int cairn_query_read_row(struct cairn_query_read *read, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = read->arena};
    read->source = "postgres";
    cairn_pg_add_text(&params, read->resource->projection->name);
    cairn_pg_add_integer(&params, read->known->generation);
    cairn_pg_add_text(&params, read->ask->key);
    if (read->ask->owner.field)
        cairn_query_owner_add(&params, &read->ask->owner);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_query_ask_postgres(read, statement_for(read), &params, &rows, error);
    if (count < 0)
        return (int)count;
    int failed = cairn_query_standing(read, rows, error);
    if (!failed && read->ask->token && cairn_pg_bool(rows, 0, CAIRN_QUERY_IS_PARKED))
        failed = cairn_fail(error, CAIRN_PARKED,
                            "an event could not be applied to %s: without Cairn-Position its "
                            "state before that event is answered",
                            read->ask->key);
    if (!failed)
        failed = find_row(read, rows, error);
    return failed ? failed : show_row(read, rows, error);
}
