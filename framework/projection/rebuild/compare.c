/* compare.c - compares two generations in one snapshot.
 *
 * Both follow the log independently: the snapshot has one at position a and the other at b. A row
 * that neither has changed after min(a, b) has its state as of that position in both, so it must be
 * equal. The other rows are compared again, by key, in a later snapshot. */
#include "projection/rebuild/compare.h"

#include "projection/tables/table_names.h"

#include <poll.h>
#include <string.h>

enum { ROUNDS_MAX = 200, UNSETTLED_MAX = 20000 };
#define PAUSE_MS 50

struct comparison {
    struct cairn_pg *pg;
    const struct cairn_generation *generation;
    struct cairn_arena *arena;
    struct cairn_compared *ret;
    const char *sql;
    struct cairn_pg_array keys; /* to be compared again */
};

/* ---- the other generation, the columns ---- */

static const struct cairn_statement other_statement = {
    .name = "compare_with",
    .sql = "select generation from cairn.generations where projection = $1 and generation <> $2"
           "     and (live or (serving and code_version = $3)) and state = 'following'"
           " order by code_version <> $3 limit 1",
};

static const struct cairn_statement columns_statement = {
    .name = "compare_columns",
    .sql =
        "select coalesce(n.attname, o.attname)::text, n.attname is not null"
        "     and o.attname is not null and n.atttypid = o.atttypid"
        " from (select * from pg_attribute where attrelid = $1::text::regclass) n"
        " full join (select * from pg_attribute where attrelid = $2::text::regclass) o"
        "     on o.attname = n.attname"
        " where coalesce(n.attnum, o.attnum) > 0 and coalesce(n.attname, o.attname) not like '\\_%'"
        "     and not coalesce(n.attisdropped, o.attisdropped)"
        " order by 1",
};

static int find_other(struct comparison *comparison, struct cairn_error *error)
{
    const struct cairn_generation *generation = comparison->generation;
    struct cairn_pg_params params = {.arena = comparison->arena};
    cairn_pg_add_text(&params, generation->projection->name);
    cairn_pg_add_integer(&params, generation->number);
    cairn_pg_add_integer(&params, generation->projection->version);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(comparison->pg, &other_statement, &params, &rows, error);
    if (count > 0)
        comparison->ret->other = cairn_pg_integer(rows, 0, 0);
    return count < 0 ? (int)count : 0;
}

static const char *table(const struct comparison *comparison, int64_t generation)
{
    return cairn_print(
        comparison->arena, "read.\"%s\"",
        cairn_table_name(comparison->arena, comparison->generation->projection->name, generation));
}

/* Compares as jsonb, so that equivalent values are equal. $1 and $2: the generations' positions,
 * $3: the keys, null for all. */
static const char *compare_sql(const struct comparison *comparison, const char *columns_o,
                               const char *columns_n)
{
    return cairn_print(
        comparison->arena,
        "with d as (select coalesce(o._key, n._key) as key,"
        "         greatest(coalesce(o._position, 0), coalesce(n._position, 0)) as position,"
        "         case when o._key is null or o._deleted then null else jsonb_build_object(%s) end "
        "as o,"
        "         case when n._key is null or n._deleted then null else jsonb_build_object(%s) end "
        "as n,"
        "         coalesce(o._parked, false) or coalesce(n._parked, false) as parked"
        "     from %s o full join %s n on n._key = o._key"
        "     where $3::text[] is null or o._key = any ($3) or n._key = any ($3)),"
        " c as (select d.*, position <= least($1::bigint, $2::bigint) as settled,"
        "         d.o is distinct from d.n and not parked as differs from d)"
        " select count(*) filter (where settled and (o is not null or n is not null)) as rows,"
        "     count(*) filter (where settled and differs) as differences,"
        "     (array_agg(key) filter (where not settled))[1:%d] as unsettled,"
        "     coalesce((select json_agg(json_build_object('key', e.key, 'read', e.o, 'new', e.n))"
        "         from (select * from c where settled and differs order by key limit %d) e),"
        "         '[]')::text as examples"
        " from c",
        columns_o, columns_n, table(comparison, comparison->ret->other),
        table(comparison, comparison->generation->number), UNSETTLED_MAX, CAIRN_COMPARE_EXAMPLES);
}

static void add_column(struct cairn_buffer *out, const char *table_name, const char *column)
{
    if (out->length)
        cairn_buffer_text(out, ", ");
    cairn_pg_quote_text(out, column);
    cairn_buffer_print(out, ", %s.", table_name);
    cairn_pg_quote(out, column);
}

