/* dev_build.c - runs make and shows what it says. */
#include "cli/dev/dev_build.h"

#include "core/threads/clock.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Make removes what it was about to make when it gets SIGTERM (.DELETE_ON_ERROR). */
#define STOP_US CAIRN_SECONDS(5)

void cairn_dev_build_stop(struct cairn_dev_build *build)
{
    if (!build->runs)
        return;
    cairn_child_stop(&build->child, SIGTERM, STOP_US);
    cairn_dev_pipe_close(&build->pipe);
    build->runs = false;
}

static int launch(struct cairn_dev_build *build, struct cairn_error *error)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct cairn_arena arena = {0};
    const char *const words[] = {"make", "--no-print-directory",
                                 cairn_print(&arena, "-j%ld", processors > 0 ? processors : 1),
                                 NULL};
    int output = cairn_dev_pipe_open(&build->pipe, error);
    int failed = output < 0 ? output : 0;
    const struct cairn_program program = {
        .words = words, .output = output, .apart = true, .last_signal = SIGTERM};
    if (!failed) {
        failed = cairn_program_start(&program, &build->child, error);
        (void)close(output);
    }
    cairn_arena_close(&arena);
    return failed;
}

void cairn_dev_build_start(struct cairn_dev_build *build, const struct cairn_dev_output *output)
{
    struct cairn_error error = {0};
    cairn_dev_build_stop(build);
    build->begun_us = cairn_monotonic_us();
    build->runs = launch(build, &error) == 0;
    if (!build->runs)
        cairn_dev_say(output, CAIRN_RED, "error", "%s", error.message);
}

/* Shows the outcome; of a build that worked, only what the compiler warns of. */
static void show(const struct cairn_dev_build *build, const struct cairn_dev_output *output)
{
    int64_t ms = (cairn_monotonic_us() - build->begun_us) / 1000;
    const char *said = build->pipe.length ? build->pipe.text : "";
    bool failed = build->child.status != 0;
    if (failed || strstr(said, "warning:"))
        cairn_dev_quote(output, said);
    if (failed)
        cairn_dev_say(output, CAIRN_RED, "build",
                      "failed after %" PRId64 ".%" PRId64
                      " s; it is tried again at the next change",
                      ms / 1000, ms / 100 % 10);
    else
        cairn_dev_say(output, CAIRN_GREEN, "build", "done in %" PRId64 ".%" PRId64 " s", ms / 1000,
                      ms / 100 % 10);
}

enum cairn_dev_built cairn_dev_build_follow(struct cairn_dev_build *build,
                                            const struct cairn_dev_output *output)
{
    if (!build->runs)
        return CAIRN_DEV_NOT_BUILT;
    (void)cairn_dev_pipe_read(&build->pipe);
    if (cairn_child_lives(&build->child))
        return CAIRN_DEV_NOT_BUILT;
    (void)cairn_dev_pipe_read(&build->pipe);
    show(build, output);
    build->runs = false;
    cairn_dev_pipe_close(&build->pipe);
    return build->child.status == 0 ? CAIRN_DEV_BUILT : CAIRN_DEV_BROKEN;
}
