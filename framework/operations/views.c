/* views.c - the table of what operators see. */
#include "operations/views.h"

#include "record/json.h"

/* The oldest event of each parked key, in the order of the primary key: a page is read from where
 * the one before it ended. */
static const char parked_sql[] =
    "select p.projection || ' g' || p.generation as read_model, p.key, p.position,"
    " e.type, (select count(*) - 1 from cairn.parked q where q.projection = p.projection"
    "     and q.generation = p.generation and q.key = p.key) as waiting,"
    " p.attempts, to_char(p.parked_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as parked_at,"
    " p.reason"
    " from (select x.* from cairn.parked x"
    "     where ($1::text is null or x.projection = $1) and ($2::text is null or x.key = $2)"
    "         and ($4::text is null or (x.projection, x.generation, x.key) > ($1, $3::integer, $4))"
    "         and not exists (select from cairn.parked q where q.projection = x.projection"
    "             and q.generation = x.generation and q.key = x.key and q.position < x.position)"
    "     order by x.projection, x.generation, x.key limit coalesce(nullif($5, 0), 50)) p"
    " left join cairn.events e on e.shard = 0 and e.position = p.position"
    " order by p.projection, p.generation, p.key";

/* A rebuild with its progress: while it follows, that is measured against the log. */
#define REBUILD                                                                                    \
    "select r.rebuild, r.projection as read_model, r.cause, r.phase,"                              \
    " coalesce(r.request, '') as request, coalesce(r.note, '') as note,"                           \
    " coalesce(l.owner, '') as owner,"                                                             \
    " coalesce(to_char(o.kept_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), '') as kept,"    \
    " coalesce(r.left_out, '') as left_out, r.code_version,"                                       \
    " coalesce(r.generation, 0) as generation,"                                                    \
    " coalesce(w.before, 0) as before,"                                                            \
    " case when r.phase in ('following', 'held') then coalesce(c.position, 0)"                     \
    "     else r.done end as done,"                                                                \
    " case when r.phase in ('following', 'held') then cairn.head() else r.total end as total,"     \
    " r.events, r.rows, coalesce(r.differences, -1) as differences,"                               \
    " (extract(epoch from coalesce(r.ended_at, clock_timestamp())"                                 \
    "     - coalesce(r.started_at, r.requested_at)) * 1000)::bigint as spent_ms,"                  \
    " r.ended_at is not null as ended, coalesce(g.live, false) as live"                            \
    " from cairn.rebuilds r"                                                                       \
    " left join cairn.generations g using (projection, generation)"                                \
    " left join cairn.checkpoints c on c.projection = r.projection"                                \
    "     and c.generation = r.generation and c.shard = 0"                                         \
    " left join cairn.leases l on l.held_until > clock_timestamp()"                                \
    "     and l.name = 'projection/' || r.projection || '/' || r.code_version"                     \
    " left join lateral (select s.before from cairn.switches s"                                    \
    "     where s.projection = r.projection and s.generation = r.generation"                       \
    "     order by s.switch limit 1) w on true"                                                    \
    " left join cairn.generations o on o.projection = r.projection"                                \
    "     and o.generation = w.before and o.state = 'following'"

static const char rebuilds_sql[] =
    REBUILD " where $1::text is null or r.projection = $1"
            " order by r.rebuild desc limit coalesce(nullif($2, 0), 50)";
static const char rebuild_sql[] = REBUILD " where r.rebuild = $1";

/* For an example that both generations have, the columns that differ; for another, the row. */
static const char differences_sql[] =
    "with e as (select x.n, x.v ->> 'key' as key, nullif((x.v -> 'read')::jsonb, 'null') as o,"
    "         nullif((x.v -> 'new')::jsonb, 'null') as w"
    "     from cairn.rebuilds r, json_array_elements(r.examples) with ordinality x(v, n)"
    "     where r.rebuild = $1)"
    " select d.key, d.\"column\", d.read, d.new from ("
    "     select e.n, e.key, c.key as \"column\", e.o -> c.key as read, e.w -> c.key as new"
    "         from e, jsonb_object_keys(e.o || e.w) c(key)"
    "         where e.o -> c.key is distinct from e.w -> c.key"
    "     union all"
    "     select e.n, e.key, '(row)', e.o, e.w from e where e.o is null or e.w is null) d"
    " order by d.n, d.\"column\"";

