/* cli.h - what the subcommands of `cairn` share. */
#ifndef CAIRN_CLI_H
#define CAIRN_CLI_H

#include "postgres/postgres.h"

struct cairn_cli_command {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns the exit status */
};

int cairn_cli_migrate(int argc, char **argv);

/* The database that the environment names. */
int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Says on standard error what went wrong; returns the exit status for it. */
int cairn_cli_fail(const char *command, const struct cairn_error *error);

#endif
