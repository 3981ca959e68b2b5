/* cli.c - what the subcommands of `cairn` share. */
#include "cli/cli.h"

#include "runtime/config.h"

#include <stdio.h>
#include <sysexits.h>

int cairn_cli_connect(struct cairn_pg **ret, struct cairn_error *error)
{
    struct cairn_config config;
    int failed = cairn_config_read(&config, 0, error);
    return failed ? failed : cairn_pg_open(config.database_url, "cairn", ret, error);
}

int cairn_cli_fail(const char *command, const struct cairn_error *error)
{
    (void)fprintf(stderr, "cairn %s: %s\n", command, error->message);
    if (error->code == CAIRN_CONFIG)
        return EX_USAGE;
    return error->code == CAIRN_UNAVAILABLE ? EX_UNAVAILABLE : 1;
}
