/* start_gate.c - collects the events that the services of a process read, and checks them. */
#include "runtime/start_gate.h"

#include "command/state/part.h"
#include "core/containers/arena.h"
#include "core/report/log.h"
#include "store/events/readable_types.h"
#include "store/migrate.h"

struct readings {
    struct cairn_arena arena;
    struct cairn_reading *all;
    size_t count;
    size_t capacity;
};

static void add(struct readings *readings, const struct cairn_events *events,
                const struct cairn_record *record)
{
    cairn_grow(&readings->arena, readings->all, readings->count, &readings->capacity);
    readings->all[readings->count++] = (struct cairn_reading){events, record};
}

static void add_handlers(struct readings *readings, const struct cairn_handlers *handlers)
{
    for (const struct cairn_registered *at = handlers->first; at; at = at->next) {
        if (at->events)
            add(readings, at->events, at->record);
    }
}

static void add_decider(struct readings *readings, const struct cairn_decider *decider)
{
    add(readings, decider->events, NULL);
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_need *needs = decider->decides()[i]->needs;
        for (int n = 0; n < CAIRN_NEEDS_MAX && needs[n].fact; n++)
            add(readings, needs[n].fact->events, NULL);
    }
    for (size_t i = 0; i < cairn_part_count(decider); i++)
        add_handlers(readings, decider->overs[i].part->learns);
}

static void add_service(struct readings *readings, const struct cairn_service *service)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++)
        add_decider(readings, service->deciders[i]);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->projections[i]; i++)
        add_handlers(readings, service->projections[i]->on);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->processes[i]; i++)
        add_handlers(readings, service->processes[i]->when);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->reactors[i]; i++)
        add_handlers(readings, service->reactors[i]->handles);
}

static void log_refusal(void *context, const char *what)
{
    (void)context;
    cairn_log(CAIRN_LOG_ERROR, "the log holds an event that this binary cannot read",
              CAIRN_LOG_TEXT("event", what));
}

/* Declares the types of a category that a service writes: no others may be appended to it by
 * hand. */
static int declare(const struct cairn_events *events, struct cairn_pg *pg,
                   struct cairn_error *error)
{
    static const struct cairn_statement statement = {
        .name = NULL, .sql = "select cairn.declare_event_types($1, $2, $3)"};
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    struct cairn_pg_array versions = cairn_pg_array(CAIRN_PG_INTEGERS, &arena);
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, events->category);
    cairn_pg_add_texts(&params, &events->types->name, sizeof *events->types, events->count);
    for (uint32_t i = 0; i < events->count; i++)
        cairn_pg_array_integer(&versions, events->types[i].schema_version);
    cairn_pg_add_array(&params, &versions);
    int64_t done = cairn_pg_call(pg, &statement, &params, &rows, error);
    cairn_arena_close(&arena);
    return done < 0 ? (int)done : 0;
}

static int declare_all(const struct cairn_service *service, struct cairn_pg *pg,
                       struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i] && !failed; i++)
        failed = declare(service->deciders[i]->events, pg, error);
    return failed;
}

int cairn_host_gate(const struct cairn_service *const services[], struct cairn_pg *pg,
                    struct cairn_error *error)
{
    struct readings readings = {0};
    for (size_t i = 0; services[i]; i++)
        add_service(&readings, services[i]);
    int failed = readings.count == 0 ? 0
                                     : cairn_readable_types_check(pg, readings.all, readings.count,
                                                                  log_refusal, NULL, error);
    cairn_arena_close(&readings.arena);
    for (size_t i = 0; services[i] && !failed; i++)
        failed = declare_all(services[i], pg, error);
    return failed;
}

int cairn_host_check_database(const char *url, const struct cairn_service *const services[],
                              struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int failed = cairn_pg_open(url, services[0]->name, &pg, error);
    if (!failed)
        failed = cairn_migrate_check(pg, error);
    if (!failed)
        failed = cairn_host_gate(services, pg, error);
    cairn_pg_close(pg);
    return failed;
}
