/* rows.c - the rows of a generation in PostgreSQL.
 *
 * Rows travel as JSON in both directions: row_to_json makes it, json_populate_recordset takes it,
 * and the field table reads and writes it. So the types of the columns are PostgreSQL's business
 * and one statement serves any number of rows.
 *
 * The write compares and moves the checkpoint first, and that update's row lock makes a second
 * projector wait; the rows are inserted only if it moved. So two projectors that fold the same
 * range write it once. A connection may be lost and opened again between any two statements, also
 * to a store that was taken back to an older state: that is why the write itself holds the
 * checkpoint against the log. */
#include "projection/rows.h"

#include "core/buffer.h"
#include "projection/names.h"
#include "projection/table.h"
#include "record/json.h"

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

static const char *load_sql(const char *table, const char *json, struct cairn_arena *arena)
{
    return cairn_print(arena,
                       "select _key, _position, _version, _parked, _deleted, %s"
                       " from read.\"%s\" t where _key = any ($1)",
                       json, table);
}

static const char *write_sql(const struct cairn_projection *projection, const char *table,
                             struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_print(
        &out,
        "with moved as (update cairn.checkpoints"
        "     set position = $6, moved_at = now(), stopped = $7, event_id ="
        "         (select e.event_id from cairn.events e where e.shard = 0 and e.position = $6)"
        "     where projection = $1 and generation = $2 and shard = 0"
        "         and epoch = $3 and position = $4 and fence = $5"
        "         and exists (select from cairn.store s where s.epoch = $3)"
        "         and event_id is not distinct from"
        "             (select e.event_id from cairn.events e where e.shard = 0 and e.position = $4)"
        "     returning 1),"
        " written as (insert into read.\"%s\" as t"
        "     select * from json_populate_recordset(null::read.\"%s\", $8)"
        "     where exists (select from moved)"
        "     on conflict on constraint \"%s_pkey\" do update set"
        "         _position = excluded._position, _version = excluded._version,"
        "         _parked = excluded._parked, _deleted = excluded._deleted",
        table, table, table);
    for (uint32_t i = 0; i < projection->row->count; i++) {
        cairn_buffer_text(&out, ", ");
        cairn_pg_quote(&out, projection->row->fields[i].name);
        cairn_buffer_text(&out, " = excluded.");
        cairn_pg_quote(&out, projection->row->fields[i].name);
    }
    cairn_buffer_text(&out, ") select count(*) from moved");
    return out.text;
}

/* An event may change several rows, so a position alone does not say where a page ended. */
static const char *page_sql(const char *table, const char *json, struct cairn_arena *arena)
{
    return cairn_print(arena,
                       "select c.epoch, c.position, c.fence,"
                       "     p._key, p._position, p._version, p._parked, p._deleted, p._json"
                       " from cairn.checkpoints c left join lateral"
                       "     (select _key, _position, _version, _parked, _deleted, %s as _json"
                       "         from read.\"%s\" t where (_position, _key) > ($3, $4)"
                       "         order by _position, _key limit $5) p on true"
                       " where c.projection = $1 and c.generation = $2 and c.shard = 0"
                       " order by p._position, p._key",
                       json, table);
}

void cairn_rows_init(struct cairn_rows *ret, const struct cairn_generation *generation,
                     struct cairn_arena *arena)
{
    const struct cairn_projection *projection = generation->projection;
    const char *table = cairn_table_name(arena, projection->name, generation->number);
    const char *json = row_json_sql(projection, arena);
    *ret = (struct cairn_rows){
        .generation = *generation,
        .load = {cairn_print(arena, "load_%s", table), load_sql(table, json, arena)},
        .write = {cairn_print(arena, "write_%s", table), write_sql(projection, table, arena)},
        .page = {cairn_print(arena, "page_%s", table), page_sql(table, json, arena)},
    };
}

static struct cairn_pg_params params_of(const struct cairn_rows *rows, struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, rows->generation.projection->name);
    cairn_pg_add_integer(&params, rows->generation.number);
    return params;
}

/* ---- reading ---- */

/* Reads the fields of a row back into a struct of its type. */
static int decode(const struct cairn_record *record, const struct cairn_pg_result *rows, int64_t i,
                  int column, const char *key, struct cairn_arena *arena, void *ret,
                  struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    if (cairn_record_decode(record, cairn_pg_text(rows, i, column), cairn_pg_bytes(rows, i, column),
                            CAIRN_LENIENT, arena, ret, &wrong) == 0)
        return 0;
    return cairn_fail(error, CAIRN_UNREADABLE, "row %s cannot be read back: %s %s", key,
                      wrong.wrong_count ? wrong.wrong[0].pointer : "",
                      wrong.wrong_count ? wrong.wrong[0].message : wrong.message);
}

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
    return decode(fold->projection->row, rows, i, 5, row->key, fold->arena, row->value, error);
}

