/* cli.h - what the subcommands of `cairn` share: options, the database, tables on a terminal.
 *
 * What a subcommand shows is an aligned table, or with --json one object a line. On a terminal a
 * table is cut to its width; what goes into a file or a pipe is whole. */
#ifndef CAIRN_CLI_H
#define CAIRN_CLI_H

#include "core/progress.h"
#include "postgres/postgres.h"

#include <stdio.h>

struct cairn_cli_command {
    const char *name;
    const char *usage;   /* what follows "cairn " */
    const char *help;    /* one line */
    const char *more;    /* a paragraph for --help */
    const char *example; /* a line for the shell, and what it does; may be several */
    int (*run)(const struct cairn_cli_command *command, int argc, char **argv);
};

/* All of them, ended by one without a name. */
extern const struct cairn_cli_command cairn_cli_commands[];

int cairn_cli_migrate(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_status(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_parked(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_rebuild(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_rollback(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_streams(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_read(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_tail(const struct cairn_cli_command *command, int argc, char **argv);
/* The text without what a terminal obeys: control characters as \xNN (ECMA-48 section 5.2 and 5.3).
 */
const char *cairn_cli_visible(struct cairn_arena *arena, const char *text);

int cairn_cli_amend(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_append(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_verify(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_export(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_import(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_recover(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_processes(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_timers(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_bus(const struct cairn_cli_command *command, int argc, char **argv);
int cairn_cli_completion(const struct cairn_cli_command *command, int argc, char **argv);

/* ---- options.c ---- */

/* What a command line may say; -1 and NULL where it does not. */
struct cairn_cli_options {
    bool json;
    bool yes;
    bool watch;
    bool diff;
    bool accept;
    bool cancel;
    int64_t limit;
    int64_t after;
    int64_t expect;
    int64_t from;
    int64_t to;
    const char *words[4]; /* what is no option, in order */
    int word_count;
};

/* Reads the command line after the subcommand's name. `allowed` names the options it takes, each
 * behind a space: " --json --limit". Returns -1 to go on, or the exit status: 0 after --help, 64
 * after a message about what is wrong. */
int cairn_cli_options(const struct cairn_cli_command *command, int argc, char **argv,
                      const char *allowed, int words, struct cairn_cli_options *ret);

/* ---- show.c ---- */

/* The database that the environment names; cairn_cli_open() also makes sure that its schema is the
 * one that this release works with. */
int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error) CAIRN_CHECKED;
int cairn_cli_open(struct cairn_pg **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Runs the query and shows its rows. Returns how many there were. */
int64_t cairn_cli_show(struct cairn_pg *pg, const char *sql, const struct cairn_pg_params *params,
                       bool json, struct cairn_error *error) CAIRN_CHECKED;

/* Shows rows that were called for as printed text. */
void cairn_cli_show_rows(const struct cairn_pg_result *rows, int64_t count);

/* Closes the connection (NULL is fine). If `outcome` is negative it says on standard error what
 * went wrong and returns the exit status for it, as --help lists them; else it returns 0. */
int cairn_cli_end(const struct cairn_cli_command *command, struct cairn_pg *pg, int64_t outcome,
                  const struct cairn_error *error);

/* All of a subcommand that says no by ending with 1: opens the database, does the work, and returns
 * the exit status for what that returns: 0 done, 1 no, or an error. */
int cairn_cli_run(const struct cairn_cli_command *command, const struct cairn_cli_options *options,
                  int64_t (*work)(struct cairn_pg *pg, const struct cairn_cli_options *options,
                                  struct cairn_arena *arena, struct cairn_error *error));

/* ---- table.c ---- */

enum { CAIRN_CLI_COLUMNS_MAX = 16 };

/* Prints a table to standard output: rows + 1 times `columns` cells, the first row the headings.
 * Columns of numbers and times stand to the right and are whole. Where it is wider than the
 * terminal, what has most is cut first: the last column at its end, others in their middle. */
void cairn_cli_table(const char *const *cells, int columns, int64_t rows);

#endif