#define SWITCH                                                                                     \
    "select w.switch as switch_id, w.projection as read_model, w.cause, w.requested_at,"           \
    "     w.done_at is not null as done, w.refused, w.generation, w.code_version,"                 \
    "     coalesce(w.before, 0) as before, coalesce(o.code_version, 0) as before_version,"         \
    "     coalesce((select l.owner from cairn.leases l"                                            \
    "         where l.held_until > clock_timestamp()"                                              \
    "             and l.name = 'projection/' || w.projection || '/' || w.code_version), '')"       \
    "     as owner"                                                                                \
    " from cairn.switches w left join cairn.generations o"                                         \
    "     on o.projection = w.projection and o.generation = w.before"
static const char rollbacks_sql[] =
    SWITCH " where $1::text is null or w.projection = $1"
           " order by w.switch desc limit coalesce(nullif($2, 0), 50)";
static const char rollback_sql[] = SWITCH " where w.switch = $1";

static const char followers_sql[] =
    "select f.name, f.position, cairn.head() - f.position as lag,"
    " (select count(*) from cairn.outgoing o where 'process/' || o.process = f.name) as commands,"
    " (select count(*) from cairn.timers t where 'process/' || t.process = f.name) as timers,"
    " (select count(*) from cairn.parked_events p where 'reactor/' || p.reactor = f.name)"
    "     + (select count(*) from cairn.parked_instances i where 'process/' || i.process = f.name)"
    "     as parked,"
    " coalesce((select l.owner from cairn.leases l where l.name = f.name"
    "     and l.held_until > clock_timestamp()), 'none') as runs_in,"
    " coalesce(f.stopped, (select o.command || ' is retried: ' || o.problem from cairn.outgoing o"
    "     where 'process/' || o.process = f.name and o.problem is not null"
    "     order by o.position, o.number limit 1), '') as stopped"
    " from cairn.followers f order by f.name";

/* Which instances there are is read from their newest events; each is as its last event has it. */
static const char instances_sql[] =
    "with recent as (select e.stream, max(e.position) as position from cairn.events e"
    "         where e.shard = 0 and e.position > cairn.head() - 100000 and $2::text is null"
    "             and e.type = 'ProcessAdvanced'"
    "             and ($1::text is null or e.stream like replace($1, '_', '\\_') || '-%')"
    "         group by e.stream order by 2 desc limit coalesce(nullif($3, 0), 50)),"
    "     wanted as (select r.stream from recent r union all select $2 where $2 is not null)"
    " select split_part(e.stream, '-', 1) as process, e.stream, e.version, e.position,"
    "     e.recorded_at, e.data -> 'input' as input, e.data -> 'state' as state,"
    "     (select count(*) from cairn.timers t where t.stream = e.stream) as timers,"
    "     (select count(*) from cairn.outgoing o where o.stream = e.stream) as commands,"
    "     coalesce((select i.reason from cairn.parked_instances i where i.stream = e.stream), '')"
    "     as parked"
    " from wanted w cross join lateral (select x.* from cairn.events x"
    "     where x.shard = 0 and x.stream = w.stream order by x.version desc limit 1) e"
    " where e.type = 'ProcessAdvanced' and (select cairn.await_durable()) >= 0"
    " order by e.position desc";

static const char commands_sql[] =
    "select 'process/' || o.process as name, o.stream, o.position, o.command, o.target, o.attempts,"
    " coalesce(o.problem, '') as problem"
    " from cairn.outgoing o order by o.process, o.position, o.number"
    " limit coalesce(nullif($1, 0), 1000)";

static const char process_parked_sql[] =
    "select p.name, p.position, p.type, p.stream, p.attempts, p.parked_at,"
    " case when p.again then 'retry requested' else 'parked' end as state, p.reason"
    " from (select 'reactor/' || reactor as name, position, type, stream, attempts, parked_at,"
    "           again, reason"
    "           from cairn.parked_events"
    "       union all"
    "       select 'process/' || process, position, '', stream, 1, parked_at, again, reason"
    "           from cairn.parked_instances) p"
    " order by p.name, p.position limit coalesce(nullif($1, 0), 1000)";

static const char timers_sql[] =
    "select stream, name, due_at, case when due_at <= cairn.now() then 'due'"
    " else 'in ' || date_trunc('second', due_at - cairn.now()) end as state"
    " from cairn.timers order by due_at, stream, name limit coalesce(nullif($1, 0), 1000)";

/* Looked for in the newest 100,000 positions: the whole log is not read. */
static const char streams_sql[] =
    "select r.stream, l.version, f.recorded_at as first_at, l.recorded_at as last_at,"
    "     r.position as last_position"
    " from (select e.stream, max(e.position) as position from cairn.events e"
    "         where e.shard = 0 and e.position > cairn.head() - 100000"
    "             and ($1::text is null or e.stream like replace($1, '_', '\\_') || '-%')"
    "             and (select cairn.await_durable()) >= 0"
    "         group by e.stream order by 2 desc limit coalesce(nullif($2, 0), 20)) r"
    " join cairn.events l on l.shard = 0 and l.position = r.position"
    " join cairn.events f on f.shard = 0 and f.stream = r.stream and f.version = 1"
    " order by r.position desc";

