/* dev_project.c - finds the services of a project by its folders. */
#include "cli/dev/dev_project.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

static void add_service(struct cairn_arena *arena, struct cairn_dev_project *project,
                        const char *path)
{
    const char *name = path + strlen("services/");
    name = cairn_copy_bytes(arena, name, strcspn(name, "/"));
    const char *migrations = cairn_print(arena, "services/%s/migrations", name);
    project->names[project->count] = name;
    project->programs[project->count] = cairn_print(arena, "build/bin/%s", name);
    project->migrations[project->count] = access(migrations, R_OK) == 0 ? migrations : NULL;
    project->count++;
}

int cairn_dev_project_find(struct cairn_arena *arena, struct cairn_dev_project *ret,
                           struct cairn_error *error)
{
    glob_t found;
    *ret = (struct cairn_dev_project){.count = 0};
    if (access("Makefile", R_OK) == 0 && glob("services/*/main.c", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && ret->count < CAIRN_DEV_SERVICES_MAX; i++)
            add_service(arena, ret, found.gl_pathv[i]);
        globfree(&found);
    }
    if (ret->count > 0)
        return 0;
    return cairn_fail(
        error, CAIRN_CONFIG,
        "this directory has no service: wanted a Makefile and services/NAME/main.c, as "
        "`cairn new` makes them");
}
