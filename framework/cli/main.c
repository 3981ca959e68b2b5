/* main.c - the `cairn` command: one subcommand a row. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct cairn_cli_command commands[] = {
    {"migrate", "bring the database's schema up to this release", cairn_cli_migrate},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    (void)fprintf(out, "Usage: cairn COMMAND [OPTION]...\n\nCommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
    (void)fprintf(out, "\nThe database is DATABASE_URL, or what the file DATABASE_URL_FILE holds.\n"
                       "`cairn COMMAND --help` says more. Exit status: 0 done, 1 no, 64 wrong "
                       "usage,\n69 the database cannot be reached.\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "cairn: %s is no command: `cairn --help` lists them\n", argv[1]);
    return EX_USAGE;
}
