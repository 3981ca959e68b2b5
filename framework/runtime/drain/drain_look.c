/* drain_look.c - looks how far what a process works on has come. */
#include "runtime/drain/drain_look.h"

#include "core/report/log.h"
#include "feed/follow/feed_followers.h"
#include "operations/bus_views.h"

#include <string.h>

/* Each row is a part, its state (done, behind, failed) and why. $1 has their names; $3, or $2 where
 * there are no versions, says that what has stopped is waited for. */
static const char projections_sql[] =
    "select 'projection ' || w.name, case"
    "     when c.stopped is not null or d.problem is not null or b.phase = 'held'"
    "         then case when $3::bigint > 0 then 'behind' else 'failed' end"
    "     when g.generation is null or b.rebuild is not null or c.position < cairn.head()"
    "         or r.requested then 'behind'"
    "     when p.keys > 0 then 'failed' else 'done' end,"
    " case when c.stopped is not null then 'is stopped: ' || c.stopped"
    "     when d.problem is not null then 'generation ' || d.generation || ' ' || d.problem"
    "     when b.rebuild is not null then 'is being built: ' || b.phase || coalesce(', ' || b.note, '')"
    "     when g.generation is null then 'is not built yet'"
    "     when c.position < cairn.head() then format('is at %s of %s', c.position, cairn.head())"
    "     when p.keys > 0 then format('%s keys are parked: see cairn parked %s', p.keys, w.name) end"
    " from unnest($1::text[], $2::bigint[]) w(name, version)"
    " left join lateral (select x.generation from cairn.generations x"
    "     where x.projection = w.name and x.code_version = w.version and x.state = 'following'"
    "     order by x.generation desc limit 1) g on true"
    " left join cairn.checkpoints c on c.projection = w.name and c.generation = g.generation"
    "     and c.shard = 0"
    " left join cairn.rebuilds b on b.projection = w.name and b.code_version = w.version"
    "     and b.ended_at is null"
    " left join cairn.verify_checkpoints() d on d.projection = w.name"
    "     and d.generation = g.generation"
    " cross join lateral (select case when g.generation is null then 0"
    "     else cairn.count_parked_keys(w.name, g.generation) end as keys) p"
    " cross join lateral (select exists (select from cairn.parked q where q.projection = w.name"
    "     and q.generation = g.generation and q.request is not null) as requested) r";

/* A timer of a parked instance waits with it. */
static const char followers_sql[] =
    "select w.name, case when f.stopped is not null"
    "         then case when $2::bigint > 0 then 'behind' else 'failed' end"
    "     when f.name is null or f.position < cairn.head() or o.count > 0 or t.count > 0 or p.again"
    "         then 'behind'"
    "     when p.count > 0 then 'failed' else 'done' end,"
    " case when f.stopped is not null then 'is stopped: ' || f.stopped"
    "     when f.position < cairn.head() then format('is at %s of %s', f.position, cairn.head())"
    "     when o.count > 0 then format('%s commands are to be delivered%s', o.count,"
    "         coalesce(': ' || o.problem, ''))"
    "     when t.count > 0 then format('%s timers are due', t.count)"
    "     when p.count > 0 then format('%s are parked: see cairn processes parked', p.count) end"
    " from unnest($1::text[]) w(name)"
    " left join cairn.followers f on f.name = w.name"
    " cross join lateral (select count(*), min(x.problem) as problem from cairn.outgoing x"
    "     where w.name like 'process/%' and x.process = substr(w.name, 9)) o"
    " cross join lateral (select count(*) from cairn.timers x"
    "     where w.name like 'process/%' and x.process = substr(w.name, 9)"
    "         and x.due_at <= cairn.now() and not exists (select from cairn.parked_instances i"
    "             where i.process = x.process and i.stream = x.stream)) t"
    " cross join lateral (select count(*), coalesce(bool_or(x.again), false) as again from ("
    "     select e.again from cairn.parked_events e"
    "         where w.name like 'reactor/%' and e.reactor = substr(w.name, 9)"
    "     union all select i.again from cairn.parked_instances i"
    "         where w.name like 'process/%' and i.process = substr(w.name, 9)) x) p";

static const char publisher_sql[] =
    "select 'the bus', case when b.position >= cairn.head() then 'done' else 'behind' end,"
    " coalesce(b.problem, format('is published to %s of %s', coalesce(b.position, 0), cairn.head()))"
    " from cairn.store s left join cairn.bus b on true";

/* A group without a stream on the bus may not be there yet, or have nothing to do. $3, $4: what the
 * bus says of its streams and groups. */
static const char consumers_sql[] =
    "select 'consumer ' || w.name, case"
    "     when g.busy or (g.count = 0 and $2::bigint > 0) then 'behind'"
    "     when d.count > 0 then 'failed' else 'done' end,"
    " case when g.busy then format('%s events are being handled', g.pending)"
    "     when g.count = 0 then 'has not joined its group'"
    "     when d.count > 0 then format('%s dead letters: see cairn bus dead %s', d.count, w.name) end"
    " from unnest($1::text[]) w(name)"
    " cross join lateral (select count(*), coalesce(sum(r.pending), 0) as pending,"
    "         coalesce(bool_or(r.pending > 0 or r.position < s.last), false) as busy"
    "     from json_to_recordset($4::json) as r (name text, category text, pending bigint,"
    "         position bigint)"
    "     join json_to_recordset($3::json) as s (category text, last bigint) using (category)"
    "     where r.name = w.name) g"
    " cross join lateral (select count(*) from cairn.consumed_dead x where x.consumer = w.name"
    "     and not exists (select from cairn.consumed_again a where a.consumer = x.consumer"
    "         and a.event_id = x.event_id)) d";

