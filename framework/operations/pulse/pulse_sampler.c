/* pulse_sampler.c - one sample of the system, as JSON. */
#include "operations/pulse/pulse_sampler.h"

#include "core/threads/clock.h"
#include "operations/views.h"
#include "record/json.h"

/* The wait for the flush is a part of what an append waits for. */
static const struct cairn_statement head_statement = {
    .name = "pulse_head",
    .sql = "select cairn.head() where (select cairn.await_durable()) >= 0",
};

/* The processes of a service are told apart where they hold leases: NAME@HOST:PID:…. All of them
 * have connections, whose name is the service's. */
static const char services_sql[] =
    "select s.service, coalesce(c.connections, 0) as connections, c.since,"
    " coalesce(c.places, '') as places, coalesce(o.holders, '{}') as processes"
    " from unnest($1::text[]) with ordinality s (service, n)"
    " left join (select a.application_name, count(*) as connections,"
    "         min(a.backend_start) as since,"
    "         string_agg(distinct coalesce(host(a.client_addr), 'this machine'), ', ') as places"
    "     from pg_stat_activity a where a.datname = current_database()"
    "     group by a.application_name) c on c.application_name = s.service"
    " left join (select split_part(l.owner, '@', 1) as service,"
    "         array_agg(distinct split_part(l.owner, '@', 2)) as holders"
    "     from cairn.leases l where l.held_until > clock_timestamp() group by 1) o"
    "     on o.service = s.service"
    " order by s.n";

/* Returns whether a process of the service has connections of its own while it runs. */
static bool uses_database(const struct cairn_service *service)
{
    return service->deciders[0] || service->processes[0] || service->reactors[0] ||
           service->projections[0] || service->consumers[0] || service->resources || service->log;
}

static int64_t read_head(struct cairn_pg *pg, double *ret_ms, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t began_us = cairn_monotonic_us();
    int64_t count = cairn_pg_call(pg, &head_statement, NULL, &rows, error);
    *ret_ms = (double)(cairn_monotonic_us() - began_us) / 1000;
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}

static int64_t add_services(const struct cairn_sampler *sampler, struct cairn_buffer *out,
                            struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = out->arena};
    struct cairn_pg_array names = cairn_pg_array(CAIRN_PG_TEXTS, out->arena);
    for (size_t i = 0; sampler->services[i]; i++) {
        if (uses_database(sampler->services[i]))
            cairn_pg_array_text(&names, sampler->services[i]->name);
    }
    cairn_pg_add_array(&params, &names);
    cairn_buffer_text(out, ",\"services\":");
    return cairn_view_rows_json(sampler->pg, services_sql, &params, false, out, error);
}

static int64_t add_processes(const struct cairn_sampler *sampler, struct cairn_buffer *out,
                             struct cairn_error *error)
{
    cairn_buffer_text(out, ",\"processes\":");
    return cairn_view_rows_json(sampler->pg, cairn_views[CAIRN_VIEW_PROCESSES].sql, NULL, false,
                                out, error);
}

/* A bus that cannot be asked does not hide the rest. */
static void add_bus(const struct cairn_sampler *sampler, struct cairn_buffer *out)
{
    const struct cairn_place place = {
        .pg = sampler->pg, .redis = sampler->redis, .arena = out->arena};
    struct cairn_buffer bus = cairn_buffer(out->arena);
    struct cairn_error wrong = {0};
    cairn_buffer_text(out, ",\"bus\":");
    if (!sampler->redis) {
        cairn_buffer_text(out, "null");
    } else if (cairn_bus_json(&place, &bus, &wrong) < 0) {
        cairn_buffer_text(out, "{\"unreachable\":");
        cairn_buffer_json(out, wrong.message);
        cairn_buffer_char(out, '}');
    } else {
        cairn_buffer_print(out, "{%s}", bus.text);
    }
}

static void add_times(struct cairn_sampler *sampler, int64_t head, double log_ms, int64_t now_us,
                      struct cairn_buffer *out)
{
    char at[CAIRN_TIME_TEXT_SIZE];
    bool is_first = sampler->before.taken_us == 0;
    double seconds = is_first ? 0 : (double)(now_us - sampler->before.taken_us) / 1000000;
    int64_t appended = is_first || head < sampler->head ? 0 : head - sampler->head;
    cairn_time_format(cairn_now(), at);
    cairn_buffer_print(out, "{\"at\":\"%s\",\"seconds\":%.3f,\"log_ms\":%.2f", at, seconds, log_ms);
    cairn_buffer_print(out, ",\"appends_per_s\":%.1f,",
                       seconds > 0 ? (double)appended / seconds : 0.0);
    sampler->head = head;
}

static int fill(struct cairn_sampler *sampler, struct cairn_buffer *out, struct cairn_error *error)
{
    double log_ms = 0;
    int64_t now_us = cairn_monotonic_us();
    int64_t count = read_head(sampler->pg, &log_ms, error);
    if (count < 0)
        return (int)count;
    add_times(sampler, count, log_ms, now_us, out);
    if (sampler->before.taken_us == 0)
        count = cairn_status_sample(sampler->pg, out->arena, &sampler->before, error);
    sampler->before.arena = out->arena;
    if (count >= 0)
        count = cairn_status_json(sampler->pg, &sampler->before, out, error);
    if (count >= 0)
        count = add_processes(sampler, out, error);
    if (count >= 0)
        count = add_services(sampler, out, error);
    if (count < 0)
        return (int)count;
    add_bus(sampler, out);
    cairn_buffer_print(out, ",\"took_ms\":%" PRId64 "}", (cairn_monotonic_us() - now_us) / 1000);
    return cairn_status_sample(sampler->pg, out->arena, &sampler->before, error);
}

int cairn_sampler_read(struct cairn_sampler *sampler, const char **ret, struct cairn_error *error)
{
    struct cairn_arena *arena = &sampler->arenas[sampler->turn];
    cairn_arena_reset(arena);
    sampler->turn = 1 - sampler->turn;
    struct cairn_buffer out = cairn_buffer(arena);
    int failed = fill(sampler, &out, error);
    if (failed)
        sampler->before = (struct cairn_status_sample){0};
    *ret = out.text;
    return failed;
}

void cairn_sampler_close(struct cairn_sampler *sampler)
{
    cairn_redis_close(sampler->redis);
    cairn_pg_close(sampler->pg);
    cairn_arena_close(&sampler->arenas[0]);
    cairn_arena_close(&sampler->arenas[1]);
}
