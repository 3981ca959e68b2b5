/* status_views.c - queries the store and its read models. */
#include "operations/status_views.h"

#include "core/threads/clock.h"

const char cairn_status_store_sql[] =
    "select s.store_id as store, s.epoch, cairn.head() as head,"
    " coalesce((select 'pid ' || l.pid || ', ' || coalesce(nullif(a.application_name, ''), '?')"
    "     || ', ' || coalesce(a.state, '?') || case when a.wait_event = 'SyncRep'"
    "         then ', waits for a synchronous standby' else '' end from pg_locks l left join "
    "pg_stat_activity a"
    "     on a.pid = l.pid where l.relation = 'cairn.append_lock'::regclass and l.granted"
    "     and l.mode = 'ShareUpdateExclusiveLock'"
    "     and l.database = (select oid from pg_database where datname = current_database())"
    "     limit 1), 'none') as append_lock"
    " from cairn.store s";

/* $1 to $3: the positions of the generations $4 milliseconds ago. For a generation that is being
 * built, the rebuild has the progress; a rebuild that has not begun has no generation yet. */
const char cairn_status_read_models_sql[] =
    "with known as (select g.projection, g.generation, g.code_version, g.live, g.serving, g.state,"
    "         g.in_the_way,"
    "         g.complete_at is not null as complete, g.kept_until, r.phase, r.done, r.total, r.note"
    "     from cairn.generations g left join cairn.rebuilds r"
    "         on r.projection = g.projection and r.generation = g.generation and r.ended_at is null"
    "     where g.state <> 'dropped'"
    "     union all"
    "     select r.projection, r.generation, r.code_version, false, false, 'building', null, false,"
    "         null,"
    "         'waiting', 0, 0, r.note"
    "     from cairn.rebuilds r where r.ended_at is null and not exists ("
    "         select from cairn.generations g where g.projection = r.projection"
    "             and g.generation = r.generation and g.state <> 'dropped'))"
    " select k.projection || coalesce(' g' || k.generation, '') as read_model,"
    " case when d.problem is not null then 'diverged' when k.live then 'live'"
    "     when k.serving then 'serving' when k.complete then 'kept'"
    "     when k.phase = 'held' then 'held' else 'building' end as state,"
    " k.code_version, c.position, cairn.head() - c.position as lag,"
    " case when c.position is not null then"
    "     coalesce((select round(extract(epoch from greatest(clock_timestamp() - e.recorded_at,"
    "             interval '0'))::numeric, 1)"
    "         from cairn.events e where e.shard = 0 and e.position = c.position + 1), 0) end"
    "     as lag_s,"
    " case when c.position is not null then"
    "     coalesce((c.position - p.position) * 1000 / $4, 0) end as per_s,"
    " cairn.count_parked_keys(k.projection, k.generation) as parked,"
    " coalesce((select l.owner from cairn.leases l where l.held_until > clock_timestamp()"
    "     and l.name = 'projection/' || k.projection || '/' || k.code_version), 'nobody')"
    "     as lease,"
    " coalesce(d.problem, c.stopped, case when k.phase = 'held' then k.note"
    "     when k.in_the_way is not null then 'cannot be dropped: these depend on its table: '"
    "         || k.in_the_way"
    "     when k.phase is not null then k.phase || case when k.phase in ('reading', 'loading',"
    "         'indexing', 'copying') and k.total > 0"
    "         then format(' %s%%', least(k.done, k.total) * 100 / k.total) else '' end"
    "         || coalesce(': ' || k.note, '')"
    "     when not k.serving and k.kept_until is not null then 'kept until '"
    "         || to_char(k.kept_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') end, '') as note"
    " from known k"
    " left join cairn.checkpoints c on c.projection = k.projection"
    "     and c.generation = k.generation and c.shard = 0"
    " left join cairn.verify_checkpoints() d"
    "     on d.projection = k.projection and d.generation = k.generation"
    " left join unnest($1::text[], $2::bigint[], $3::bigint[]) p (projection, generation, position)"
    "     on p.projection = k.projection and p.generation = k.generation"
    " order by k.projection, k.generation nulls last";

int cairn_status_sample(struct cairn_pg *pg, struct cairn_arena *arena,
                        struct cairn_status_sample *ret, struct cairn_error *error)
{
    static const struct cairn_statement statement = {
        .name = "sample", .sql = "select projection, generation, position from cairn.checkpoints"};
    struct cairn_pg_params none = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    *ret = (struct cairn_status_sample){
        .arena = arena,
        .names = cairn_pg_array(CAIRN_PG_TEXTS, arena),
        .generations = cairn_pg_array(CAIRN_PG_INTEGERS, arena),
        .positions = cairn_pg_array(CAIRN_PG_INTEGERS, arena),
        .taken_us = cairn_monotonic_us(),
    };
    int64_t count = cairn_pg_call(pg, &statement, &none, &rows, error);
    for (int64_t i = 0; i < count; i++) {
        cairn_pg_array_text(&ret->names, cairn_pg_text(rows, i, 0));
        cairn_pg_array_integer(&ret->generations, cairn_pg_integer(rows, i, 1));
        cairn_pg_array_integer(&ret->positions, cairn_pg_integer(rows, i, 2));
    }
    return count < 0 ? (int)count : 0;
}

struct cairn_pg_params cairn_status_params(struct cairn_status_sample *sample)
{
    struct cairn_pg_params params = {.arena = sample->arena};
    int64_t spent_ms = (cairn_monotonic_us() - sample->taken_us) / 1000;
    cairn_pg_add_array(&params, &sample->names);
    cairn_pg_add_array(&params, &sample->generations);
    cairn_pg_add_array(&params, &sample->positions);
    cairn_pg_add_integer(&params, spent_ms > 0 ? spent_ms : 1);
    return params;
}
