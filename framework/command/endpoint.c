/* endpoint.c - what is known of a command's URL before the first request comes. */
#include "command/endpoint.h"

#include "record/json.h"

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

int cairn_endpoint_init(struct cairn_endpoint *ret, const char *service,
                        struct cairn_appender *appender, const struct cairn_decider *decider,
                        const struct cairn_command_type *command, int64_t retries,
                        struct cairn_error *error)
{
    const char *space = strchr(command->route, ' ');
    size_t method_bytes = space ? (size_t)(space - command->route) : 0;
    if (!is_method(command->route, method_bytes) || space[1] != '/')
        return cairn_fail(error, CAIRN_BUG, "%s has the route \"%s\", not \"METHOD /path\"",
                          command->name, command->route);
    *ret = (struct cairn_endpoint){
        .service = service,
        .appender = appender,
        .decider = decider,
        .command = command,
        .creates = strstr(command->route, "{id}") == NULL,
        .retries = retries,
        .pattern = space + 1,
    };
    memcpy(ret->method, command->route, method_bytes);
    (void)snprintf(ret->id_name, sizeof ret->id_name, "%s_id", decider->category);
    return 0;
}

/* Enums start at 1 and every value has its row: else a value was mixed up or left out. */
static int check_tags(const char *category, const char *what, const int *first_tag, size_t stride,
                      uint32_t count, struct cairn_error *error)
{
    for (uint32_t tag = 1; tag <= count; tag++) {
        uint32_t rows = 0;
        for (uint32_t i = 0; i < count; i++)
            rows += *(const int *)((const char *)first_tag + i * stride) == (int)tag;
        if (rows != 1)
            return cairn_fail(error, CAIRN_BUG,
                              "the %ss of %s give the enum's value %u to %u rows, not to one", what,
                              category, tag, rows);
    }
    return 0;
}

static int check_events(const struct cairn_events *events, struct cairn_error *error)
{
    int failed = check_tags(events->category, "event", &events->types[0].tag,
                            sizeof events->types[0], events->count, error);
    for (uint32_t i = 0; i < events->count && !failed; i++) {
        const struct cairn_event_type *type = &events->types[i];
        failed = cairn_record_table_check(type->record, error);
        if (!failed && cairn_events_find(events, type->name) != type)
            failed = cairn_fail(error, CAIRN_BUG, "two events are called %s", type->name);
        if (!failed && cairn_events_of(events, type->record) != type)
            failed = cairn_fail(error, CAIRN_BUG, "two events are a struct %s", type->record->name);
    }
    return failed;
}

static int check_needs(const struct cairn_command_type *command, struct cairn_error *error)
{
    int failed = 0;
    for (int i = 0; i < CAIRN_NEEDS_MAX && command->needs[i].fact && !failed; i++) {
        failed = cairn_record_table_check(command->needs[i].fact->state, error);
        if (!failed)
            failed = check_events(command->needs[i].fact->events, error);
    }
    return failed;
}

int cairn_decider_check(const struct cairn_decider *decider, struct cairn_error *error)
{
    int failed = cairn_record_table_check(decider->state, error);
    if (!failed)
        failed = check_events(decider->events, error);
    if (!failed)
        failed = check_tags(decider->category, "command", &decider->commands->types[0].tag,
                            sizeof decider->commands->types[0], decider->commands->count, error);
    for (uint32_t i = 0; i < decider->commands->count && !failed; i++) {
        failed = cairn_record_table_check(decider->commands->types[i].record, error);
        if (!failed)
            failed = check_needs(&decider->commands->types[i], error);
    }
    if (failed)
        cairn_error_context(error, "decider %s", decider->category);
    return failed;
}
