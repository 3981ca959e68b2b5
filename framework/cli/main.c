/* main.c - the `cairn` command: finds the subcommand and runs it. */
#include "cli/cli.h"

#include "cli/commands/commands.h"
#include "cli/commands/completion_command.h"
#include "core/report/sink.h"
#include "core/text/text.h"

#include <cairn/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* In the order of `cairn --help`. */
static const struct cairn_cli_command *const commands[] = {
    &cairn_cli_migrate,
    &cairn_cli_status,
    &cairn_cli_rebuild,
    &cairn_cli_rollback,
    &cairn_cli_parked,
    &cairn_cli_streams,
    &cairn_cli_read,
    &cairn_cli_tail,
    &cairn_cli_append,
    &cairn_cli_trace,
    &cairn_cli_why,
    &cairn_cli_at,
    &cairn_cli_catalog,
    &cairn_cli_amend,
    &cairn_cli_verify,
    &cairn_cli_export,
    &cairn_cli_import,
    &cairn_cli_recover,
    &cairn_cli_processes,
    &cairn_cli_timers,
    &cairn_cli_bus,
    &cairn_cli_operations,
    &cairn_cli_new,
    &cairn_cli_dev,
    &cairn_cli_servers,
    &cairn_cli_doctor,
    &cairn_cli_token,
    &cairn_cli_completion,
    NULL,
};

static void print_help(FILE *out)
{
    (void)fprintf(out, "Usage: cairn COMMAND [OPTION]...\n\n");
    for (const struct cairn_cli_command *const *at = commands; *at; at++)
        (void)fprintf(out, "  %-10s %s\n", (*at)->name, (*at)->summary);
    (void)fprintf(
        out,
        "\nThe database is DATABASE_URL, or the content of the file DATABASE_URL_FILE.\n"
        "`cairn COMMAND --help` says more, with an example; `cairn --version` which release it is.\n"
        "\nExit status:\n"
        "   0  success\n"
        "   1  a problem was found, a condition did not hold, or nothing matched\n"
        "  64  wrong usage, or DATABASE_URL is invalid\n"
        "  69  the database, a program or a file that is needed cannot be reached, or is busy\n"
        "  70  a defect of Cairn\n"
        "  77  the role lacks a privilege\n"
        "  78  the database's schema is not the one of this release\n");
}

static int report_unknown(const char *name)
{
    const char *meant = NULL;
    for (const struct cairn_cli_command *const *at = commands; *at && !meant; at++)
        meant = cairn_is_mistyped(name, (*at)->name) ? (*at)->name : NULL;
    if (meant)
        (void)fprintf(stderr, "cairn: %s is not a command: did you mean %s?\n", name, meant);
    else
        (void)fprintf(stderr, "cairn: %s is not a command: `cairn --help` lists them\n", name);
    return EX_USAGE;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("cairn %s\n", cairn_version());
        return 0;
    }
    if (strcmp(argv[1], "complete") == 0)
        return cairn_cli_complete(commands, argc - 1, argv + 1);
    for (const struct cairn_cli_command *const *at = commands; *at; at++) {
        if (strcmp(argv[1], (*at)->name) == 0)
            return (*at)->run(*at, argc - 1, argv + 1);
    }
    return report_unknown(argv[1]);
}

/* Fails if the output could not be written, whatever the result of the command itself. */
int main(int argc, char **argv)
{
    cairn_standard_files();
    int status = run_command(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    (void)fprintf(stderr, "cairn: the output could not be written: is the disk full?\n");
    return status ? status : EXIT_FAILURE;
}