/* What is in a feed, only its follower knows: drain.c asks it. */
static const char feeds_sql[] =
    "select 'consumer ' || w.name, case when f.problem is not null or d.again then 'behind'"
    "     when d.count > 0 then 'failed' else 'done' end,"
    " coalesce(f.problem, format('%s dead letters: see cairn.feed_dead', d.count))"
    " from unnest($1::text[]) w(name)"
    " left join cairn.feeds f on f.consumer = w.name"
    " cross join lateral (select count(*), coalesce(bool_or(x.again), false) as again"
    "     from cairn.feed_dead x where x.consumer = w.name) d"
    " where $2::bigint >= 0";

/* ---- what there is ---- */

enum kind { PROJECTIONS, FOLLOWERS, CONSUMERS, FEEDS };

/* Appends the names of one kind, and versions of projections. Returns how many there are. */
static size_t list(const struct cairn_service *service, enum kind kind, struct cairn_arena *arena,
                   struct cairn_pg_array *names, struct cairn_pg_array *versions)
{
    size_t count = 0;
    for (int i = 0; i < CAIRN_SERVICE_MAX; i++) {
        const struct cairn_consumer *consumer = service->consumers[i];
        bool follows = consumer && cairn_feed_count(consumer) > 0;
        const char *name = NULL;
        if (kind == PROJECTIONS && service->projections[i]) {
            name = service->projections[i]->name;
            cairn_pg_array_integer(versions, service->projections[i]->version);
        } else if (kind == FOLLOWERS && service->processes[i]) {
            name = cairn_print(arena, "process/%s", service->processes[i]->name);
        } else if (consumer && (kind == CONSUMERS || kind == FEEDS) && follows == (kind == FEEDS)) {
            name = consumer->name;
        }
        if (name)
            cairn_pg_array_text(names, name);
        count += name != NULL;
        if (kind == FOLLOWERS && service->reactors[i]) {
            cairn_pg_array_text(names,
                                cairn_print(arena, "reactor/%s", service->reactors[i]->name));
            count++;
        }
    }
    return count;
}

static size_t list_all(const struct cairn_service *const services[], enum kind kind,
                       struct cairn_arena *arena, struct cairn_pg_array *names,
                       struct cairn_pg_array *versions)
{
    size_t count = 0;
    *names = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    *versions = cairn_pg_array(CAIRN_PG_INTEGERS, arena);
    for (; *services; services++)
        count += list(*services, kind, arena, names, versions);
    return count;
}

size_t cairn_drain_parts(const struct cairn_service *const services[])
{
    struct cairn_arena arena = {0};
    struct cairn_pg_array names, versions;
    size_t count = 0;
    for (enum kind kind = PROJECTIONS; kind <= FEEDS; kind++)
        count += list_all(services, kind, &arena, &names, &versions);
    for (; *services; services++)
        count += (*services)->publishes && (*services)->publishes->events;
    cairn_arena_close(&arena);
    return count;
}

/* ---- looking ---- */

static void say(const struct cairn_pg_result *rows, int64_t row)
{
    const char *note = cairn_pg_text(rows, row, 2);
    bool failed = strcmp(cairn_pg_text(rows, row, 1), "failed") == 0;
    cairn_log(CAIRN_LOG_WARN, failed ? "something has failed" : "is not at the head",
              CAIRN_LOG_TEXT("part", cairn_pg_text(rows, row, 0)),
              CAIRN_LOG_TEXT("error", note ? note : ""));
}

static int count_rows(struct cairn_drain_look *look, const char *sql,
                      const struct cairn_pg_params *params, bool says, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call_printed(look->pg, sql, params, &rows, error);
    for (int64_t i = 0; i < count; i++) {
        const char *state = cairn_pg_text(rows, i, 1);
        look->behind += strcmp(state, "behind") == 0;
        look->failed += strcmp(state, "failed") == 0;
        if (says && strcmp(state, "done") != 0)
            say(rows, i);
    }
    return count < 0 ? (int)count : 0;
}

/* Adds what the bus says of its streams and groups. */
static int add_bus(const struct cairn_drain_look *look, struct cairn_arena *arena,
                   struct cairn_pg_params *params, struct cairn_error *error)
{
    struct cairn_bus_report bus = {0};
    const struct cairn_place place = {look->pg, look->redis, arena};
    int failed = cairn_bus_read(&place, &bus, error);
    if (failed)
        return failed;
    cairn_pg_add_text(params, bus.streams);
    cairn_pg_add_text(params, bus.groups);
    return 0;
}

static int look_at(struct cairn_drain_look *look, enum kind kind, const char *sql, bool says,
                   struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    struct cairn_pg_array names, versions;
    if (list_all(look->services, kind, arena, &names, &versions) == 0)
        return 0;
    cairn_pg_add_array(&params, &names);
    if (kind == PROJECTIONS)
        cairn_pg_add_array(&params, &versions);
    cairn_pg_add_integer(&params, look->patient);
    int failed = kind == CONSUMERS ? add_bus(look, arena, &params, error) : 0;
    return failed ? failed : count_rows(look, sql, &params, says, error);
}

int cairn_drain_look(struct cairn_drain_look *look, bool says, struct cairn_error *error)
{
    static const struct {
        enum kind kind;
        const char *sql;
    } kinds[] = {{PROJECTIONS, projections_sql},
                 {FOLLOWERS, followers_sql},
                 {CONSUMERS, consumers_sql},
                 {FEEDS, feeds_sql}};
    struct cairn_arena arena = {0};
    look->behind = look->failed = 0;
    int failed = look->publishes ? count_rows(look, publisher_sql, NULL, says, error) : 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !failed; i++)
        failed = look_at(look, kinds[i].kind, kinds[i].sql, says, &arena, error);
    cairn_arena_close(&arena);
    return failed;
}
