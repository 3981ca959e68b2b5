/* endpoint.c - sets up and checks the endpoint of a command at start. */
#include "command/endpoint.h"

#include "command/check/decider_check.h"
#include "command/decision.h"
#include "record/json.h"
#include "store/events/events.h"
#include "store/internal_key.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

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
    int failed = cairn_route_check(ret->command, error);
    if (failed)
        return failed;
    if (!route) {
        (void)snprintf(ret->method, sizeof ret->method, "POST");
        length = snprintf(ret->pattern, sizeof ret->pattern, CAIRN_INTERNAL_PATH "%s/%s%s",
                          ret->decider->category, ret->command->name, ret->creates ? "" : "/{id}");
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
        .self =
            decider->overs ? cairn_folding_of_boundary(decider) : cairn_folding_of_decider(decider),
    };
    int failed = init_route(ret, error);
    if (!failed)
        failed = cairn_command_owner_find(decider, command, &ret->owner, error);
    if (failed)
        return failed;
    ret->self.snapshots = side->snapshots;
    (void)snprintf(ret->id_name, sizeof ret->id_name, "%s_id", decider->category);
    init_facts(ret);
    ret->part_count = cairn_part_count(decider);
    for (size_t i = 0; i < ret->part_count; i++)
        ret->parts[i] = cairn_folding_of_part(decider->overs[i].part);
    return 0;
}
