/* endpoint.c - sets up and checks the endpoint of a command at start. */
#include "command/endpoint.h"

#include "record/json.h"
#include "store/read/events.h"

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
    const struct cairn_need *needs = endpoint->command->needs;
    for (int i = 0; i < CAIRN_NEEDS_MAX && needs[i].fact; i++) {
        const struct cairn_fact *fact = needs[i].fact;
        (void)snprintf(endpoint->fact_kinds[i], sizeof endpoint->fact_kinds[i], "%s:%s",
                       endpoint->service, fact->name);
        endpoint->facts[i] = (struct cairn_folding){
            .events = fact->events,
            .state = fact->state,
            .evolve = fact->evolve,
            .kind = endpoint->fact_kinds[i],
            .state_version = fact->state_version,
            .snapshots = endpoint->side->snapshots,
        };
    }
}

int cairn_endpoint_init(struct cairn_endpoint *ret, const char *service,
                        const struct cairn_command_side *side, const struct cairn_decider *decider,
                        const struct cairn_command_type *command, struct cairn_error *error)
{
    const char *space = strchr(command->route, ' ');
    size_t method_bytes = space ? (size_t)(space - command->route) : 0;
    if (!space || !is_method(command->route, method_bytes) || space[1] != '/')
        return cairn_fail(error, CAIRN_BUG, "%s has the route \"%s\", not \"METHOD /path\"",
                          command->name, command->route);
    *ret = (struct cairn_endpoint){
        .service = service,
        .side = side,
        .decider = decider,
        .command = command,
        .creates = strstr(command->route, "{id}") == NULL,
        .pattern = space + 1,
        .self = {.events = decider->events,
                 .state = decider->state,
                 .evolve = decider->evolve,
                 .kind = decider->category,
                 .state_version = decider->state_version,
                 .snapshots = side->snapshots},
    };
    memcpy(ret->method, command->route, method_bytes);
    (void)snprintf(ret->id_name, sizeof ret->id_name, "%s_id", decider->category);
    init_facts(ret);
    return 0;
}

static int check_needs(const struct cairn_command_type *command, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_NEEDS_MAX && command->needs[i].fact && !failed; i++) {
        failed = cairn_record_table_check(command->needs[i].fact->state, error);
        if (!failed)
            failed = cairn_events_check(command->needs[i].fact->events, error);
    }
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
    if (!field || field->kind == CAIRN_KIND_UUID || !command->route ||
        strstr(command->route, "{id}"))
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
    if (!failed)
        failed =
            cairn_tags_check(decider->category, "command", &decider->commands->types[0].tag,
                             sizeof decider->commands->types[0], decider->commands->count, error);
    for (uint32_t i = 0; i < decider->commands->count && !failed; i++) {
        failed = cairn_record_table_check(decider->commands->types[i].record, error);
        if (!failed)
            failed = check_needs(&decider->commands->types[i], error);
        if (!failed)
            failed = check_id_member(decider, &decider->commands->types[i], error);
    }
    if (failed)
        cairn_error_context(error, "decider %s", decider->category);
    return failed;
}
