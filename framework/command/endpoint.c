/* endpoint.c - sets up and checks the endpoint of a command at start. */
#include "command/endpoint.h"

#include "command/decision.h"
#include "record/json.h"
#include "store/internal_key.h"
#include "store/read/events.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static bool is_method(const char *method, size_t bytes)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strlen(methods[i]) == bytes && strncmp(methods[i], method, bytes) == 0)
            return true;
    }
    return false;
}

/* Sets up the folds of facts. Kinds include the service, as another may use the same fact name. */
static void init_facts(struct cairn_endpoint *endpoint)
{
    const struct cairn_need *needs = endpoint->decides->needs;
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact; i++) {
        (void)snprintf(endpoint->fact_kinds[i], sizeof endpoint->fact_kinds[i], "%s:%s",
                       endpoint->service, needs[i].fact->name);
        endpoint->facts[i] = cairn_folding_of_fact(needs[i].fact);
        endpoint->facts[i].kind = endpoint->fact_kinds[i];
        endpoint->facts[i].snapshots = endpoint->side->snapshots;
    }
}

/* Commands without a route of their own have one below /internal/. */
static int init_route(struct cairn_endpoint *ret, struct cairn_error *error)
{
    const char *route = ret->command->route;
    const char *space = route ? strchr(route, ' ') : NULL;
    size_t method_bytes = space ? (size_t)(space - route) : 0;
    int length;
    if (!route) {
        (void)snprintf(ret->method, sizeof ret->method, "POST");
        length = snprintf(ret->pattern, sizeof ret->pattern, CAIRN_INTERNAL_PATH "%s/%s%s",
                          ret->decider->category, ret->command->name, ret->creates ? "" : "/{id}");
    } else if (!space || !is_method(route, method_bytes) || space[1] != '/') {
        return cairn_fail(error, CAIRN_BUG, "%s has the route \"%s\", not \"METHOD /path\"",
                          ret->command->name, route);
    } else {
        memcpy(ret->method, route, method_bytes);
        length = snprintf(ret->pattern, sizeof ret->pattern, "%s", space + 1);
    }
    if ((size_t)length >= sizeof ret->pattern)
        return cairn_fail(error, CAIRN_BUG, "the route of %s is too long", ret->command->name);
    return 0;
}

int cairn_endpoint_init(struct cairn_endpoint *ret, const char *service,
                        const struct cairn_command_side *side, const struct cairn_decider *decider,
                        const struct cairn_command_type *command, struct cairn_error *error)
{
    *ret = (struct cairn_endpoint){
        .service = service,
        .side = side,
        .decider = decider,
        .command = command,
        .decides = cairn_decides_of(decider, command),
        .creates = cairn_command_creates(command),
        .self = cairn_folding_of_decider(decider),
    };
    int failed = init_route(ret, error);
    if (failed)
        return failed;
    ret->self.snapshots = side->snapshots;
    (void)snprintf(ret->id_name, sizeof ret->id_name, "%s_id", decider->category);
    init_facts(ret);
    return 0;
}

static int check_fact(const struct cairn_fact *fact, struct cairn_error *error)
{
    int failed = cairn_record_table_check(fact->state, error);
    if (!failed)
        failed = cairn_events_check(fact->events, error);
    for (const struct cairn_registered *at = fact->learns->first; at && !failed; at = at->next) {
        if (!cairn_events_of(fact->events, at->record))
            failed = cairn_fail(error, CAIRN_BUG, "%s:%d: %s is not an event of %s", at->file,
                                at->line, at->record->name, fact->events->category);
    }
    return failed;
}

static int check_needs(const struct cairn_decides *decides, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_NEEDS_MAX && decides->needs[i].fact && !failed; i++)
        failed = check_fact(decides->needs[i].fact, error);
    return failed;
}

/* Checks the member NOUN_id of a command that creates, which names its stream: it must be a
 * uuid. */
static int check_id_member(const struct cairn_decider *decider,
                           const struct cairn_command_type *command, struct cairn_error *error)
{
    char name[80];
    (void)snprintf(name, sizeof name, "%s_id", decider->category);
    const struct cairn_field *field = cairn_record_field(command->record, name);
    if (!field || field->kind == CAIRN_KIND_UUID || !cairn_command_creates(command))
        return 0;
    return cairn_fail(
        error, CAIRN_BUG,
        "%s creates a stream, and its member %s, which names the stream, is not a uuid",
        command->name, name);
}

int cairn_decider_check(const struct cairn_decider *decider, struct cairn_error *error)
{
    int failed = cairn_record_table_check(decider->state, error);
    if (!failed)
        failed = cairn_events_check(decider->events, error);
    for (uint32_t i = 0; i < decider->commands->count && !failed; i++) {
        failed = cairn_record_table_check(decider->commands->types[i].record, error);
        if (!failed)
            failed = check_needs(decider->decides()[i], error);
        if (!failed)
            failed = check_id_member(decider, &decider->commands->types[i], error);
    }
    if (failed)
        cairn_error_context(error, "decider %s", decider->category);
    return failed;
}
