/* policy_check.c - checks the policies of commands, resources and routes. */
#include "runtime/check/policy_check.h"

#include "command/command_owner.h"
#include "identity/policy.h"
#include "runtime/check/findings.h"

#include <string.h>

struct check {
    bool required;
    struct cairn_findings findings;
};

/* Checks what all tables have in common. `at` is where the table is, or NULL. */
static void check_row(struct check *check, const char *at, const char *what, const char *row,
                      const struct cairn_allow *allow)
{
    bool roles = true;
    for (size_t i = 0; i < CAIRN_ALLOW_ROLES_MAX && allow->roles[i]; i++)
        roles = roles && *allow->roles[i];
    if (!roles || (allow->kind == CAIRN_ALLOW_ROLE && !allow->roles[0]))
        cairn_findings_say(&check->findings, "%s%s%s %s: a role of its .allow is empty",
                           at ? at : "", at ? ": " : "", what, row);
    if (allow->kind == CAIRN_ALLOW_UNSAID && check->required)
        cairn_findings_say(&check->findings,
                           "%s%s%s %s does not say who may use it, and CAIRN_AUTH is on: add "
                           ".allow = CAIRN_ROLE(\"…\"), CAIRN_SIGNED_IN, CAIRN_OWNER(…, …) or "
                           "CAIRN_ANYONE",
                           at ? at : "", at ? ": " : "", what, row);
}

static void check_commands(struct check *check, const struct cairn_decider *decider)
{
    for (uint32_t i = 0; i < decider->commands->count; i++) {
        const struct cairn_command_type *command = &decider->commands->types[i];
        struct cairn_command_owner owner;
        struct cairn_error error = {0};
        if (!command->route) /* sent by services of the same store only */
            continue;
        check_row(check, decider->commands->at, "the command", command->name, &command->allow);
        if (cairn_command_owner_find(decider, command, &owner, &error) < 0)
            cairn_findings_add(&check->findings, &error);
    }
}

/* Without `.append` nothing can be appended: that is closed already. */
static void check_face(struct check *check, const struct cairn_log_face *face)
{
    const char *category = face->events->category;
    struct check optional = {.required = false, .findings = check->findings};
    check_row(check, NULL, "the log's category", category, &face->read);
    optional.findings = check->findings;
    check_row(&optional, NULL, "appending to the category", category, &face->append);
    check->findings = optional.findings;
    if (face->read.kind == CAIRN_ALLOW_OWNER || face->append.kind == CAIRN_ALLOW_OWNER)
        cairn_findings_say(&check->findings,
                           "the log's category %s has CAIRN_OWNER: a log has no owner, write "
                           "CAIRN_ROLE(\"…\") or CAIRN_SIGNED_IN",
                           category);
}

static void check_route(struct check *check, const struct cairn_route *route)
{
    check_row(check, NULL, "the route", route->route, &route->allow);
    if (route->allow.kind == CAIRN_ALLOW_OWNER)
        cairn_findings_say(
            &check->findings,
            "the route %s has CAIRN_OWNER(%s, %s): its function knows the owner, and "
            "compares it with request->actor; write CAIRN_SIGNED_IN",
            route->route, route->allow.tag, route->allow.member);
}

int cairn_policies_check(const struct cairn_service *const services[], bool required,
                         struct cairn_error *error)
{
    struct check check = {.required = required};
    for (size_t i = 0; services[i]; i++) {
        const struct cairn_service *service = services[i];
        const struct cairn_resource *resource = service->resources;
        const char *at = NULL;
        for (int k = 0; k < CAIRN_SERVICE_MAX && service->deciders[k]; k++)
            check_commands(&check, service->deciders[k]);
        while (resource && resource->path)
            resource++;
        at = resource ? resource->at : NULL;
        for (resource = service->resources; resource && resource->path; resource++)
            check_row(&check, at, "the resource", resource->path, &resource->allow);
        for (const struct cairn_route *route = service->routes; route && route->route; route++)
            check_route(&check, route);
        for (const struct cairn_log_face *face = service->log; face && face->events; face++)
            check_face(&check, face);
    }
    return cairn_findings_end(&check.findings, error);
}
