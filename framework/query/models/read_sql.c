/* read_sql.c - builds the statements that read a generation of a read model. */
#include "query/models/read_sql.h"

#include "projection/tables/read_table.h"
#include "projection/tables/table_names.h"
#include "query/request/operand.h"
#include "record/json.h"

static void add_column(struct cairn_buffer *out, const char *name)
{
    cairn_buffer_text(out, "r.");
    cairn_pg_quote(out, name);
}

static void add_table(struct cairn_buffer *out, const char *projection, int64_t generation)
{
    cairn_buffer_text(out, "read.");
    cairn_pg_quote(out, cairn_table_name(out->arena, projection, generation));
}

/* Selects the fields only, without Cairn's own columns. */
static void add_json(struct cairn_buffer *out, const struct cairn_record *row)
{
    cairn_buffer_text(out, "(select row_to_json(x) from (select ");
    cairn_columns_json_sql(row, "r.", out);
    cairn_buffer_text(out, ") x)");
}

static void add_standing(struct cairn_buffer *out)
{
    cairn_buffer_text(out, "select s.store_id, s.epoch, k.epoch, k.position, k.stopped");
}

static void add_source(struct cairn_buffer *out)
{
    cairn_buffer_text(out, " from cairn.store s left join cairn.checkpoints k"
                           " on k.projection = $1 and k.generation = $2 and k.shard = 0");
}

/* Adds the condition that a row is the owner's. */
static void add_owner(struct cairn_buffer *out, const struct cairn_field *owner, int parameter)
{
    if (!owner)
        return;
    cairn_buffer_text(out, " and ");
    add_column(out, owner->name);
    cairn_buffer_print(out, " = $%d", parameter);
}

static const char *rows_sql(struct cairn_arena *arena, const struct cairn_projection *projection,
                            int64_t generation, const char *keys, const struct cairn_field *owner)
{
    struct cairn_buffer out = cairn_buffer(arena);
    add_standing(&out);
    cairn_buffer_text(&out, ", r._key, case when not r._deleted then ");
    add_json(&out, projection->row);
    cairn_buffer_text(&out, " end, r._position, r._version, r._parked, r._deleted");
    add_source(&out);
    cairn_buffer_text(&out, " left join ");
    add_table(&out, projection->name, generation);
    cairn_buffer_print(&out, " r on r._key = %s", keys);
    add_owner(&out, owner, 4);
    cairn_buffer_text(&out, " where s.single");
    return out.text;
}

const char *cairn_query_sql_by_key(struct cairn_arena *arena,
                                   const struct cairn_projection *projection, int64_t generation,
                                   const struct cairn_field *owner)
{
    return rows_sql(arena, projection, generation, "$3", owner);
}

const char *cairn_query_sql_by_keys(struct cairn_arena *arena,
                                    const struct cairn_projection *projection, int64_t generation)
{
    return rows_sql(arena, projection, generation, "any ($3)", NULL);
}

const char *cairn_query_sql_changed(struct cairn_arena *arena,
                                    const struct cairn_projection *projection, int64_t generation)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(&out, "select k.position, p._key, p._position from cairn.checkpoints k"
                            " left join lateral (select r._key, r._position from ");
    add_table(&out, projection->name, generation);
    cairn_buffer_text(&out, " r where (r._position, r._key) > ($3, $4)"
                            " order by r._position, r._key limit $5) p on true"
                            " where k.projection = $1 and k.generation = $2 and k.shard = 0"
                            " order by p._position, p._key");
    return out.text;
}

/* ---- lists ---- */

static const char *compare_sign(enum cairn_compare compare)
{
    switch (compare) {
    case CAIRN_EQUAL:
        return "=";
    case CAIRN_AT_LEAST:
        return ">=";
    case CAIRN_AT_MOST:
        return "<=";
    }
    return "=";
}

static const struct cairn_field *field_of(const struct cairn_resource *resource, const char *name)
{
    return cairn_record_field(resource->projection->row, name);
}

static void add_filters(struct cairn_buffer *out, const struct cairn_resource *resource,
                        uint32_t given, int *parameter)
{
    for (uint32_t i = 0; i < CAIRN_FILTERS_MAX; i++) {
        if (!(given & 1U << i))
            continue;
        const struct cairn_filter *filter = &resource->filters[i];
        cairn_buffer_text(out, " and ");
        add_column(out, filter->field);
        cairn_buffer_print(out, " %s $%d%s", compare_sign(filter->compare), ++*parameter,
                           cairn_query_operand_cast(field_of(resource, filter->field)));
    }
}

/* Row comparison with (value, key), from which a single index scan can start. */
static void add_after(struct cairn_buffer *out, const struct cairn_resource *resource,
                      int *parameter)
{
    const char *sign = resource->descending ? "<" : ">";
    if (!resource->order) {
        cairn_buffer_print(out, " and r._key %s $%d", sign, ++*parameter);
        return;
    }
    cairn_buffer_text(out, " and (");
    add_column(out, resource->order);
    cairn_buffer_print(out, ", r._key) %s ($%d%s, $%d)", sign, *parameter + 1,
                       cairn_query_operand_cast(field_of(resource, resource->order)),
                       *parameter + 2);
    *parameter += 2;
}

enum { OWNER_PARAMETER = 5 }; /* of a list; the filters' follow */

static void add_page(struct cairn_buffer *out, const struct cairn_query_page *page)
{
    const struct cairn_resource *resource = page->resource;
    int parameter = page->owner ? OWNER_PARAMETER : OWNER_PARAMETER - 1;
    const char *way = resource->descending ? "desc" : "asc";
    cairn_buffer_text(out, "select r._key, ");
    if (resource->order)
        add_column(out, resource->order);
    else
        cairn_buffer_text(out, "null");
    cairn_buffer_text(out, " as _order, r._position, ");
    add_json(out, resource->projection->row);
    cairn_buffer_text(out, " as _json from ");
    add_table(out, resource->projection->name, page->generation);
    cairn_buffer_text(out, " r where k.position >= $3 and not r._deleted");
    add_owner(out, page->owner, OWNER_PARAMETER);
    add_filters(out, resource, page->given, &parameter);
    if (page->after)
        add_after(out, resource, &parameter);
    cairn_buffer_text(out, " order by ");
    if (resource->order) {
        add_column(out, resource->order);
        cairn_buffer_print(out, " %s, ", way);
    }
    cairn_buffer_print(out, "r._key %s limit $4", way);
}

/* The condition on k.position refers to no column of the table, so PostgreSQL checks it once
 * and reads no row if it fails. The outer `order by` repeats the page's: a join does not
 * preserve order. */
const char *cairn_query_sql_list(struct cairn_arena *arena, const struct cairn_query_page *page)
{
    struct cairn_buffer out = cairn_buffer(arena);
    const char *way = page->resource->descending ? "desc" : "asc";
    add_standing(&out);
    cairn_buffer_text(&out, ", p._key, p._json, p._position, k.revision,"
                            " (select count(*) from (select from ");
    add_table(&out, page->resource->projection->name, page->generation);
    cairn_buffer_text(&out, " r where r._parked");
    add_owner(&out, page->owner, OWNER_PARAMETER);
    cairn_buffer_print(&out, " limit %d) parked)", CAIRN_QUERY_PARKED_MAX);
    add_source(&out);
    cairn_buffer_text(&out, " left join lateral (");
    add_page(&out, page);
    cairn_buffer_print(&out, ") p on true where s.single order by p._order %s, p._key %s", way,
                       way);
    return out.text;
}