#define EVENT                                                                                      \
    "e.position, e.recorded_at, e.stream, e.version, e.type, e.schema_version, e.event_id,"        \
    " e.data, e.meta"
static const char stream_sql[] =
    "select " EVENT " from cairn.read_stream($1, $2, coalesce(nullif($3, 0), 100)) e";

/* Without a position or a time: the newest ones. What is looked at is bounded in any case. */
static const char events_sql[] =
    "with at as (select case when $1 > 0 then $1 - 1 when $2::timestamptz is not null"
    "         then cairn.position_at($2) end as after, coalesce(nullif($7, 0), 20) as least)"
    " select s.* from (select " EVENT " from at cross join lateral (select x.* from cairn.events x"
    "         where x.shard = 0"
    "             and x.position > coalesce(at.after, cairn.head() - 100000)"
    "             and x.position <= coalesce(at.after + 100000, cairn.head())"
    "             and ($3::text is null or x.type = $3)"
    "             and ($4::text is null or x.stream like replace($4, '_', '\\_') || '-%')"
    "             and ($5::text is null or coalesce(x.meta #>> '{actor,sub}',"
    "                 x.meta #>> '{actor,service}', x.meta ->> 'service') = $5)"
    "             and ($6::text is null or x.meta ->> 'correlation_id' = $6)"
    "         order by case when at.after is null then -x.position else x.position end"
    "         limit at.least) e"
    "     where (select cairn.await_durable()) >= 0) s order by s.position";
static const char event_sql[] = "select " EVENT " from cairn.events e where e.shard = 0"
                                " and e.position = $1 and (select cairn.await_durable()) >= 0";

/* As framework/command/identify.c makes the keys of callers. */
static const char command_sql[] =
    "select c.command_id, c.status, c.stream, c.version, c.position, c.event_count, c.recorded_at,"
    "     (select json_agg(json_build_object('type', e.type, 'version', e.version,"
    "             'position', e.position) order by e.version)"
    "         from cairn.events e where e.shard = 0 and e.stream = c.stream"
    "             and e.version > c.version - c.event_count and e.version <= c.version) as events,"
    "     (select e.meta -> 'actor' from cairn.events e"
    "         where e.shard = 0 and e.position = c.position) as actor"
    " from cairn.commands c where c.shard = 0 and c.command_id in (cairn.command_id($1, $2),"
    "     cairn.command_id($1, case when $3::text is null then $2 || E'\\n'"
    "         else concat_ws(E'\\n', $2, $3, $4) end))";

static const char amendments_sql[] =
    "select a.position, e.stream, e.version, e.type,"
    " case when a.data is null then 'skipped' else a.data::text end as read_as,"
    " a.reason, a.made_by, a.made_at from cairn.amendments a left join cairn.events e"
    " on e.shard = 0 and e.position = a.position and e.event_id = a.event_id"
    " order by a.position";

static const char operations_sql[] =
    "select o.position, o.recorded_at, o.action, o.state, o.by, o.issuer, o.\"for\", o.arguments,"
    " coalesce(to_jsonb(o.problem), o.result) as result, o.operation"
    " from cairn.operations o where ($1::text is null or o.action = $1)"
    "     and ($2::text is null or o.by = $2)"
    " order by o.position desc limit coalesce(nullif($3, 0), 20)";
static const char operation_sql[] =
    "select o.* from cairn.operations o where o.operation::text = $1";

