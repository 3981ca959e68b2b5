/* service_check.c - checks what services declare, before anything is started. */
#include "bus/consume/consumers.h"
#include "bus/publish/publisher.h"
#include "command/check/decider_check.h"
#include "command/check/over_check.h"
#include "command/state/part.h"
#include "process/deliver/command_client.h"
#include "process/react/empty_state.h"
#include "projection/tables/read_table.h"
#include "query/query.h"
#include "record/json.h"
#include "runtime/check/name_check.h"
#include "runtime/check/route_check.h"
#include "runtime/duty/duties.h"
#include "runtime/host.h"
#include "runtime/serve/handler.h"
#include "store/command_type.h"
#include "store/events/events.h"
#include "store/events/handlers.h"

#include <string.h>

/* What is checked, and where findings go. `error` is that of the check under way. */
struct check {
    const struct cairn_service *const *services;
    struct cairn_findings findings;
    struct cairn_error error;
};

/* Adds a failed check to the findings. */
static void add(struct check *check, int failed)
{
    if (failed)
        cairn_findings_add(&check->findings, &check->error);
    cairn_error_reset(&check->error);
}

/* ---- tables of events and handlers ---- */

static void check_events(struct check *check, const struct cairn_events *events)
{
    for (uint32_t i = 0; i < events->count; i++)
        add(check, cairn_events_check_row(events, i, &check->error));
}

/* `what` is "projection", `macro` makes one of its handlers. */
static void check_handlers(struct check *check, const struct cairn_handlers *handlers,
                           const char *where, const char *what, const char *name, const char *macro)
{
    if (!handlers->first)
        cairn_findings_say(&check->findings,
                           "%s%s%s %s has no %s after its declaration: it would do nothing",
                           where ? where : "", where ? ": " : "", what, name, macro);
    for (const struct cairn_registered *at = handlers->first; at; at = at->next) {
        int failed = cairn_handler_check(at, &check->error);
        add(check, failed);
        if (!failed && at->events)
            check_events(check, at->events);
    }
}

/* ---- declarations ---- */

static void check_decider(struct check *check, const struct cairn_decider *decider)
{
    add(check, cairn_decider_check_state(decider, &check->error));
    check_events(check, decider->events);
    for (uint32_t i = 0; i < decider->commands->count; i++)
        add(check, cairn_decider_check_command(decider, i, &check->error));
    for (size_t i = 0; i < cairn_part_count(decider); i++) {
        const struct cairn_part *part = decider->overs[i].part;
        check_handlers(check, part->learns, part->at, "part", part->name, "CAIRN_LEARN_FROM");
        add(check, cairn_over_check(decider, &decider->overs[i], &check->error));
    }
}

static void check_projection(struct check *check, const struct cairn_projection *projection)
{
    check_handlers(check, projection->on, projection->at, "projection", projection->name,
                   "CAIRN_ON");
    add(check, cairn_table_check(projection, &check->error));
}

/* Checks that a command whose refusal the process handles is one that it sends. */
static int check_refusal(const struct cairn_process *process,
                         const struct cairn_registered *handler, struct cairn_error *error)
{
    for (size_t i = 0; process->sends && process->sends[i]; i++) {
        if (cairn_commands_of(process->sends[i], handler->record))
            return 0;
    }
    return cairn_fail(error, CAIRN_BUG,
                      "%s:%d: %s is not a command of those that CAIRN_SENDS names", handler->file,
                      handler->line, handler->record->name);
}

static void check_when(struct check *check, const struct cairn_process *process,
                       const struct cairn_when *when)
{
    const struct cairn_registered *at = &when->handler;
    if (when->input == CAIRN_INPUT_REFUSAL)
        add(check, check_refusal(process, at, &check->error));
    if (when->input == CAIRN_INPUT_TIMER && (!when->timer || !when->timer[0]))
        cairn_findings_say(&check->findings, "%s:%d: the timer has no name", at->file, at->line);
    if (when->every_us < 0 || (when->every_us > 0 && when->every_us < CAIRN_SECONDS(1)))
        cairn_findings_say(&check->findings,
                           "%s:%d: the period is %" PRId64
                           " microseconds: it has to be at least CAIRN_SECONDS(1)",
                           at->file, at->line, when->every_us);
    if (when->association && !when->association[0])
        cairn_findings_say(&check->findings, "%s:%d: the association has no name", at->file,
                           at->line);
}

