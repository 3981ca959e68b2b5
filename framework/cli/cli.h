/* cli.h - what the subcommands of `cairn` share: options, the database, tables on a terminal.
 *
 * A subcommand that shows something is a query. Its rows are shown as an aligned table, or with
 * --json as one object a line; both come from the same SQL. */
#ifndef CAIRN_CLI_H
#define CAIRN_CLI_H

#include "postgres/postgres.h"

#include <stdio.h>

struct cairn_cli_command {
    const char *name;
    const char *usage; /* what follows "cairn " */
    const char *help;  /* one line */
    const char *more;  /* a paragraph for --help */
    int (*run)(const struct cairn_cli_command *command, int argc, char **argv);
};

int cairn_cli_migrate(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_status(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_streams(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_read(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_tail(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_append(const struct cairn_cli_command *command, int argc, char **argv);

/* ---- options.c ---- */

/* What a command line may say; -1 and NULL where it does not. */
struct cairn_cli_options {
    bool json;
    int64_t limit;
    int64_t after;
    int64_t expect;
    const char *words[4]; /* what is no option, in order */
    int word_count;
};

/* Reads the command line after the subcommand's name. `allowed` names the options it takes, each
 * behind a space: " --json --limit". Returns -1 to go on, or the exit status: 0 after --help, 64
 * after a message about what is wrong. */
int cairn_cli_options(const struct cairn_cli_command *command, int argc, char **argv,
                      const char *allowed, int words, struct cairn_cli_options *ret);

/* ---- show.c ---- */

/* The database that the environment names. */
int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Runs the query and shows its rows. Returns how many there were. */
int64_t cairn_cli_show(struct cairn_pg *pg, const char *sql, const struct cairn_pg_params *params,
                       bool json, struct cairn_error *error) CAIRN_CHECKED;

/* Says on standard error what went wrong; returns the exit status for it: 64 for wrong usage, 69
 * for a database that cannot be reached, else 1. */
int cairn_cli_fail(const struct cairn_cli_command *command, const struct cairn_error *error);

#endif
