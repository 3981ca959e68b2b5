/* operator.c - reads the user and the host of this shell, for the record of an operation. */
#include "cli/operator.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

static const char *user(struct cairn_arena *arena)
{
    const struct passwd *entry = getpwuid(geteuid());
    return entry ? cairn_copy_text(arena, entry->pw_name)
                 : cairn_print(arena, "uid %ld", (long)geteuid());
}

static const char *host(struct cairn_arena *arena)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !name[0])
        return "host";
    return cairn_print(arena, "host:%s", name);
}

int cairn_cli_operate(const struct cairn_place *place, enum cairn_action_id action,
                      const void *arguments, struct cairn_operation *ret, struct cairn_error *error)
{
    const char *on_behalf = getenv("CAIRN_ACTOR");
    const struct cairn_operator by = {
        .sub = user(place->arena),
        .iss = host(place->arena),
        .on_behalf = on_behalf && *on_behalf ? on_behalf : NULL,
    };
    return cairn_operate(place, action, arguments, &by, NULL, ret, error);
}
