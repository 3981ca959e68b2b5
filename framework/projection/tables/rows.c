/* rows.c - the rows of a generation in PostgreSQL.
 *
 * Rows are transferred as JSON in both directions: row_to_json writes it, json_populate_recordset
 * reads it, and the field table does both in this process. So PostgreSQL converts the column types,
 * and one statement serves any number of rows.
 *
 * The write compares and moves the checkpoint first, and that update's row lock makes a second
 * projector wait; the rows are inserted only if it moved. So a process that has lost the lease
 * without noticing writes nothing. A connection may be lost and reopened between any two
 * statements, even to a store that was restored to an older state: that is why the write itself
 * checks the checkpoint against the log. */
#include "projection/tables/rows.h"

#include "core/containers/buffer.h"
#include "projection/tables/read_table.h"
#include "projection/tables/table_names.h"
#include "record/json.h"

/* ---- the statements of a generation ---- */

static const char *row_json_sql(const struct cairn_projection *projection,
                                struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out, "(select row_to_json(f) from (select ");
    cairn_columns_json_sql(projection->row, "t.", &out);
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

/* Appends "insert ... on conflict do update" for the rows in $N, with a `where` condition. */
static void add_put_sql(struct cairn_buffer *out, const struct cairn_projection *projection,
                        const char *table, int parameter, const char *condition)
{
    cairn_buffer_print(out,
                       "insert into read.\"%s\" as t"
                       "     select * from json_populate_recordset(null::read.\"%s\", $%d) %s"
                       "     on conflict on constraint \"%s_pkey\" do update set"
                       "         _position = excluded._position, _version = excluded._version,"
                       "         _parked = excluded._parked, _deleted = excluded._deleted",
                       table, table, parameter, condition, table);
    for (uint32_t i = 0; i < projection->row->count; i++) {
        cairn_buffer_text(out, ", ");
        cairn_pg_quote(out, projection->row->fields[i].name);
        cairn_buffer_text(out, " = excluded.");
        cairn_pg_quote(out, projection->row->fields[i].name);
    }
}

/* The writer must hold the fence, and the log must be the one that the checkpoint belongs to. */
#define IS_OURS                                                                                    \
    " where projection = $1 and generation = $2 and shard = 0"                                     \
    "     and epoch = $3 and position = $4 and fence = $5"                                         \
    "     and exists (select from cairn.store s where s.epoch = $3)"                               \
    "     and event_id is not distinct from"                                                       \
    "         (select e.event_id from cairn.events e where e.shard = 0 and e.position = $4)"
/* The log must also have the event that the checkpoint is moved to. */
#define IS_THERE                                                                                   \
    " and ($6 = 0 or exists (select from cairn.events e where e.shard = 0 and e.position = $6))"

static const char *write_sql(const struct cairn_projection *projection, const char *table,
                             bool parks, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out, "with moved as (update cairn.checkpoints"
                            "     set position = $6, moved_at = now(), stopped = $7, event_id ="
                            "         (select e.event_id from cairn.events e where e.shard = 0"
                            "             and e.position = $6)" IS_OURS IS_THERE
                            " returning 1), written as (");
    add_put_sql(&out, projection, table, 8, "where exists (select from moved)");
    cairn_buffer_text(&out, ")");
    if (parks)
        cairn_buffer_text(
            &out, ", parked as (insert into cairn.parked"
                  "     (projection, generation, key, position, event_id, reason, attempts)"
                  "     select $1, $2, p.* from unnest($9::text[], $10::bigint[], $11::uuid[],"
                  "         $12::text[], $13::bigint[]) p where exists (select from moved))");
    cairn_buffer_text(&out, " select count(*) from moved");
    return out.text;
}

/* $7 the key, $8 through, $9 the skipped event, $10 and $11 the failed event and its reason, $12
 * goes_on. */
static const char *retry_sql(const struct cairn_projection *projection, const char *table,
                             struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out,
                      "with moved as (update cairn.checkpoints set revision = revision + 1" IS_OURS
                      " returning 1), written as (");
    add_put_sql(&out, projection, table, 6, "where exists (select from moved)");
    cairn_buffer_text(
        &out,
        "), skipped as (insert into cairn.skipped"
        "     (projection, generation, key, position, event_id, reason)"
        "     select projection, generation, key, position, event_id, reason from cairn.parked"
        "     where projection = $1 and generation = $2 and key = $7 and position = $9"
        "         and exists (select from moved)),"
        " done as (delete from cairn.parked"
        "     where projection = $1 and generation = $2 and key = $7 and position <= $8"
        "         and exists (select from moved)),"
        " failed as (update cairn.parked set attempts = attempts + 1, reason = $11,"
        "         parked_at = clock_timestamp(), request = null"
        "     where projection = $1 and generation = $2 and key = $7 and position = $10"
        "         and exists (select from moved)),"
        " next as (update cairn.parked set request = 'retry'"
        "     where projection = $1 and generation = $2 and key = $7 and $12"
        "         and position = (select min(position) from cairn.parked"
        "             where projection = $1 and generation = $2 and key = $7 and position > $8)"
        "         and exists (select from moved))"
        " select count(*) from moved");
    return out.text;
}

