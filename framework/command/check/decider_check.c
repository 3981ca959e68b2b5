/* decider_check.c - checks what a decider declares: errors that a compiler accepts. */
#include "command/check/decider_check.h"

#include "command/check/over_check.h"
#include "record/json.h"
#include "store/command_type.h"
#include "store/events/events.h"
#include "store/events/handlers.h"
#include "store/internal_key.h"

#include <stdio.h>
#include <string.h>

/* ---- facts ---- */

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
    if (!failed && !fact->learns->first)
        failed = cairn_fail(error, CAIRN_BUG,
                            "the fact %s has no CAIRN_LEARN: it would know nothing", fact->name);
    return failed;
}

static int check_needs(const struct cairn_decides *decides, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_NEEDS_MAX && decides->needs[i].fact && !failed; i++)
        failed = check_fact(decides->needs[i].fact, error);
    return failed;
}

/* ---- commands ---- */

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

static bool is_method(const char *method, size_t bytes)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strlen(methods[i]) == bytes && strncmp(methods[i], method, bytes) == 0)
            return true;
    }
    return false;
}

int cairn_route_check(const struct cairn_command_type *command, struct cairn_error *error)
{
    const char *route = command->route;
    const char *space = route ? strchr(route, ' ') : NULL;
    if (!route)
        return 0;
    if (!space || space[1] != '/' || !is_method(route, (size_t)(space - route)))
        return cairn_fail(error, CAIRN_BUG,
                          "%s has the route \"%s\", not \"METHOD /path\": a command is sent by "
                          "POST, PUT, PATCH or DELETE",
                          command->name, route);
    if (strncmp(space + 1, CAIRN_INTERNAL_PATH, strlen(CAIRN_INTERNAL_PATH)) == 0)
        return cairn_fail(error, CAIRN_BUG,
                          "%s has the route \"%s\": paths below " CAIRN_INTERNAL_PATH
                          " are those of INTERNAL commands",
                          command->name, route);
    if (command->creates)
        return cairn_fail(error, CAIRN_BUG,
                          "%s has a route and .creates, which is for INTERNAL commands: a route "
                          "without {id} creates the stream",
                          command->name);
    return 0;
}

/* Header names as HTTP has them (RFC 9110, 5.6.2). */
static int check_headers(const struct cairn_command_type *command, struct cairn_error *error)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-.^_`|~";
    for (int i = 0; i < CAIRN_HEADERS_MAX && command->headers[i]; i++) {
        const char *name = command->headers[i];
        if (!*name || strspn(name, token) != strlen(name))
            return cairn_fail(error, CAIRN_BUG, "%s wants the header \"%s\": that is no name",
                              command->name, name);
    }
    return 0;
}

/* Checks that no command before this one has its name, which is that of its struct. */
static int check_name(const struct cairn_commands *commands, uint32_t number,
                      struct cairn_error *error)
{
    for (uint32_t i = 0; i < number; i++) {
        if (strcmp(commands->types[i].name, commands->types[number].name) == 0)
            return cairn_fail(error, CAIRN_BUG, "the command %s is declared twice",
                              commands->types[number].name);
    }
    return 0;
}

int cairn_decider_check_command(const struct cairn_decider *decider, uint32_t command,
                                struct cairn_error *error)
{
    const struct cairn_command_type *type = &decider->commands->types[command];
    int failed = cairn_record_table_check(type->record, error);
    if (failed)
        return failed; /* with the place of the struct */
    failed = check_name(decider->commands, command, error);
    if (!failed)
        failed = cairn_route_check(type, error);
    if (!failed)
        failed = cairn_boundary_check_route(decider, type, error);
    if (!failed)
        failed = check_headers(type, error);
    if (!failed)
        failed = check_id_member(decider, type, error);
    if (failed && decider->commands->at)
        cairn_error_context(error, "%s", decider->commands->at);
    return failed ? failed : check_needs(decider->decides()[command], error);
}

/* ---- the decider ---- */

int cairn_decider_check_state(const struct cairn_decider *decider, struct cairn_error *error)
{
    int failed = cairn_record_table_check(decider->state, error);
    if (!failed && decider->state_version < 0)
        failed =
            cairn_fail(error, CAIRN_BUG,
                       "%s: decider %s has the .state_version %d: versions "
                       "are 1, 2, 3…, or 0 for no snapshots",
                       decider->at ? decider->at : "", decider->category, decider->state_version);
    return failed;
}

int cairn_decider_check(const struct cairn_decider *decider, struct cairn_error *error)
{
    int failed = cairn_decider_check_state(decider, error);
    if (!failed)
        failed = cairn_events_check(decider->events, error);
    for (uint32_t i = 0; i < decider->commands->count && !failed; i++)
        failed = cairn_decider_check_command(decider, i, error);
    return failed;
}
