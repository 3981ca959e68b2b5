/* projector_program.c - becomes the program that has the projections. */
#include "cli/projector_program.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char *program(const char *usual, struct cairn_arena *arena)
{
    char own[PATH_MAX];
    const char *named = getenv("CAIRN_PROJECTOR");
    if (named && *named)
        return named;
    ssize_t bytes = readlink("/proc/self/exe", own, sizeof own);
    const char *slash = bytes > 0 ? memrchr(own, '/', (size_t)bytes) : NULL;
    if (!slash)
        return usual;
    const char *beside = cairn_print(arena, "%.*s/%s", (int)(slash - own), own, usual);
    return access(beside, X_OK) == 0 ? beside : usual;
}

static int become(const struct cairn_cli_command *command, const char *usual,
                  const char *const words[])
{
    struct cairn_arena arena = {0};
    size_t count = 0;
    while (words[count])
        count++;
    char **argv = cairn_new(&arena, char *, count + 2);
    argv[0] = cairn_copy_text(&arena, program(usual, &arena));
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = cairn_copy_text(&arena, words[i]);
    (void)execvp(argv[0], argv);
    (void)fprintf(
        stderr,
        "cairn %s: cannot run %s: %s\nOnly a program that has the services' declarations can "
        "do this: name it in\nCAIRN_PROJECTOR.\n",
        command->name, argv[0], strerror(errno));
    cairn_arena_close(&arena);
    return EX_UNAVAILABLE;
}

int cairn_cli_become_projector(const struct cairn_cli_command *command, const char *const words[])
{
    return become(command, "cairn-projector", words);
}

int cairn_cli_become_console(const struct cairn_cli_command *command, const char *const words[])
{
    return become(command, "cairn-console", words);
}
