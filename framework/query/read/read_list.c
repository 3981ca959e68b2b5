/* read_list.c - reads a page of rows from PostgreSQL.
 *
 * Pages are linked by keyset: the next page begins after the last row of this one, wherever that
 * row would be by then, so rows inserted meanwhile make no client see a row twice or miss one. */
#include "core/text/sha256.h"
#include "query/models/read_sql.h"
#include "query/read/fresh.h"
#include "record/json.h"

#include <string.h>

/* Returns the statement for this combination of filters; it is created on first use. */
static const struct cairn_statement *statement_for(struct cairn_query_read *read)
{
    struct cairn_query_model *model = read->model;
    const struct cairn_query_ask *ask = read->ask;
    const struct cairn_query_page page = {.resource = read->resource,
                                          .generation = model->known.generation,
                                          .given = ask->given,
                                          .owner = ask->owner.field,
                                          .after = ask->after};
    void **place = cairn_query_statement_at(
        model, cairn_print(read->arena, "%s %x %d %d", read->resource->path, (unsigned)ask->given,
                           page.owner != NULL, page.after));
    if (!*place)
        *place =
            cairn_query_statement(read->context, model, cairn_query_sql_list(&model->arena, &page));
    return *place;
}

/* Fetching one row more than the page tells whether there is a next page. */
static void add_params(struct cairn_pg_params *params, const struct cairn_query_read *read)
{
    const struct cairn_query_ask *ask = read->ask;
    cairn_pg_add_text(params, read->resource->projection->name);
    cairn_pg_add_integer(params, read->known->generation);
    cairn_pg_add_integer(params, read->at_least);
    cairn_pg_add_integer(params, ask->limit + 1);
    if (ask->owner.field)
        cairn_query_owner_add(params, &ask->owner);
    for (uint32_t i = 0; i < CAIRN_FILTERS_MAX; i++) {
        if (ask->given & 1U << i)
            cairn_query_operand_add(params, &ask->values[i]);
    }
    if (ask->after && read->resource->order)
        cairn_query_operand_add(params, &ask->after_value);
    if (ask->after)
        cairn_pg_add_text(params, ask->cursor.key);
}

/* Without a configured secret, the store's id is used, of which clients know only the first 8
 * digits: all replicas have it, so it need not be distributed. */
static struct cairn_query_seal seal_of(const struct cairn_query_read *read)
{
    const char *secret = read->visit->engine->cursor_secret;
    if (!*secret) {
        char *id = cairn_new(read->arena, char, CAIRN_UUID_TEXT_SIZE);
        cairn_uuid_format(read->known->timeline.store_id, id);
        secret = id;
    }
    return (struct cairn_query_seal){secret, read->ask->list};
}

static int check_cursor(const struct cairn_query_read *read, struct cairn_error *error)
{
    const struct cairn_query_seal seal = seal_of(read);
    if (!read->ask->after || cairn_query_cursor_holds(&read->ask->cursor, &seal, read->arena))
        return 0;
    return cairn_wrong(error, "?cursor", "was not issued for this list");
}

static const char *cursor_after(const struct cairn_query_read *read, const void *row,
                                const char *key)
{
    const struct cairn_resource *resource = read->resource;
    const struct cairn_query_seal seal = seal_of(read);
    struct cairn_query_cursor cursor = {
        .descending = resource->descending, .value = "", .key = key};
    if (resource->order)
        cursor.value = cairn_query_operand_text(
            cairn_record_field(resource->projection->row, resource->order), row, read->arena);
    return cairn_query_cursor_encode(&cursor, &seal, read->arena);
}

static int add_items(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                     int64_t count, struct cairn_buffer *out, void **ret_last,
                     struct cairn_error *error)
{
    for (int64_t i = 0; i < count; i++) {
        struct cairn_error why = {0};
        if (cairn_query_decode_row(read, rows, i, ret_last, &why) < 0)
            return cairn_fail(error, CAIRN_BUG, "row %s of read model %s: %.300s",
                              cairn_pg_text(rows, i, CAIRN_QUERY_KEY),
                              read->resource->projection->name, why.message);
        if (i)
            cairn_buffer_char(out, ',');
        cairn_record_encode(read->resource->projection->row, *ret_last, out);
    }
    return 0;
}

/* The ETag is W/"GENERATION.DIGEST". */
const char *cairn_query_page_print(const struct cairn_query_read *read)
{
    const char *digest = strchr(read->etag, '.') + 1;
    return cairn_copy_bytes(read->arena, digest, strcspn(digest, "\""));
}

static int show_page(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                     int64_t count, struct cairn_error *error)
{
    int64_t shown = count < read->ask->limit ? count : read->ask->limit;
    void *last = NULL;
    struct cairn_buffer out = cairn_buffer(read->arena);
    cairn_buffer_text(&out, "{\"items\":[");
    int failed = add_items(read, rows, shown, &out, &last, error);
    if (failed)
        return failed;
    cairn_buffer_text(&out, "],\"next\":");
    cairn_buffer_json(
        &out, count > shown
                  ? cursor_after(read, last, cairn_pg_text(rows, shown - 1, CAIRN_QUERY_KEY))
                  : NULL);
    read->parked = cairn_pg_integer(rows, 0, CAIRN_QUERY_PARKED);
    if (read->parked) /* in the body, too: clients that follow the page see no header */
        cairn_buffer_print(&out, ",\"parked\":%" PRId64, read->parked);
    cairn_buffer_char(&out, '}');
    read->body = out.text;
    read->body_bytes = out.length;
    read->etag = cairn_query_body_etag(read);
    return 0;
}

int cairn_query_read_list(struct cairn_query_read *read, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = read->arena};
    read->source = "postgres";
    int failed = check_cursor(read, error);
    if (failed)
        return failed;
    add_params(&params, read);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_query_ask_postgres(read, statement_for(read), &params, &rows, error);
    if (count < 0)
        return (int)count;
    failed = cairn_query_standing(read, rows, error);
    if (failed)
        return failed;
    return show_page(read, rows, cairn_pg_null(rows, 0, CAIRN_QUERY_KEY) ? 0 : count, error);
}
