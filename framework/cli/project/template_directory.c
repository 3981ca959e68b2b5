/* template_directory.c - finds the template of a new project, from where the program is. */
#include "cli/project/template_directory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns the directory of the running program, whatever link it was called by; "" if /proc does
 * not tell. */
static const char *own_directory(struct cairn_arena *arena)
{
    char own[PATH_MAX];
    ssize_t bytes = readlink("/proc/self/exe", own, sizeof own);
    const char *slash = bytes > 0 ? memrchr(own, '/', (size_t)bytes) : NULL;
    return slash ? cairn_copy_bytes(arena, own, (size_t)(slash - own)) : "";
}

/* A template has a Makefile; so a directory of that name for something else is not mistaken. */
static bool is_template(struct cairn_arena *arena, const char *directory)
{
    return access(cairn_print(arena, "%s/Makefile", directory), R_OK) == 0;
}

/* Returns the template in the source tree that the directory is in; NULL if it is in none. */
static const char *in_tree(struct cairn_arena *arena, const char *directory)
{
    char *at = cairn_copy_text(arena, directory);
    for (char *slash = at + strlen(at); slash; slash = strrchr(at, '/')) {
        *slash = '\0';
        const char *found = cairn_print(arena, "%s/deploy/project", at);
        const char *header = cairn_print(arena, "%s/framework/cairn/service.h", at);
        if (access(header, R_OK) == 0 && is_template(arena, found))
            return found;
    }
    return NULL;
}

int cairn_template_directory(struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    const char *named = getenv("CAIRN_TEMPLATES");
    if (named && *named) {
        *ret = named;
        return is_template(arena, named)
                   ? 0
                   : cairn_fail(error, CAIRN_UNAVAILABLE,
                                "CAIRN_TEMPLATES names %s, where there is no template (it would "
                                "have a Makefile)",
                                named);
    }
    const char *own = own_directory(arena);
    const char *installed = cairn_print(arena, "%s/../share/cairn/project", own);
    *ret = is_template(arena, installed) ? installed : in_tree(arena, own);
    if (*ret)
        return 0;
    return cairn_fail(error, CAIRN_UNAVAILABLE,
                      "the template is neither in %s nor in a source tree around %s: install Cairn "
                      "with `make install`, or set CAIRN_TEMPLATES to its directory",
                      installed, own);
}

const char *cairn_template_cflags(struct cairn_arena *arena)
{
    char include[PATH_MAX];
    const char *beside = cairn_print(arena, "%s/../include", own_directory(arena));
    if (!realpath(beside, include) || strcmp(include, "/usr/include") == 0 ||
        strcmp(include, "/usr/local/include") == 0 ||
        access(cairn_print(arena, "%s/cairn/service.h", include), R_OK) != 0)
        return "";
    return cairn_print(arena, ", -I%s", include);
}