int cairn_rows_load(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_fold *fold,
                    struct cairn_error *error)
{
    if (fold->rows.count == 0)
        return 0;
    struct cairn_pg_params params = {.arena = fold->arena};
    cairn_pg_add_texts(&params, &fold->rows.entries[0].key, sizeof fold->rows.entries[0],
                       fold->rows.count);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &rows->load, &params, &found, error);
    int failed = count < 0 ? (int)count : 0;
    for (int64_t i = 0; i < count && !failed; i++)
        failed = take_row(found, i, fold, error);
    return failed;
}

/* The JSON that queries answer with is the record's own, not PostgreSQL's. */
static int take_page_row(const struct cairn_record *record, const struct cairn_pg_result *rows,
                         int64_t i, struct cairn_arena *arena, struct cairn_stored_row *ret,
                         struct cairn_error *error)
{
    *ret = (struct cairn_stored_row){
        .key = cairn_copy_text(arena, cairn_pg_text(rows, i, 3)),
        .position = cairn_pg_integer(rows, i, 4),
        .version = cairn_pg_integer(rows, i, 5),
        .parked = cairn_pg_bool(rows, i, 6),
    };
    if (cairn_pg_bool(rows, i, 7))
        return 0;
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    int failed = decode(record, rows, i, 8, ret->key, arena, value, error);
    if (failed)
        return failed;
    struct cairn_buffer json = cairn_buffer(arena);
    cairn_record_encode(record, value, &json);
    ret->json = json.text;
    return 0;
}

int64_t cairn_rows_page(const struct cairn_rows *rows, struct cairn_pg *pg, int64_t position,
                        const char *key, int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret, struct cairn_checkpoint *ret_at,
                        struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(rows, arena);
    cairn_pg_add_integer(&params, position);
    cairn_pg_add_text(&params, key);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &rows->page, &params, &found, error);
    if (count < 0)
        return count;
    if (count == 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "generation %" PRId64 " is gone",
                          rows->generation.number);
    ret_at->epoch = cairn_pg_integer(found, 0, 0);
    ret_at->position = cairn_pg_integer(found, 0, 1);
    ret_at->fence = cairn_pg_integer(found, 0, 2);
    if (cairn_pg_null(found, 0, 3))
        return 0; /* the checkpoint stands alone */

    struct cairn_stored_row *page = cairn_new(arena, struct cairn_stored_row, (size_t)count);
    int failed = 0;
    for (int64_t i = 0; i < count && !failed; i++)
        failed = take_page_row(rows->generation.projection->row, found, i, arena, &page[i], error);
    *ret = page;
    return failed ? failed : count;
}

/* ---- writing ---- */

size_t cairn_rows_changed(const struct cairn_fold *fold, const struct cairn_stored_row **ret)
{
    struct cairn_stored_row *changed =
        cairn_new(fold->arena, struct cairn_stored_row, fold->rows.count);
    size_t count = 0;
    for (size_t i = 0; i < fold->rows.count; i++) {
        const struct cairn_fold_row *row = fold->rows.entries[i].value;
        if (!row->changed)
            continue;
        struct cairn_stored_row *stored = &changed[count++];
        *stored =
            (struct cairn_stored_row){row->key, row->position, row->version, row->parked, NULL};
        if (row->exists) {
            struct cairn_buffer json = cairn_buffer(fold->arena);
            cairn_record_encode(fold->projection->row, row->value, &json);
            stored->json = json.text;
        }
    }
    *ret = changed;
    return count;
}

static void add_row(struct cairn_buffer *out, const struct cairn_stored_row *row)
{
    cairn_buffer_text(out, "{\"_key\":");
    cairn_buffer_json(out, row->key);
    cairn_buffer_text(out, ",\"_position\":");
    cairn_buffer_integer(out, row->position);
    cairn_buffer_text(out, ",\"_version\":");
    cairn_buffer_integer(out, row->version);
    cairn_buffer_text(out, row->parked ? ",\"_parked\":true" : ",\"_parked\":false");
    cairn_buffer_text(out, row->json ? ",\"_deleted\":false" : ",\"_deleted\":true");
    if (row->json && row->json[1] != '}') {
        cairn_buffer_char(out, ',');
        cairn_buffer_text(out, row->json + 1); /* its fields, and the brace at its end */
    } else {
        cairn_buffer_char(out, '}');
    }
}

static const char *as_array(const struct cairn_stored_row *changed, size_t count,
                            struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_char(&out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            cairn_buffer_char(&out, ',');
        add_row(&out, &changed[i]);
    }
    cairn_buffer_char(&out, ']');
    return out.text;
}

int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_stored_row *changed, size_t count,
                     const struct cairn_checkpoint *from, int64_t position, const char *stopped,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(rows, arena);
    cairn_pg_add_integer(&params, from->epoch);
    cairn_pg_add_integer(&params, from->position);
    cairn_pg_add_integer(&params, from->fence);
    cairn_pg_add_integer(&params, position);
    cairn_pg_add_text(&params, stopped);
    cairn_pg_add_json(&params, as_array(changed, count, arena));
    CAIRN_PG_RESULT *moved = NULL;
    int64_t done = cairn_pg_call(pg, &rows->write, &params, &moved, error);
    if (done < 0)
        return (int)done;
    if (cairn_pg_integer(moved, 0, 0) == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "somebody else moved the checkpoint");
    return 0;
}