static const char *parked_sql(const char *table, struct cairn_arena *arena)
{
    return cairn_print(arena,
                       "select (select count(*) from (select from read.\"%s\" where _parked"
                       "         limit 10000) p), r.key, r.request"
                       " from (select 1) one left join"
                       "     (select key, request from cairn.parked"
                       "         where projection = $1 and generation = $2 and request is not null"
                       "         order by key, position limit 1) r on true",
                       table);
}

static const char *put_sql(const struct cairn_projection *projection, const char *table,
                           struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    add_put_sql(&out, projection, table, 1, "where true");
    return out.text;
}

static const char *walk_sql(const char *table, const char *json, struct cairn_arena *arena)
{
    return cairn_print(arena,
                       "select _key, _position, _version, _parked, _deleted, %s"
                       " from read.\"%s\" t where _key > $1 order by _key limit $2",
                       json, table);
}

static const char *keys_sql(const char *table, struct cairn_arena *arena)
{
    return cairn_print(
        arena,
        "select _key from read.\"%s\" where _key > $1 and not _deleted and not _parked"
        " order by _key limit $2",
        table);
}

/* Pages by (position, key): an event may change several rows, so a position alone does not identify
 * the end of a page. */
static const char *page_sql(const char *table, const char *json, struct cairn_arena *arena)
{
    return cairn_print(arena,
                       "select c.epoch, c.position, c.fence, c.revision,"
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
        .write = {cairn_print(arena, "write_%s", table),
                  write_sql(projection, table, false, arena)},
        .write_and_park = {cairn_print(arena, "park_%s", table),
                           write_sql(projection, table, true, arena)},
        .put = {cairn_print(arena, "put_%s", table), put_sql(projection, table, arena)},
        .retry = {cairn_print(arena, "retry_%s", table), retry_sql(projection, table, arena)},
        .parked = {cairn_print(arena, "parked_%s", table), parked_sql(table, arena)},
        .walk = {cairn_print(arena, "walk_%s", table), walk_sql(table, json, arena)},
        .keys = {cairn_print(arena, "keys_%s", table), keys_sql(table, arena)},
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

/* Reads a row from the columns from `first` on. Its JSON is encoded by the record, as queries
 * answer it, not by PostgreSQL. */
static int take_stored(const struct cairn_record *record, const struct cairn_pg_result *rows,
                       int64_t i, int first, struct cairn_arena *arena,
                       struct cairn_stored_row *ret, struct cairn_error *error)
{
    *ret = (struct cairn_stored_row){
        .key = cairn_copy_text(arena, cairn_pg_text(rows, i, first)),
        .position = cairn_pg_integer(rows, i, first + 1),
        .version = cairn_pg_integer(rows, i, first + 2),
        .parked = cairn_pg_bool(rows, i, first + 3),
    };
    if (cairn_pg_bool(rows, i, first + 4))
        return 0;
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    int failed = decode(record, rows, i, first + 5, ret->key, arena, value, error);
    if (failed)
        return failed;
    struct cairn_buffer json = cairn_buffer(arena);
    cairn_record_encode(record, value, &json);
    ret->json = json.text;
    return 0;
}

static int take_all_stored(const struct cairn_rows *rows, const struct cairn_pg_result *found,
                           int64_t count, int first, struct cairn_arena *arena,
                           const struct cairn_stored_row **ret, struct cairn_error *error)
{
    struct cairn_stored_row *all = cairn_new(arena, struct cairn_stored_row, (size_t)count);
    int failed = 0;
    for (int64_t i = 0; i < count && !failed; i++)
        failed =
            take_stored(rows->generation.projection->row, found, i, first, arena, &all[i], error);
    *ret = all;
    return failed;
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
    ret_at->revision = cairn_pg_integer(found, 0, 3);
    if (cairn_pg_null(found, 0, 4))
        return 0; /* only the checkpoint: no rows */

    int failed = take_all_stored(rows, found, count, 4, arena, ret, error);
    return failed ? failed : count;
}

int64_t cairn_rows_keys(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                        int64_t limit, struct cairn_arena *arena, const char ***ret,
                        struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, key);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &rows->keys, &params, &found, error);
    *ret = cairn_new(arena, const char *, (size_t)(count > 0 ? count : 0) + 1);
    for (int64_t i = 0; i < count; i++)
        (*ret)[i] = cairn_copy_text(arena, cairn_pg_text(found, i, 0));
    return count;
}

