/* rows.c - the rows of a generation in PostgreSQL.
 *
 * Rows travel as JSON in both directions: row_to_json makes it, json_populate_recordset takes it,
 * and the field table reads and writes it. So the types of the columns are PostgreSQL's business
 * and one statement serves any number of rows. */
#include "projection/rows.h"

#include "core/buffer.h"
#include "postgres/postgres.h"
#include "projection/names.h"
#include "projection/table.h"
#include "record/json.h"

#include <string.h>

/* ---- the statements of a generation ---- */

static const char *row_json_sql(const struct cairn_projection *projection,
                                struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out, "(select row_to_json(f) from (select ");
    cairn_columns_sql(projection, "t.", &out);
    cairn_buffer_text(&out, ") f)");
    return out.text;
}

static const char *write_sql(const struct cairn_projection *projection, const char *table,
                             struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_print(&out,
                       "insert into read.\"%s\" as t select * from"
                       " json_populate_recordset(null::read.\"%s\", $1)"
                       " on conflict on constraint \"%s_pkey\" do update set"
                       " _position = excluded._position, _version = excluded._version,"
                       " _parked = excluded._parked, _deleted = excluded._deleted",
                       table, table, table);
    for (uint32_t i = 0; i < projection->row->count; i++) {
        cairn_buffer_text(&out, ", ");
        cairn_pg_quote(&out, projection->row->fields[i].name);
        cairn_buffer_text(&out, " = excluded.");
        cairn_pg_quote(&out, projection->row->fields[i].name);
    }
    return out.text;
}

void cairn_rows_init(struct cairn_rows *ret, const struct cairn_generation *generation,
                     struct cairn_arena *arena)
{
    const struct cairn_projection *projection = generation->projection;
    const char *table = cairn_table_name(arena, projection->name, generation->number);
    const char *json = row_json_sql(projection, arena);
    *ret = (struct cairn_rows){
        .generation = *generation,
        .load_name = cairn_print(arena, "load_%s", table),
        .load_sql = cairn_print(arena,
                                "select _key, _position, _version, _parked, _deleted, %s"
                                " from read.\"%s\" t where _key = any ($1)",
                                json, table),
        .write_name = cairn_print(arena, "write_%s", table),
        .write_sql = write_sql(projection, table, arena),
        .page_name = cairn_print(arena, "page_%s", table),
        .page_sql = cairn_print(arena,
                                "select _key, _position, _version, _deleted, %s"
                                " from read.\"%s\" t where (_position, _key) > ($1, $2)"
                                " order by _position, _key limit $3",
                                json, table),
    };
}

/* ---- loading ---- */

static int take_row(const struct cairn_pg_result *rows, int64_t i, struct cairn_fold *fold,
                    struct cairn_error *error)
{
    struct cairn_fold_row *row = cairn_fold_row(fold, cairn_pg_text(rows, i, 0));
    row->position = cairn_pg_integer(rows, i, 1);
    row->version = cairn_pg_integer(rows, i, 2);
    row->parked = cairn_pg_bool(rows, i, 3);
    row->exists = !cairn_pg_bool(rows, i, 4);
    if (!row->exists)
        return 0;
    struct cairn_error wrong = {0};
    if (cairn_record_decode(fold->projection->row, cairn_pg_text(rows, i, 5),
                            cairn_pg_bytes(rows, i, 5), CAIRN_LENIENT, fold->arena, row->value,
                            &wrong) == 0)
        return 0;
    return cairn_fail(error, CAIRN_UNREADABLE, "row %s cannot be read back: %s %s", row->key,
                      wrong.wrong_count ? wrong.wrong[0].pointer : "",
                      wrong.wrong_count ? wrong.wrong[0].message : wrong.message);
}

int cairn_rows_load(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_fold *fold,
                    struct cairn_error *error)
{
    if (fold->rows.count == 0)
        return 0;
    const struct cairn_statement statement = {rows->load_name, rows->load_sql};
    struct cairn_pg_params params = {.arena = fold->arena};
    cairn_pg_add_texts(&params, &fold->rows.entries[0].key, sizeof fold->rows.entries[0],
                       fold->rows.count);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &statement, &params, &found, error);
    int failed = count < 0 ? (int)count : 0;
    for (int64_t i = 0; i < count && !failed; i++)
        failed = take_row(found, i, fold, error);
    return failed;
}

/* ---- writing ---- */

static void add_row(struct cairn_buffer *out, const struct cairn_fold *fold,
                    const struct cairn_fold_row *row)
{
    cairn_buffer_text(out, "{\"_key\":");
    cairn_buffer_json(out, row->key);
    cairn_buffer_print(
        out, ",\"_position\":%" PRId64 ",\"_version\":%" PRId64 ",\"_parked\":%s,\"_deleted\":%s",
        row->position, row->version, row->parked ? "true" : "false",
        row->exists ? "false" : "true");
    if (row->exists) {
        size_t brace = out->length;
        cairn_record_encode(fold->projection->row, row->value, out);
        out->text[brace] = ','; /* its fields go on where the others end */
    } else {
        cairn_buffer_char(out, '}');
    }
}

