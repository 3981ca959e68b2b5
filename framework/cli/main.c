/* main.c - the `cairn` command: one subcommand a row. */
#include "cli/cli.h"

#include <string.h>
#include <sysexits.h>

static const struct cairn_cli_command commands[] = {
    {"migrate", "migrate", "bring the database's schema up to this release",
     "Applies the migrations that this release carries and the database has not had, in\n"
     "order, each in a transaction of its own. Connect as the owner of the database; the\n"
     "role has to be allowed to make roles the first time.",
     cairn_cli_migrate},
    {"status", "status [--json]", "show the store and how far each read model has come",
     "Shows the store's id, epoch and newest position, who holds the lock that appends\n"
     "wait for, and each generation of each read model with its lag in positions.",
     cairn_cli_status},
    {"streams", "streams [CATEGORY] [--limit N] [--json]", "list streams, the last moved first",
     "Lists at most N streams (20), of one category if it is named. Reads the whole log.",
     cairn_cli_streams},
    {"read", "read STREAM [--after VERSION] [--limit N] [--json]", "show the events of a stream",
     "Shows at most N events (1000) of the stream after a version (0), in order. Ends with\n"
     "1 if there are none.",
     cairn_cli_read},
    {"tail", "tail [--after POSITION] [--limit N] [--json]", "show the newest events",
     "Shows the newest N events (10), or the first N after a position, in order.", cairn_cli_tail},
    {"append", "append STREAM TYPE JSON [--expect VERSION] [--json]", "append one event",
     "Appends an event whose data is the JSON object, if the stream is at this version (0:\n"
     "if there is no such stream; not said: whatever is there). Ends with 1 if it is not.",
     cairn_cli_append},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    (void)fprintf(out, "Usage: cairn COMMAND [OPTION]...\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
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
            return commands[i].run(&commands[i], argc - 1, argv + 1);
    }
    (void)fprintf(stderr, "cairn: %s is no command: `cairn --help` lists them\n", argv[1]);
    return EX_USAGE;
}