static int prepare(struct comparison *comparison, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = comparison->arena};
    cairn_pg_add_text(&params, table(comparison, comparison->generation->number));
    cairn_pg_add_text(&params, table(comparison, comparison->ret->other));
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(comparison->pg, &columns_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    struct cairn_buffer o = cairn_buffer(comparison->arena);
    struct cairn_buffer n = cairn_buffer(comparison->arena);
    struct cairn_buffer left_out = cairn_buffer(comparison->arena);
    for (int64_t i = 0; i < count; i++) {
        const char *name = cairn_pg_text(rows, i, 0);
        if (cairn_pg_bool(rows, i, 1)) {
            add_column(&o, "o", name);
            add_column(&n, "n", name);
        } else {
            cairn_buffer_print(&left_out, "%s%s", left_out.length ? ", " : "", name);
        }
    }
    comparison->ret->columns = left_out.text;
    comparison->sql = compare_sql(comparison, o.text, n.text);
    return 0;
}

/* ---- a round ---- */

static const struct cairn_statement positions_statement = {
    .name = "compare_positions",
    .sql = "select (select position from cairn.checkpoints where projection = $1"
           "         and generation = $2 and shard = 0) as position,"
           "     (select position from cairn.checkpoints where projection = $1"
           "         and generation = $3 and shard = 0) as other",
};

static void take(struct comparison *comparison, const struct cairn_pg_result *rows, bool first)
{
    struct cairn_compared *ret = comparison->ret;
    ret->rows += cairn_pg_integer(rows, 0, cairn_pg_column(rows, "rows"));
    ret->differences += cairn_pg_integer(rows, 0, cairn_pg_column(rows, "differences"));
    if (first || strcmp(ret->examples, "[]") == 0)
        ret->examples = cairn_copy_text(comparison->arena,
                                        cairn_pg_text(rows, 0, cairn_pg_column(rows, "examples")));
}

/* Compares once. The keys of unsettled rows are kept for the next round. */
static int compare_once(struct comparison *comparison, bool first, struct cairn_error *error)
{
    const struct cairn_generation *generation = comparison->generation;
    struct cairn_pg_params both = {.arena = comparison->arena};
    cairn_pg_add_text(&both, generation->projection->name);
    cairn_pg_add_integer(&both, generation->number);
    cairn_pg_add_integer(&both, comparison->ret->other);
    CAIRN_PG_RESULT *at = NULL;
    int64_t count = cairn_pg_call(comparison->pg, &positions_statement, &both, &at, error);
    if (count < 0)
        return (int)count;
    if (cairn_pg_null(at, 0, cairn_pg_column(at, "position")) ||
        cairn_pg_null(at, 0, cairn_pg_column(at, "other")))
        return cairn_fail(error, CAIRN_BUSY, "one of the generations does not exist any more");
    struct cairn_pg_params params = {.arena = comparison->arena};
    cairn_pg_add_integer(&params, cairn_pg_integer(at, 0, cairn_pg_column(at, "position")));
    cairn_pg_add_integer(&params, cairn_pg_integer(at, 0, cairn_pg_column(at, "other")));
    if (first)
        cairn_pg_add_null(&params);
    else
        cairn_pg_add_array(&params, &comparison->keys);
    const struct cairn_statement statement = {.sql = comparison->sql};
    CAIRN_PG_RESULT *rows = NULL;
    count = cairn_pg_call(comparison->pg, &statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    comparison->keys = cairn_pg_array(CAIRN_PG_TEXTS, comparison->arena);
    size_t left = cairn_pg_texts(rows, 0, cairn_pg_column(rows, "unsettled"), &comparison->keys);
    take(comparison, rows, first);
    if (left == UNSETTLED_MAX)
        return cairn_fail(error, CAIRN_BUSY, "too many rows change while they are compared");
    return left > 0;
}

/* Returns 1 if some rows have to be compared again. */
static int round_of(struct comparison *comparison, bool first, struct cairn_error *error)
{
    int more = cairn_pg_script(comparison->pg,
                               "begin isolation level repeatable read read only;"
                               " set local enable_seqscan = on",
                               error);
    if (!more)
        more = compare_once(comparison, first, error);
    if (cairn_pg_connected(comparison->pg))
        (void)!cairn_pg_script(comparison->pg, "rollback", NULL);
    return more;
}

int cairn_compare(struct cairn_store *store, const struct cairn_generation *generation,
                  const atomic_bool *stopping, struct cairn_arena *arena,
                  struct cairn_compared *ret, struct cairn_error *error)
{
    *ret = (struct cairn_compared){.columns = "", .examples = "[]"};
    struct comparison comparison = {
        .pg = cairn_store_pg(store), .generation = generation, .arena = arena, .ret = ret};
    int more = find_other(&comparison, error);
    if (more || ret->other == 0)
        return more;
    more = prepare(&comparison, error);
    if (more)
        return more;
    more = round_of(&comparison, true, error);
    for (int i = 0; i < ROUNDS_MAX && more > 0 && !atomic_load(stopping); i++) {
        (void)poll(NULL, 0, PAUSE_MS);
        more = round_of(&comparison, false, error);
    }
    return more > 0 ? cairn_fail(error, CAIRN_BUSY, "rows change faster than they can be compared")
                    : more;
}
