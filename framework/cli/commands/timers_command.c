/* timers_command.c - `cairn timers`: lists the timers that processes have set, and moves or cancels
 * one, by an event in the process' stream. */
#include "cli/commands/commands.h"
#include "cli/operator.h"
#include "cli/show_view.h"

#include <string.h>
#include <sysexits.h>

static int wrong_usage(const struct cairn_cli_command *command)
{
    (void)fprintf(stderr,
                  "cairn timers: expected move STREAM NAME WHEN, cancel STREAM NAME, or nothing\n"
                  "Usage: cairn %s\n",
                  command->usage);
    return EX_USAGE;
}

static int64_t list(struct cairn_pg *pg, const struct cairn_cli_options *options,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    (void)arena;
    const struct view_list which = {.limit = cairn_cli_limit(options)};
    int64_t count = cairn_cli_show_view(pg, CAIRN_VIEW_TIMERS, &which, options->json, error);
    return count < 0 ? count : 0;
}

/* Moves or, without `when`, cancels. */
static int64_t change(struct cairn_pg *pg, const struct cairn_cli_options *options,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    const char *const *words = options->words;
    const struct cairn_place place = {.pg = pg, .arena = arena};
    const struct operate_move_timer move = {.stream = words[1], .name = words[2], .when = words[3]};
    const struct operate_cancel_timer cancel = {.stream = words[1], .name = words[2]};
    struct cairn_operation done;
    int failed = words[3] ? cairn_cli_operate(&place, CAIRN_MOVE_TIMER, &move, &done, error)
                          : cairn_cli_operate(&place, CAIRN_CANCEL_TIMER, &cancel, &done, error);
    if (failed)
        return failed;
    const struct operated_timer *result = done.result;
    (void)printf(options->json ? "{\"version\":%" PRId64 "}\n" : "version\n%7" PRId64 "\n",
                 result->version);
    return 0;
}

static int run_timers(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 4, &options);
    if (status >= 0)
        return status;
    const char *what = options.word_count ? options.words[0] : "list";
    if (strcmp(what, "list") == 0 && options.word_count <= 1)
        return cairn_cli_run(command, &options, list);
    if (strcmp(what, "move") == 0 && options.word_count == 4)
        return cairn_cli_run(command, &options, change);
    if (strcmp(what, "cancel") == 0 && options.word_count == 3)
        return cairn_cli_run(command, &options, change);
    return wrong_usage(command);
}

const struct cairn_cli_command cairn_cli_timers = {
    .name = "timers",
    .usage = "timers [list | move STREAM NAME WHEN | cancel STREAM NAME] [--limit N] [--json]",
    .summary = "show the timers of processes, move or cancel one",
    .details =
        "Lists at most N timers (1000), the next one first. Moving and cancelling append an event to the\n"
        "process' stream, as the process itself would. WHEN is a time, or a duration from now. Ends with 1\n"
        "if the timer is not set, or the process was faster. The clock of timers is that of PostgreSQL;\n"
        "`select cairn.turn_clock('1 day')` turns it, for tests. Deciders keep the clock of their host.",
    .example = "cairn timers move fulfilment-0193… payment-deadline '30 min'",
    .run = run_timers,
};
