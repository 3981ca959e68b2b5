/* catalog_command.c - `cairn catalog`: what the system consists of. A program that has the
 * declarations of its services does the work (runtime/catalog/). */
#include "cli/commands/commands.h"
#include "cli/projector_program.h"

static int run_catalog(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json", 0, &options);
    if (status >= 0)
        return status;
    const char *const words[] = {"catalog", options.json ? "--json" : NULL, NULL};
    return cairn_cli_become_console(command, words);
}

const struct cairn_cli_command cairn_cli_catalog = {
    .name = "catalog",
    .usage = "catalog [--json]",
    .summary = "print what the system consists of, as Markdown",
    .details =
        "Prints the types of events with their versions and fields, commands, routes and their policies, and\n"
        "which read model, process, reactor or consumer handles which event, with a picture in Mermaid, which\n"
        "GitHub and others draw. It needs no database. The program that has the services' declarations does\n"
        "that: the one that CAIRN_PROJECTOR names (any service: `my-service catalog`), or else cairn-console.",
    .example = "cairn catalog > CATALOG.md",
    .run = run_catalog,
};
