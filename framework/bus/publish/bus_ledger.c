/* bus_ledger.c - reads and writes what PostgreSQL records about the bus. */
#include "bus/publish/bus_ledger.h"

#include <string.h>

static const struct cairn_statement begin_statement = {
    .name = "bus_begin",
    .sql = "insert into cairn.bus (epoch) select epoch from cairn.store on conflict do nothing",
};

static const struct cairn_statement take_statement = {
    .name = "bus_take",
    .sql = "update cairn.bus b set fence = $1 from cairn.store s"
           " where b.fence <= $1 or b.epoch < s.epoch"
           " returning b.epoch, b.position, b.position = 0 or exists (select from cairn.events e"
           "     where e.shard = 0 and e.position = b.position and e.event_id = b.event_id)",
};

/* Adds a new category with floor 0: it is published from its first event on. */
static const struct cairn_statement floors_statement = {
    .name = "bus_floors",
    .sql = "with added as (insert into cairn.bus_streams (category) select unnest($1::text[])"
           "     on conflict do nothing)"
           " select coalesce(b.floor, 0) from unnest($1::text[]) with ordinality w (category, nr)"
           " left join cairn.bus_streams b using (category) order by w.nr",
};

static struct cairn_pg_params name_categories(const struct cairn_bus_stream *streams, size_t count,
                                              struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    struct cairn_pg_array categories = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    for (size_t i = 0; i < count; i++)
        cairn_pg_array_text(&categories, streams[i].publication->events->category);
    cairn_pg_add_array(&params, &categories);
    return params;
}

/* ---- one list of categories for a store ---- */

static const struct cairn_statement others_statement = {
    .name = "bus_others",
    .sql = "select min(category) from cairn.bus_streams where category <> all ($1)",
};
static const struct cairn_statement missing_statement = {
    .name = "bus_missing",
    .sql = "select min(c) from unnest($1::text[]) c where exists (select from cairn.bus_streams)"
           " and not exists (select from cairn.bus_streams b where b.category = c)",
};

/* Returns the category that a statement finds, in the arena; NULL if there is none. */
static int find_category(struct cairn_store *store, const struct cairn_statement *statement,
                         const struct cairn_bus_stream *streams, size_t count,
                         struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    const struct cairn_pg_params params = name_categories(streams, count, arena);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t found = cairn_pg_call(cairn_store_pg(store), statement, &params, &rows, error);
    *ret = NULL;
    if (found > 0 && !cairn_pg_null(rows, 0, 0))
        *ret = cairn_copy_text(arena, cairn_pg_text(rows, 0, 0));
    return found < 0 ? (int)found : 0;
}

/* The bus has one position for the whole log, so what a publisher does not list is passed over. */
static int check_others(struct cairn_store *store, const struct cairn_bus_stream *streams,
                        size_t count, struct cairn_arena *arena, struct cairn_error *error)
{
    const char *other = NULL;
    int failed = find_category(store, &others_statement, streams, count, arena, &other, error);
    if (failed || !other)
        return failed;
    return cairn_fail(error, CAIRN_CONFIG,
                      "events of %s are published too, and not by this service: one service lists "
                      "all publications of a store; if nobody publishes %s any more, delete it "
                      "from cairn.bus_streams",
                      other, other);
}

int cairn_bus_ledger_covers(struct cairn_store *store, const struct cairn_bus_stream *streams,
                            size_t count, struct cairn_arena *arena, struct cairn_error *error)
{
    const char *missing = NULL;
    int failed = find_category(store, &missing_statement, streams, count, arena, &missing, error);
    if (failed || !missing)
        return failed;
    return cairn_fail(error, CAIRN_CONFIG,
                      "events of %s are not published: another service publishes, and does not "
                      "list them; one service lists all publications of a store",
                      missing);
}

/* ---- the ledger ---- */

static int read_floors(struct cairn_store *store, struct cairn_bus_stream *streams, size_t count,
                       struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_pg_params params = name_categories(streams, count, arena);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t found = cairn_pg_call(cairn_store_pg(store), &floors_statement, &params, &rows, error);
    for (int64_t i = 0; i < found; i++)
        streams[i].floor = cairn_pg_integer(rows, i, 0);
    return found < 0 ? (int)found : 0;
}