const struct cairn_view cairn_views[CAIRN_VIEW_COUNT] = {
    [CAIRN_VIEW_PARKED] = {.path = "/admin/parked",
                           .help = "Keys of read models that are parked, with the failed event.",
                           .asks = &view_parked_record,
                           .sql = parked_sql},
    [CAIRN_VIEW_REBUILDS] = {.path = "/admin/rebuilds",
                             .help = "Builds of generations, past and present.",
                             .asks = &view_of_read_model_record,
                             .sql = rebuilds_sql},
    [CAIRN_VIEW_REBUILD] = {.path = "/admin/rebuilds/{id}",
                            .help = "A build of a generation, with its progress.",
                            .id = CAIRN_VIEW_ID_NUMBER,
                            .one = true,
                            .sql = rebuild_sql},
    [CAIRN_VIEW_DIFFERENCES] = {.path = "/admin/rebuilds/{id}/differences",
                                .help =
                                    "Some rows in which a generation differs from the live one.",
                                .id = CAIRN_VIEW_ID_NUMBER,
                                .sql = differences_sql},
    [CAIRN_VIEW_ROLLBACKS] = {.path = "/admin/rollbacks",
                              .help = "Switches of queries between generations.",
                              .asks = &view_of_read_model_record,
                              .sql = rollbacks_sql},
    [CAIRN_VIEW_ROLLBACK] = {.path = "/admin/rollbacks/{id}",
                             .help = "A switch, and whether it was done.",
                             .id = CAIRN_VIEW_ID_NUMBER,
                             .one = true,
                             .sql = rollback_sql},
    [CAIRN_VIEW_PROCESSES] = {.path = "/admin/processes",
                              .help = "Process managers and reactors: how far, and where.",
                              .sql = followers_sql},
    [CAIRN_VIEW_INSTANCES] = {.path = "/admin/processes/instances",
                              .help = "Instances of process managers, the last advanced first.",
                              .asks = &view_instances_record,
                              .sql = instances_sql},
    [CAIRN_VIEW_PROCESS_COMMANDS] = {.path = "/admin/processes/commands",
                                     .help = "Commands of processes that are not delivered yet.",
                                     .asks = &view_list_record,
                                     .sql = commands_sql},
    [CAIRN_VIEW_PROCESS_PARKED] = {.path = "/admin/processes/parked",
                                   .help = "What reactors gave up, and instances that stopped.",
                                   .asks = &view_list_record,
                                   .sql = process_parked_sql},
    [CAIRN_VIEW_TIMERS] = {.path = "/admin/timers",
                           .help = "Timers of processes, the next one first.",
                           .asks = &view_list_record,
                           .sql = timers_sql},
    [CAIRN_VIEW_STREAMS] = {.path = "/admin/streams",
                            .help = "Streams, the most recently changed first.",
                            .asks = &view_streams_record,
                            .sql = streams_sql},
    [CAIRN_VIEW_STREAM] = {.path = "/admin/streams/{id}",
                           .help = "The events of a stream.",
                           .id = CAIRN_VIEW_ID_TEXT,
                           .asks = &view_stream_record,
                           .sql = stream_sql},
    [CAIRN_VIEW_EVENTS] = {.path = "/admin/events",
                           .help = "Events of the log, in order.",
                           .asks = &view_events_record,
                           .sql = events_sql},
    [CAIRN_VIEW_EVENT] = {.path = "/admin/events/{id}",
                          .help = "The event at a position.",
                          .id = CAIRN_VIEW_ID_NUMBER,
                          .one = true,
                          .sql = event_sql},
    [CAIRN_VIEW_COMMAND] = {.path = "/admin/commands",
                            .help = "The command with an Idempotency-Key, and its answer.",
                            .asks = &view_command_record,
                            .sql = command_sql},
    [CAIRN_VIEW_AMENDMENTS] = {.path = "/admin/amendments",
                               .help = "Events that are skipped, or read with other data.",
                               .sql = amendments_sql},
    [CAIRN_VIEW_OPERATIONS] = {.path = "/admin/operations",
                               .help = "What operators did, the newest action first.",
                               .asks = &view_operations_record,
                               .sql = operations_sql},
    [CAIRN_VIEW_OPERATION] = {.path = "/admin/operations/{id}",
                              .help = "An action of an operator.",
                              .id = CAIRN_VIEW_ID_TEXT,
                              .one = true,
                              .sql = operation_sql},
};

/* Adds a plain field of a view's question. */
static void add_field(struct cairn_pg_params *params, const struct cairn_field *field,
                      const void *at)
{
    if (field->kind == CAIRN_KIND_INTEGER)
        cairn_pg_add_integer(params, *(const int64_t *)at);
    else if (field->kind == CAIRN_KIND_TEXT)
        cairn_pg_add_text(params, *(const char *const *)at);
    else if (((const struct cairn_time *)at)->us)
        cairn_pg_add_time(params, *(const struct cairn_time *)at);
    else
        cairn_pg_add_null(params);
}

struct cairn_pg_params cairn_view_params(const struct cairn_view *view,
                                         const struct cairn_view_ask *ask,
                                         struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    if (view->id == CAIRN_VIEW_ID_NUMBER)
        cairn_pg_add_integer(&params, ask->number);
    else if (view->id == CAIRN_VIEW_ID_TEXT)
        cairn_pg_add_text(&params, ask->text);
    for (uint32_t i = 0; view->asks && i < view->asks->count; i++)
        add_field(&params, &view->asks->fields[i],
                  cairn_field_at(&view->asks->fields[i], ask->value));
    return params;
}
