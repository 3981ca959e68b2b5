/* dev_ports.c - finds the ports of a project's services in the environment. */
#include "cli/dev/dev_ports.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "CAIRN_"

/* Returns the value of a variable; NULL if it is not set, or empty. */
static const char *value_of(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

const char *cairn_dev_port_name(struct cairn_arena *arena, const char *setting, const char *name)
{
    size_t skipped = strncmp(setting, PREFIX, strlen(PREFIX)) == 0 ? strlen(PREFIX) : 0;
    char *variable = cairn_print(arena, PREFIX "%s_%s", name, setting + skipped);
    for (char *at = variable; *at; at++)
        *at = (char)toupper((unsigned char)*at);
    return variable;
}

const char *cairn_dev_port(struct cairn_arena *arena, const struct cairn_dev_project *project,
                           const char *setting, const char *name)
{
    const char *port = value_of(cairn_dev_port_name(arena, setting, name));
    if (!port && project->count == 1)
        port = value_of(setting);
    return cairn_print(arena, "%s=%s", setting, port ? port : "");
}

const char *cairn_dev_unused_port(const struct cairn_dev_project *project)
{
    static const char *const settings[] = {"PORT", "CAIRN_ADMIN_PORT"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (project->count > 1 && value_of(settings[i]))
            return settings[i];
    }
    return NULL;
}
