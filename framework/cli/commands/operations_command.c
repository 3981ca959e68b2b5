/* operations_command.c - `cairn operations`: shows what operators did. */
#include "cli/commands/commands.h"
#include "cli/show_view.h"

static int64_t list(struct cairn_pg *pg, const struct cairn_cli_options *options,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    (void)arena;
    const struct view_operations which = {.limit = cairn_cli_limit(options)};
    int64_t count = cairn_cli_show_view(pg, CAIRN_VIEW_OPERATIONS, &which, options->json, error);
    return count < 0 ? count : 0;
}

static int run_operations(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 0, &options);
    return status >= 0 ? status : cairn_cli_run(command, &options, list);
}

const struct cairn_cli_command cairn_cli_operations = {
    .name = "operations",
    .usage = "operations [--limit N] [--json]",
    .summary = "show what operators did, and who",
    .details =
        "Shows at most N actions of operators (20), the newest first: retries, skips, rebuilds, rollbacks,\n"
        "timers, amendments, epochs. Each is recorded in the log, in a stream cairn_operation-ID, with who\n"
        "did it: the subject of the token over HTTP, here the user and host of the operating system, and,\n"
        "if CAIRN_ACTOR is set, on whose behalf. One that is `begun` for long was interrupted: do it again.",
    .example =
        "CAIRN_ACTOR=ticket-4711 cairn parked retry order_summary; cairn operations --limit 1",
    .run = run_operations,
};
