/* chosen_services.c - chooses the services of a process by their names. */
#include "runtime/config/chosen_services.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"

#include <string.h>

/* Returns whether the comma-separated list has this name. */
static bool names(const char *list, const char *name)
{
    size_t bytes = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, bytes) == 0 && (at[bytes] == ',' || !at[bytes]))
            return true;
    }
    return false;
}

static bool has(const struct cairn_service *const services[], const char *name, size_t bytes)
{
    for (; *services; services++) {
        if (strlen((*services)->name) == bytes && strncmp((*services)->name, name, bytes) == 0)
            return true;
    }
    return false;
}

static int fail_unknown(const char *name, size_t bytes,
                        const struct cairn_service *const services[], struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer all = cairn_buffer(&arena);
    for (size_t i = 0; services[i]; i++)
        cairn_buffer_print(&all, "%s%s", i ? ", " : "", services[i]->name);
    int failed = cairn_fail(error, CAIRN_CONFIG,
                            "--only: no service of this program is called \"%.*s\": it has %s",
                            (int)bytes, name, all.text);
    cairn_arena_close(&arena);
    return failed;
}

static int check_names(const char *list, const struct cairn_service *const services[],
                       struct cairn_error *error)
{
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        size_t bytes = strcspn(at, ",");
        if (!has(services, at, bytes))
            return fail_unknown(at, bytes, services, error);
    }
    return 0;
}

int cairn_services_choose(int argc, char **argv, const struct cairn_service *const services[],
                          const struct cairn_service *const **ret, struct cairn_error *error)
{
    size_t count = 0;
    *ret = services;
    if (argc < 2 || strcmp(argv[1], "--only") != 0)
        return 0;
    if (argc < 3)
        return cairn_fail(error, CAIRN_CONFIG, "--only needs the names of services: --only %s",
                          services[0]->name);
    int failed = check_names(argv[2], services, error);
    if (failed)
        return failed;
    while (services[count])
        count++;
    const struct cairn_service **chosen = cairn_allocate((count + 1) * sizeof *chosen);
    count = 0;
    for (; *services; services++) {
        if (names(argv[2], (*services)->name))
            chosen[count++] = *services;
    }
    *ret = chosen;
    return 2;
}