/* The changed rows as a JSON array; NULL if there are none. */
static const char *changed_rows(const struct cairn_fold *fold)
{
    struct cairn_buffer out = cairn_buffer(fold->arena);
    const char *comma = "[";
    for (size_t i = 0; i < fold->rows.count; i++) {
        const struct cairn_fold_row *row = fold->rows.entries[i].value;
        if (!row->changed)
            continue;
        cairn_buffer_text(&out, comma);
        add_row(&out, fold, row);
        comma = ",";
    }
    cairn_buffer_char(&out, ']');
    return *comma == ',' ? out.text : NULL;
}

static const struct cairn_statement move_statement = {
    .name = "move_checkpoint",
    .sql = "update cairn.checkpoints c set position = $6, moved_at = now(), stopped = $7,"
           "     event_id = (select e.event_id from cairn.events e"
           "         where e.shard = 0 and e.position = $6)"
           " where projection = $1 and generation = $2 and shard = 0"
           "     and epoch = $3 and position = $4 and fence = $5",
};

static int move_checkpoint(const struct cairn_rows *rows, struct cairn_pg *pg,
                           const struct cairn_checkpoint *from, int64_t position,
                           const char *stopped, struct cairn_arena *arena,
                           struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, rows->generation.projection->name);
    cairn_pg_add_integer(&params, rows->generation.number);
    cairn_pg_add_integer(&params, from->epoch);
    cairn_pg_add_integer(&params, from->position);
    cairn_pg_add_integer(&params, from->fence);
    cairn_pg_add_integer(&params, position);
    cairn_pg_add_text(&params, stopped);
    int64_t moved = cairn_pg_run(pg, &move_statement, &params, error);
    if (moved == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "somebody else moved the checkpoint");
    return moved < 0 ? (int)moved : 0;
}

static int write_rows(const struct cairn_rows *rows, struct cairn_pg *pg, const char *json,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_statement statement = {rows->write_name, rows->write_sql};
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_json(&params, json);
    int64_t written = cairn_pg_run(pg, &statement, &params, error);
    return written < 0 ? (int)written : 0;
}

int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_fold *fold, const struct cairn_checkpoint *from,
                     int64_t position, const char *stopped, struct cairn_error *error)
{
    const char *json = changed_rows(fold);
    int failed = cairn_pg_script(pg, "begin", error);
    if (!failed)
        failed = move_checkpoint(rows, pg, from, position, stopped, fold->arena, error);
    if (!failed && json)
        failed = write_rows(rows, pg, json, fold->arena, error);
    if (failed) {
        if (cairn_pg_connected(pg))
            (void)!cairn_pg_script(pg, "rollback", NULL);
        return failed;
    }
    failed = cairn_pg_script(pg, "commit", error);
    return failed && cairn_pg_sent(pg) ? -CAIRN_UNKNOWN : failed;
}

/* ---- paging ---- */

/* The JSON that queries answer with is the record's own, not PostgreSQL's. */
static int take_page_row(const struct cairn_projection *projection,
                         const struct cairn_pg_result *rows, int64_t i, struct cairn_arena *arena,
                         struct cairn_page_row *ret, struct cairn_error *error)
{
    *ret = (struct cairn_page_row){
        .key = cairn_copy_text(arena, cairn_pg_text(rows, i, 0)),
        .position = cairn_pg_integer(rows, i, 1),
        .version = cairn_pg_integer(rows, i, 2),
    };
    if (cairn_pg_bool(rows, i, 3))
        return 0;
    void *value = cairn_arena_alloc(arena, projection->row->size, projection->row->align);
    int failed =
        cairn_record_decode(projection->row, cairn_pg_text(rows, i, 4), cairn_pg_bytes(rows, i, 4),
                            CAIRN_LENIENT, arena, value, error);
    struct cairn_buffer json = cairn_buffer(arena);
    if (!failed)
        cairn_record_encode(projection->row, value, &json);
    ret->json = json.text;
    return failed;
}

int64_t cairn_rows_page(const struct cairn_rows *rows, struct cairn_pg *pg, int64_t position,
                        const char *key, int64_t limit, struct cairn_arena *arena,
                        const struct cairn_page_row **ret, struct cairn_error *error)
{
    const struct cairn_statement statement = {rows->page_name, rows->page_sql};
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, position);
    cairn_pg_add_text(&params, key);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &statement, &params, &found, error);
    if (count < 0)
        return count;
    struct cairn_page_row *page = cairn_new(arena, struct cairn_page_row, (size_t)count);
    for (int64_t i = 0; i < count; i++) {
        int failed = take_page_row(rows->generation.projection, found, i, arena, &page[i], error);
        if (failed)
            return failed;
    }
    *ret = page;
    return count;
}
