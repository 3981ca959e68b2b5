/* service_check.c - checks the tables of the services against their structs. */
#include "bus/consume/consumers.h"
#include "bus/publish/publisher.h"
#include "command/endpoint.h"
#include "process/react/reaction.h"
#include "query/query.h"
#include "record/json.h"
#include "runtime/check/route_check.h"
#include "runtime/handler.h"
#include "runtime/host.h"
#include "store/read/handlers.h"

static int check_projection(const struct cairn_projection *projection, struct cairn_error *error)
{
    int failed = cairn_record_table_check(projection->row, error);
    if (!failed)
        failed = cairn_handlers_check(projection->on, error);
    if (failed)
        cairn_error_context(error, "projection %s", projection->name);
    return failed;
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

static int check_process(const struct cairn_process *process, struct cairn_error *error)
{
    int failed = cairn_record_table_check(process->state, error);
    if (!failed)
        failed = cairn_handlers_check(process->when, error);
    for (const struct cairn_registered *at = process->when->first; at && !failed; at = at->next) {
        if (((const struct cairn_when *)at)->input == CAIRN_INPUT_REFUSAL)
            failed = check_refusal(process, at, error);
    }
    if (failed)
        cairn_error_context(error, "process %s", process->name);
    return failed;
}

static int check_reactor(const struct cairn_reactor *reactor, struct cairn_error *error)
{
    int failed = cairn_handlers_check(reactor->handles, error);
    if (failed)
        cairn_error_context(error, "reactor %s", reactor->name);
    return failed;
}

/* Adds a failed check to the findings. */
static void add(struct cairn_findings *findings, int failed, struct cairn_error *error)
{
    if (failed)
        cairn_findings_add(findings, error);
    cairn_error_reset(error);
}

static void check_service(const struct cairn_service *service, struct cairn_findings *findings)
{
    struct cairn_error error = {0};
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->deciders[i]; i++)
        add(findings, cairn_decider_check(service->deciders[i], &error), &error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->projections[i]; i++)
        add(findings, check_projection(service->projections[i], &error), &error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->processes[i]; i++)
        add(findings, check_process(service->processes[i], &error), &error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->reactors[i]; i++)
        add(findings, check_reactor(service->reactors[i], &error), &error);
    for (const struct cairn_resource *at = service->resources; at && at->path; at++)
        add(findings, cairn_query_check(at, &error), &error);
    for (int i = 0; i < CAIRN_SERVICE_MAX && service->consumers[i]; i++)
        add(findings, cairn_consumer_check(service->consumers[i], &error), &error);
    for (const struct cairn_publication *at = service->publishes; at && at->events; at++)
        add(findings, cairn_publication_check(at, &error), &error);
    for (const struct cairn_route *at = service->routes; at && at->route; at++)
        add(findings, cairn_handler_init(&(struct cairn_handler_route){0}, at, &error), &error);
}

int cairn_host_check(const struct cairn_service *const services[], struct cairn_error *error)
{
    struct cairn_findings findings = {0};
    for (size_t i = 0; services[i]; i++)
        check_service(services[i], &findings);
    cairn_routes_check(services, &findings);
    return cairn_findings_result(&findings, error);
}
