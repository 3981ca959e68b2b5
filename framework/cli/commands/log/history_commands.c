/* history_commands.c - `cairn why` and `cairn at`: why a row is as it is, and how it was. The
 * program that has the read model does the work (runtime/history_program.h). */
#include "cli/commands/commands.h"
#include "cli/projector_program.h"

static int run_why(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    char limit[24];
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 2, &options);
    if (status >= 0)
        return status;
    if (options.word_count < 2)
        return cairn_cli_misuse(command, "name a read model and the key of a row");
    (void)snprintf(limit, sizeof limit, "%" PRId64, options.limit < 0 ? 100 : options.limit);
    const char *const words[] = {
        "why", options.words[0], options.words[1], "--limit", limit, options.json ? "--json" : NULL,
        NULL};
    return cairn_cli_become_projector(command, words);
}

static int run_at(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json", 3, &options);
    if (status >= 0)
        return status;
    if (options.word_count < 2)
        return cairn_cli_misuse(command, "name a position or a time, and a read model and the key"
                                         " of a row, or a stream");
    if (options.word_count == 2) {
        const char *const stream[] = {"at", options.words[0], options.words[1],
                                      options.json ? "--json" : NULL, NULL};
        return cairn_cli_become_console(command, stream);
    }
    const char *const words[] = {
        "at", options.words[0], options.words[1], options.words[2], options.json ? "--json" : NULL,
        NULL};
    return cairn_cli_become_projector(command, words);
}

const struct cairn_cli_command cairn_cli_why = {
    .name = "why",
    .usage = "why NAME KEY [--limit N] [--json]",
    .summary = "show the events that made a row, each with what it changed",
    .details =
        "Folds the log for one row and shows its newest N events (100, up to 1000), in order: what each has\n"
        "changed in which field, with its command, actor and trace. Ends with 1 if no event concerns the row.\n"
        "Rows whose keys are ids of streams are found by stream; for others the log is read, by type. The\n"
        "program that has the projections does that: the one that CAIRN_PROJECTOR names (any service:\n"
        "`my-service why NAME KEY`), or else cairn-projector.",
    .example = "cairn why order_summary 0199aaaa-0000-7000-8000-000000000002",
    .run = run_why,
};

const struct cairn_cli_command cairn_cli_at = {
    .name = "at",
    .usage = "at POSITION|TIME NAME KEY [--json] | at POSITION|TIME STREAM [--json]",
    .summary = "show a row, or the state of a stream, as it was",
    .details =
        "Folds the log up to the position, or up to the last event that was recorded by the time, such as\n"
        "2026-11-30T12:00:00Z, and shows the row as JSON; with --json also its version and the position of its\n"
        "last change. Rows that are read are not touched. Ends with 1 if there was no row. The program that\n"
        "has the projections does that, as for `cairn why`.\n"
        "\n"
        "With a STREAM alone it shows the state that its decider folds its events into; with --json also its\n"
        "version, and what its last event changed. The program that has the deciders does that: the one that\n"
        "CAIRN_PROJECTOR names, or else cairn-console.",
    .example = "cairn at 17 order_summary 0199aaaa-0000-7000-8000-000000000002",
    .run = run_at,
};