int64_t cairn_rows_walk(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                        int64_t limit, struct cairn_arena *arena,
                        const struct cairn_stored_row **ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, key);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &rows->walk, &params, &found, error);
    if (count < 0)
        return count;
    int failed = take_all_stored(rows, found, count, 0, arena, ret, error);
    return failed ? failed : count;
}

int cairn_rows_get(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                   struct cairn_arena *arena, struct cairn_stored_row *ret,
                   struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_texts(&params, &key, sizeof key, 1);
    CAIRN_PG_RESULT *found = NULL;
    *ret = (struct cairn_stored_row){.key = key};
    int64_t count = cairn_pg_call(pg, &rows->load, &params, &found, error);
    if (count <= 0)
        return (int)count;
    return take_stored(rows->generation.projection->row, found, 0, 0, arena, ret, error);
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
        cairn_buffer_text(out, row->json + 1); /* the fields and the closing brace */
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

static void add_from(struct cairn_pg_params *params, const struct cairn_checkpoint *from)
{
    cairn_pg_add_integer(params, from->epoch);
    cairn_pg_add_integer(params, from->position);
    cairn_pg_add_integer(params, from->fence);
}

static void add_parks(struct cairn_pg_params *params, const struct cairn_park *parks, size_t count)
{
    cairn_pg_add_texts(params, &parks->key, sizeof *parks, count);
    cairn_pg_add_integers(params, &parks->position, sizeof *parks, count);
    cairn_pg_add_uuids(params, &parks->event_id, sizeof *parks, count);
    cairn_pg_add_texts(params, &parks->reason, sizeof *parks, count);
    cairn_pg_add_integers(params, &parks->attempts, sizeof *parks, count);
}

static int move(struct cairn_pg *pg, const struct cairn_statement *statement,
                const struct cairn_pg_params *params, struct cairn_error *error)
{
    CAIRN_PG_RESULT *moved = NULL;
    int64_t done = cairn_pg_call(pg, statement, params, &moved, error);
    if (done < 0)
        return (int)done;
    if (cairn_pg_integer(moved, 0, 0) == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "another process moved the checkpoint");
    return 0;
}

int cairn_rows_write(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_rows_change *change, const struct cairn_checkpoint *from,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(rows, arena);
    add_from(&params, from);
    cairn_pg_add_integer(&params, change->position);
    cairn_pg_add_text(&params, change->stopped);
    cairn_pg_add_json(&params, as_array(change->rows, change->count, arena));
    if (change->park_count == 0)
        return move(pg, &rows->write, &params, error);
    add_parks(&params, change->parks, change->park_count);
    return move(pg, &rows->write_and_park, &params, error);
}

int cairn_rows_try(const struct cairn_rows *rows, struct cairn_pg *pg,
                   const struct cairn_stored_row *row, struct cairn_arena *arena,
                   struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_json(&params, as_array(row, 1, arena));
    int64_t done = cairn_pg_script(pg, "begin", error);
    if (done == 0)
        done = cairn_pg_run(pg, &rows->put, &params, error);
    if (cairn_pg_connected(pg))
        (void)!cairn_pg_script(pg, "rollback", NULL);
    return done < 0 ? (int)done : 0;
}

int cairn_rows_retry(const struct cairn_rows *rows, struct cairn_pg *pg,
                     const struct cairn_rows_retry *retry, const struct cairn_checkpoint *from,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(rows, arena);
    add_from(&params, from);
    cairn_pg_add_json(&params, as_array(retry->row, 1, arena));
    cairn_pg_add_text(&params, retry->row->key);
    cairn_pg_add_integer(&params, retry->through);
    cairn_pg_add_integer(&params, retry->skipped);
    cairn_pg_add_integer(&params, retry->failed ? retry->failed->position : 0);
    cairn_pg_add_text(&params, retry->failed ? retry->failed->reason : NULL);
    cairn_pg_add_bool(&params, retry->goes_on);
    return move(pg, &rows->retry, &params, error);
}
