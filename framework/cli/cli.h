/* cli.h - what the subcommands of `cairn` share: options, the database, tables on a terminal.
 *
 * A subcommand prints an aligned table, or with --json one object per line. On a terminal a table
 * is cut to its width; into a file or a pipe it is written in full. */
#ifndef CAIRN_CLI_CLI_H
#define CAIRN_CLI_CLI_H

#include "core/report/progress.h"
#include "postgres/postgres.h"

#include <stdio.h>

/* A subcommand: each is defined in its file below commands/. */
struct cairn_cli_command {
    const char *name;
    const char *usage;   /* follows "cairn ": its words and options also drive the completion */
    const char *summary; /* one line of `cairn --help` */
    const char *details; /* for `cairn NAME --help` */
    const char *example; /* a line for the shell */
    int (*run)(const struct cairn_cli_command *command, int argc, char **argv);
};

/* Returns the text with control characters as \xNN (ECMA-48 section 5.2 and 5.3). */
const char *cairn_cli_visible(struct cairn_arena *arena, const char *text);

/* ---- options.c ---- */

/* The options of a command line; -1 and NULL where they are not given. */
enum { CAIRN_CLI_LIST_MAX = 16 };

struct cairn_cli_options {
    bool json;
    bool yes;
    bool watch;
    bool diff;
    bool accept;
    bool cancel;
    bool wipe;
    bool dot;
    int64_t limit;
    int64_t after;
    int64_t expect;
    int64_t from;
    int64_t to;
    const char *service;
    const char *plural;
    const char *tags[CAIRN_CLI_LIST_MAX]; /* of --tag, which may be repeated */
    size_t tag_count;
    const char *types[CAIRN_CLI_LIST_MAX]; /* of --type, likewise */
    size_t type_count;
    const char *words[4]; /* the arguments that are no options, in order */
    int word_count;
};

/* Reads the command line after the subcommand's name. `allowed` names the options it takes, each
 * preceded by a space: " --json --limit". Returns -1 to continue, or the exit status: 0 after
 * --help, 64 after an error message. */
int cairn_cli_options(const struct cairn_cli_command *command, int argc, char **argv,
                      const char *allowed, int words, struct cairn_cli_options *ret);

/* Prints what is wrong with the arguments, and the usage. Returns the exit status, 64. */
int cairn_cli_misuse(const struct cairn_cli_command *command, const char *what);

/* ---- cli_session.c ---- */

/* Connects to the database that the environment names; cairn_cli_open() also checks that its schema
 * is the one that this release works with. */
int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error) CAIRN_CHECKED;
int cairn_cli_open(struct cairn_pg **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Runs the query and shows its rows. Returns how many there were. */
int64_t cairn_cli_show(struct cairn_pg *pg, const char *sql, const struct cairn_pg_params *params,
                       bool json, struct cairn_error *error) CAIRN_CHECKED;

/* Shows the rows of a result in text format. */
void cairn_cli_show_rows(const struct cairn_pg_result *rows, int64_t count);

/* Closes the connection (NULL is allowed). If `outcome` is negative, prints the error on standard
 * error and returns its exit status, as --help lists them; else returns 0. */
int cairn_cli_end(const struct cairn_cli_command *command, struct cairn_pg *pg, int64_t outcome,
                  const struct cairn_error *error);

/* Runs a subcommand that can exit with 1: opens the database, calls `work`, and returns the exit
 * status for its result: 0 for done, 1 for a negative answer, or that of an error. */
int cairn_cli_run(const struct cairn_cli_command *command, const struct cairn_cli_options *options,
                  int64_t (*work)(struct cairn_pg *pg, const struct cairn_cli_options *options,
                                  struct cairn_arena *arena, struct cairn_error *error));

/* ---- text_table.c ---- */

enum { CAIRN_CLI_COLUMNS_MAX = 16 };

/* Prints a table to standard output: rows + 1 times `columns` cells, the first row the headings.
 * Columns of numbers and times are right-aligned and never cut. If the table is wider than the
 * terminal, the last column is cut first, at its end, then the widest ones, in their middle. */
void cairn_cli_table(const char *const *cells, int columns, int64_t rows);

#endif
