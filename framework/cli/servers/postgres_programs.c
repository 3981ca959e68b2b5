/* postgres_programs.c - finds the programs of an installed PostgreSQL, the newest first. */
#include "cli/servers/postgres_programs.h"

#include "cli/program.h"
#include "core/containers/buffer.h"

#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns the major version of the server in a directory; 0 if there is none that can be run. */
static int major_of(struct cairn_arena *arena, const char *directory)
{
    const char *const words[] = {cairn_print(arena, "%s/postgres", directory), "--version", NULL};
    const struct cairn_program program = {.words = words};
    const char *said = NULL;
    if (access(words[0], X_OK) != 0 ||
        access(cairn_print(arena, "%s/initdb", directory), X_OK) != 0 ||
        cairn_program_read(arena, &program, CAIRN_SECONDS(10), &said, NULL) != 0)
        return 0;
    const char *number = strstr(said, ") "); /* postgres (PostgreSQL) 15.14 (Debian ...) */
    return number ? (int)strtol(number + 2, NULL, 10) : 0;
}

/* What was found. `all` lists the versions for a message. */
struct search {
    struct cairn_arena *arena;
    int wanted;
    struct cairn_postgres_programs best;
    struct cairn_buffer all;
};

static void consider(struct search *search, const char *directory)
{
    char absolute[PATH_MAX];
    if (!realpath(directory, absolute))
        return;
    int major = major_of(search->arena, absolute);
    if (major == 0)
        return;
    cairn_buffer_print(&search->all, "%s%d in %s", search->all.length ? ", " : "", major, absolute);
    bool is_fit = search->wanted ? major == search->wanted
                                 : major >= CAIRN_POSTGRES_OLDEST && major <= CAIRN_POSTGRES_NEWEST;
    if (is_fit && major > search->best.major)
        search->best = (struct cairn_postgres_programs){
            .directory = cairn_copy_text(search->arena, absolute), .major = major};
}

static void consider_all(struct search *search, const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        consider(search, found.gl_pathv[i]);
    globfree(&found);
}

static void consider_configured(struct search *search)
{
    static const char *const words[] = {"pg_config", "--bindir", NULL};
    const struct cairn_program program = {.words = words};
    const char *said = NULL;
    if (cairn_program_exists(words[0]) &&
        cairn_program_read(search->arena, &program, CAIRN_SECONDS(10), &said, NULL) == 0)
        consider(search, cairn_copy_bytes(search->arena, said, strcspn(said, "\n")));
}

static void consider_path(struct search *search)
{
    const char *path = getenv("PATH");
    for (const char *at = path ? path : ""; *at;) {
        size_t bytes = strcspn(at, ":");
        consider(search, cairn_copy_bytes(search->arena, at, bytes));
        at += bytes + (at[bytes] == ':');
    }
}

static int fail_to_find(const struct search *search, const char *named, struct cairn_error *error)
{
    const char *found = search->all.length ? search->all.text : "none";
    if (named)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "CAIRN_POSTGRES_BIN names %s, where there is no PostgreSQL of a fitting "
                          "version: wanted %d to %d, found %s",
                          named, search->wanted ? search->wanted : CAIRN_POSTGRES_OLDEST,
                          search->wanted ? search->wanted : CAIRN_POSTGRES_NEWEST, found);
    if (search->wanted)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "the data here was made by PostgreSQL %d, which is not installed (found: "
                          "%s): install it, or begin with an empty log",
                          search->wanted, found);
    return cairn_fail(error, CAIRN_UNAVAILABLE,
                      "PostgreSQL %d to %d is not installed (found: %s): install it (Debian: "
                      "apt-get install postgresql), or set CAIRN_POSTGRES_BIN to the directory of "
                      "its programs",
                      CAIRN_POSTGRES_OLDEST, CAIRN_POSTGRES_NEWEST, found);
}

int cairn_postgres_find(struct cairn_arena *arena, int wanted, struct cairn_postgres_programs *ret,
                        struct cairn_error *error)
{
    const char *named = getenv("CAIRN_POSTGRES_BIN");
    struct search search = {.arena = arena, .wanted = wanted, .all = cairn_buffer(arena)};
    if (named && *named) {
        consider(&search, named);
    } else {
        named = NULL;
        consider_configured(&search);
        consider_all(&search, "/usr/lib/postgresql/*/bin");
        consider_all(&search, "/usr/pgsql-*/bin");
        if (search.best.major == 0)
            consider_path(&search);
    }
    if (search.best.major == 0)
        return fail_to_find(&search, named, error);
    *ret = search.best;
    return 0;
}