int cairn_bus_ledger_take(struct cairn_store *store, int64_t fence,
                          struct cairn_bus_stream *streams, size_t count, struct cairn_arena *arena,
                          struct cairn_bus_ledger *ret, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(store);
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    int failed = check_others(store, streams, count, arena, error);
    if (failed)
        return failed;
    cairn_pg_add_integer(&params, fence);
    int64_t found = cairn_pg_run(pg, &begin_statement, NULL, error);
    if (found >= 0)
        found = cairn_pg_call(pg, &take_statement, &params, &rows, error);
    if (found < 0)
        return (int)found;
    if (found == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "another publisher has taken over the bus");
    *ret = (struct cairn_bus_ledger){.epoch = cairn_pg_integer(rows, 0, 0),
                                     .position = cairn_pg_integer(rows, 0, 1),
                                     .fits = cairn_pg_bool(rows, 0, 2)};
    return read_floors(store, streams, count, arena, error);
}

static const struct cairn_statement note_statement = {
    .name = "bus_note",
    .sql = "update cairn.bus set epoch = $1, position = $2, event_id = nullif($3, '')::uuid,"
           "     moved_at = clock_timestamp(), problem = null where fence = $4",
};

int cairn_bus_ledger_note(struct cairn_store *store, const struct cairn_bus_place *place,
                          struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, place->timeline.epoch);
    cairn_pg_add_integer(&params, place->position);
    cairn_pg_add_text(&params, place->event);
    cairn_pg_add_integer(&params, place->fence);
    int64_t done = cairn_pg_run(cairn_store_pg(store), &note_statement, &params, error);
    if (done == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "another publisher has taken over the bus");
    return done < 0 ? (int)done : 0;
}

static const struct cairn_statement problem_statement = {
    .name = "bus_problem",
    .sql = "update cairn.bus set problem = nullif($1, '') where problem is distinct from "
           "nullif($1, '')",
};

void cairn_bus_ledger_problem(struct cairn_store *store, const char *problem,
                              struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, problem);
    int64_t done = cairn_pg_run(cairn_store_pg(store), &problem_statement, &params, NULL);
    (void)done;
}

static const struct cairn_statement lost_statement = {
    .name = "bus_lost",
    .sql =
        "insert into cairn.bus_losses as l (category, consumer_group, from_position, to_position)"
        " select $1, r.\"group\", r.\"from\", $3"
        " from json_to_recordset($2::json) as r (\"group\" text, \"from\" bigint)"
        " on conflict on constraint bus_losses_pkey do update"
        "     set from_position = least(l.from_position, excluded.from_position),"
        "         to_position = greatest(l.to_position, excluded.to_position),"
        "         lost_at = excluded.lost_at",
};

int cairn_bus_ledger_lost(struct cairn_store *store, const char *category, const char *lost,
                          int64_t to, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, category);
    cairn_pg_add_text(&params, lost);
    cairn_pg_add_integer(&params, to);
    int64_t done = cairn_pg_run(cairn_store_pg(store), &lost_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

static const struct cairn_statement floor_statement = {
    .name = "bus_floor",
    .sql = "update cairn.bus_streams set floor = $2, floor_at = clock_timestamp()"
           " where category = $1",
};

int cairn_bus_ledger_floor(struct cairn_store *store, const struct cairn_bus_stream *stream,
                           struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, stream->publication->events->category);
    cairn_pg_add_integer(&params, stream->floor);
    int64_t done = cairn_pg_run(cairn_store_pg(store), &floor_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

static const struct cairn_statement event_statement = {
    .name = "bus_event",
    .sql = "select event_id from cairn.events where shard = 0 and position = $1",
};

int cairn_bus_event_at(struct cairn_store *store, int64_t position, struct cairn_arena *arena,
                       char ret[static CAIRN_UUID_TEXT_SIZE], struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    ret[0] = '\0';
    if (position == 0)
        return 0;
    cairn_pg_add_integer(&params, position);
    int64_t found = cairn_pg_call(cairn_store_pg(store), &event_statement, &params, &rows, error);
    if (found == 0)
        return cairn_fail(error, CAIRN_DIVERGED, "the log has no event at %" PRId64, position);
    if (found > 0)
        cairn_uuid_format(cairn_pg_uuid(rows, 0, 0), ret);
    return found < 0 ? (int)found : 0;
}
