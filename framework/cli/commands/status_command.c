/* status_command.c - `cairn status`: shows the store, the owner of its lock, and the progress of
 * each read model. */
#include "cli/commands/commands.h"

#include "core/threads/clock.h"

#include <poll.h>
#include <unistd.h>

enum { SAMPLE_MS = 250, WATCH_MS = 1000 };

static const char store_sql[] =
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
static const char projections_sql[] =
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
    " (select count(distinct q.key) from cairn.parked q where q.projection = k.projection"
    "     and q.generation = k.generation) as parked,"
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

static const char advice[] =
    "\nA read model that has diverged was built from events that the log does not have: the log "
    "was\n"
    "restored to an older state. It is stopped. A projector of its code version builds it "
    "anew,\n"
    "beside it, from the log as it is: another generation is `building` here then, and `cairn\n"
    "rebuild NAME --watch` shows how far it is. If there is none, none runs: the lease is "
    "nobody's.\n";

/* ---- positions ---- */

struct sample {
    struct cairn_arena arena;
    struct cairn_pg_array names, generations, positions;
    int64_t taken_us;
};

static int take_sample(struct cairn_pg *pg, struct sample *ret, struct cairn_error *error)
{
    static const struct cairn_statement statement = {
        .name = "sample", .sql = "select projection, generation, position from cairn.checkpoints"};
    struct cairn_pg_params none = {.arena = &ret->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_arena_reset(&ret->arena);
    ret->names = cairn_pg_array(CAIRN_PG_TEXTS, &ret->arena);
    ret->generations = cairn_pg_array(CAIRN_PG_INTEGERS, &ret->arena);
    ret->positions = cairn_pg_array(CAIRN_PG_INTEGERS, &ret->arena);
    ret->taken_us = cairn_monotonic_us();
    int64_t count = cairn_pg_call(pg, &statement, &none, &rows, error);
    for (int64_t i = 0; i < count; i++) {
        cairn_pg_array_text(&ret->names, cairn_pg_text(rows, i, 0));
        cairn_pg_array_integer(&ret->generations, cairn_pg_integer(rows, i, 1));
        cairn_pg_array_integer(&ret->positions, cairn_pg_integer(rows, i, 2));
    }
    return count < 0 ? (int)count : 0;
}

/* ---- showing ---- */

/* Returns whether a generation that queries read has diverged. */
static bool has_diverged(struct cairn_pg *pg)
{
    static const struct cairn_statement statement = {
        .name = "diverged",
        .sql = "select 1 from cairn.verify_checkpoints() v join cairn.generations g"
               "     using (projection, generation) where g.live or g.serving"};
    struct cairn_pg_params none = {.arena = NULL};
    CAIRN_PG_RESULT *rows = NULL;
    return cairn_pg_call(pg, &statement, &none, &rows, NULL) > 0;
}

static int64_t show_all(struct cairn_pg *pg, struct sample *before, bool json,
                        struct cairn_error *error)
{
    int64_t count = cairn_cli_show(pg, store_sql, NULL, json, error);
    if (count < 0)
        return count;
    if (!json)
        (void)printf("\n");
    int64_t spent_ms = (cairn_monotonic_us() - before->taken_us) / 1000;
    struct cairn_pg_params params = {.arena = &before->arena};
    cairn_pg_add_array(&params, &before->names);
    cairn_pg_add_array(&params, &before->generations);
    cairn_pg_add_array(&params, &before->positions);
    cairn_pg_add_integer(&params, spent_ms > 0 ? spent_ms : 1);
    count = cairn_cli_show(pg, projections_sql, &params, json, error);
    if (count > 0 && !json && has_diverged(pg))
        (void)fputs(advice, stdout);
    return count;
}

static int64_t show_once(struct cairn_pg *pg, bool json, int wait_ms, struct cairn_error *error)
{
    struct sample before = {.taken_us = 0};
    int64_t count = take_sample(pg, &before, error);
    if (count >= 0) {
        (void)poll(NULL, 0, wait_ms);
        if (wait_ms == WATCH_MS && cairn_terminal_width(STDOUT_FILENO))
            (void)fputs("\033[H\033[J", stdout);
        count = show_all(pg, &before, json, error);
        (void)fflush(stdout);
    }
    cairn_arena_close(&before.arena);
    return count;
}

static int run_status(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --watch", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = show_once(pg, options.json, SAMPLE_MS, &error);
    while (count >= 0 && options.watch)
        count = show_once(pg, options.json, WATCH_MS, &error);
    return cairn_cli_end(command, pg, count, &error);
}

const struct cairn_cli_command cairn_cli_status = {
    .name = "status",
    .usage = "status [--watch] [--json]",
    .summary = "show the store and the progress of each read model",
    .details =
        "Shows the store's id, epoch and newest position, the session that holds the lock of appends, and\n"
        "each generation of each read model: state, position, lag in events and seconds, rate in events a\n"
        "second, parked keys, owner of the lease, and a note: progress of its build, why it is held, until\n"
        "when it is kept, its problem. --watch repeats that every second.\n"
        "\n"
        "States: live (the view shows it, and queries of its code version read it), serving (queries of its\n"
        "older code version read it), building, held (built, not read yet), kept (up to date for `cairn\n"
        "rollback`), diverged (of another history than the log).",
    .example = "cairn status --watch",
    .run = run_status,
};
