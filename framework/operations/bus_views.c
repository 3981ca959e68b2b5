/* bus_views.c - asks Redis for the bus, and makes queries that PostgreSQL completes. */
#include "operations/bus_views.h"

static const char publisher_sql[] =
    "select $1::bigint as epoch, $2::bigint as position, cairn.head() as head,"
    " cairn.head() - $2::bigint as lag,"
    " coalesce((select l.owner from cairn.leases l where l.name = 'bus'"
    "     and l.held_until > clock_timestamp()), 'none') as publisher,"
    " coalesce((select b.problem from cairn.bus b), '') as problem";

static const char streams_sql[] =
    "select s.category, coalesce(r.entries, 0) as entries, coalesce(r.first, 0) as first,"
    " coalesce(r.last, 0) as last, s.floor as trimmed_to"
    " from cairn.bus_streams s left join json_to_recordset($1::json)"
    "     as r (category text, entries bigint, first bigint, last bigint) using (category)"
    " order by s.category";

static const char groups_sql[] =
    "select r.name as \"group\", r.category, r.members, r.position, r.lag, r.pending, r.dead,"
    " coalesce(l.from_position || ' to ' || l.to_position, '') as lost"
    " from json_to_recordset($1::json) as r (name text, category text, members bigint,"
    "     position bigint, lag bigint, pending bigint, dead bigint)"
    " left join cairn.bus_losses l on l.category = r.category and l.consumer_group = r.name"
    " order by r.name, r.category";

static const char dead_sql[] =
    "select r.id, r.entry, r.attempts, r.error, r.event from json_to_recordset($1::json)"
    "     as r (id text, entry text, attempts text, error text, event text) order by r.id desc";

int cairn_bus_expect_ours(const struct cairn_place *place, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    if (!place->redis)
        return cairn_fail(error, CAIRN_CONFIG, "REDIS_URL is not set");
    int64_t count =
        cairn_pg_call_printed(place->pg, "select store_id from cairn.store", NULL, &rows, error);
    return count < 1
               ? (int)count
               : cairn_bus_belongs(place->redis, cairn_pg_text(rows, 0, 0), place->arena, error);
}

static int64_t read_categories(const struct cairn_place *place, const char *const **ret,
                               struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call_printed(
        place->pg, "select category from cairn.bus_streams order by 1", NULL, &rows, error);
    if (count < 0)
        return count;
    const char **categories = cairn_new(place->arena, const char *, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        categories[i] = cairn_copy_text(place->arena, cairn_pg_text(rows, i, 0));
    *ret = categories;
    return count;
}

static struct cairn_bus_view list(const struct cairn_place *place, const char *name,
                                  const char *sql, const char *rows)
{
    struct cairn_bus_view ret = {.name = name, .sql = sql, .params = {.arena = place->arena}};
    if (rows)
        cairn_pg_add_text(&ret.params, rows);
    return ret;
}

int cairn_bus_read(const struct cairn_place *place, struct cairn_bus_report *ret,
                   struct cairn_error *error)
{
    const char *const *categories = NULL;
    int failed = cairn_bus_expect_ours(place, error);
    if (failed)
        return failed;
    int64_t count = read_categories(place, &categories, error);
    return count < 0 ? (int)count
                     : cairn_bus_inspect(place->redis, categories, (size_t)count, place->arena, ret,
                                         error);
}

int cairn_bus_views(const struct cairn_place *place, struct cairn_bus_view ret[CAIRN_BUS_LISTS],
                    struct cairn_error *error)
{
    struct cairn_bus_report report = {0};
    int failed = cairn_bus_read(place, &report, error);
    if (failed)
        return failed;
    struct cairn_bus_view publisher = list(place, "publisher", publisher_sql, NULL);
    cairn_pg_add_integer(&publisher.params, report.epoch);
    cairn_pg_add_integer(&publisher.params, report.position);
    ret[CAIRN_BUS_PUBLISHER] = publisher;
    ret[CAIRN_BUS_STREAMS] = list(place, "streams", streams_sql, report.streams);
    ret[CAIRN_BUS_GROUPS] = list(place, "groups", groups_sql, report.groups);
    return 0;
}

int cairn_bus_dead_view(const struct cairn_place *place, const char *group, int64_t limit,
                        struct cairn_bus_view *ret, struct cairn_error *error)
{
    const char *letters = NULL;
    int failed = cairn_bus_expect_ours(place, error);
    if (!failed)
        failed = cairn_bus_dead_letters(place->redis, group, limit, place->arena, &letters, error);
    if (failed)
        return failed;
    *ret = list(place, "dead", dead_sql, letters);
    return 0;
}