static void check_process(struct check *check, const struct cairn_process *process)
{
    int wrong_state = cairn_record_table_check(process->state, &check->error);
    if (!wrong_state)
        wrong_state = cairn_empty_state_check(process, &check->error);
    add(check, wrong_state);
    check_handlers(check, process->when, process->at, "process", process->name, "CAIRN_WHEN");
    for (const struct cairn_registered *at = process->when->first; at; at = at->next)
        check_when(check, process, (const struct cairn_when *)at);
    for (size_t i = 0; process->sends && process->sends[i]; i++) {
        int failed = cairn_peer_check(check->services, process->sends[i]->category, &check->error);
        if (failed)
            cairn_error_context(&check->error, "%s%sprocess %s", process->at ? process->at : "",
                                process->at ? ": " : "", process->name);
        add(check, failed);
    }
}

static void check_reactor(struct check *check, const struct cairn_reactor *reactor)
{
    check_handlers(check, reactor->handles, reactor->at, "reactor", reactor->name, "CAIRN_HANDLE");
    if (reactor->concurrency < 0 || reactor->attempts < 0)
        cairn_findings_say(&check->findings,
                           "%s: reactor %s has a .concurrency of %d and %d .attempts: neither can "
                           "be less than 0, which means 1 and 20",
                           reactor->at ? reactor->at : "", reactor->name, reactor->concurrency,
                           reactor->attempts);
}

static void check_consumer(struct check *check, const struct cairn_consumer *consumer)
{
    const char *name = consumer->name ? consumer->name : "without a name";
    check_handlers(check, consumer->consumes, consumer->at, "consumer", name, "CAIRN_CONSUME");
    add(check, cairn_consumer_check(consumer, &check->error));
    if (consumer->follows[0].url && consumer->work)
        cairn_findings_say(&check->findings,
                           "%s: consumer %s has .follows and .work: give the work to a consumer of "
                           "the bus, or to the handlers",
                           consumer->at ? consumer->at : "", name);
    if (consumer->attempts < 0 || consumer->backoff_us < 0 || consumer->backoff_max_us < 0 ||
        consumer->stuck_us < 0)
        cairn_findings_say(&check->findings, "%s: consumer %s has a number below 0",
                           consumer->at ? consumer->at : "", name);
}

static void check_resource(struct check *check, const struct cairn_resource *resource,
                           const char *at)
{
    int failed = cairn_query_check(resource, &check->error);
    if (failed && at)
        cairn_error_context(&check->error, "%s", at);
    else if (failed && resource->projection && resource->projection->at)
        cairn_error_context(&check->error, "the projection at %s", resource->projection->at);
    add(check, failed);
    if (resource->projection)
        check_projection(check, resource->projection);
}

static void check_resources(struct check *check, const struct cairn_resource *resources)
{
    const char *at = cairn_resources_at(resources);
    for (const struct cairn_resource *one = resources; one && one->path; one++)
        check_resource(check, one, at);
}

static void check_service(struct check *check, const struct cairn_service *service)
{
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++)
        check_decider(check, service->deciders[i]);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->projections[i]; i++)
        check_projection(check, service->projections[i]);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->processes[i]; i++)
        check_process(check, service->processes[i]);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->reactors[i]; i++)
        check_reactor(check, service->reactors[i]);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->consumers[i]; i++)
        check_consumer(check, service->consumers[i]);
    check_resources(check, service->resources);
    for (const struct cairn_publication *at = service->publishes; at && at->events; at++)
        add(check, cairn_publication_check(at, &check->error));
    for (const struct cairn_route *at = service->routes; at && at->route; at++)
        add(check, cairn_handler_init(&(struct cairn_handler_route){0}, at, &check->error));
    add(check, cairn_duties_check(service, &check->error));
}

int cairn_host_check(const struct cairn_service *const services[], struct cairn_error *error)
{
    struct check check = {.services = services};
    cairn_names_check(services, &check.findings);
    for (size_t i = 0; services[i]; i++)
        check_service(&check, services[i]);
    cairn_routes_check(services, &check.findings);
    return cairn_findings_end(&check.findings, error);
}
