/* migrate.c - `cairn migrate`: brings the database's schema up to this release. */
#include "cli/cli.h"

#include "store/migrate.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void print_applied(void *context, const char *name)
{
    (void)context;
    (void)printf("applied %s\n", name);
}

static int migrate(struct cairn_error *error)
{
    struct cairn_pg *pg = NULL;
    int count = cairn_cli_connect(&pg, error);
    if (count == 0) {
        cairn_pg_set_deadline(pg, CAIRN_HOURS(1));
        count = cairn_migrate(pg, print_applied, NULL, error);
    }
    cairn_pg_close(pg);
    return count;
}

int cairn_cli_migrate(int argc, char **argv)
{
    if (argc > 1) {
        bool help = strcmp(argv[1], "--help") == 0;
        (void)fprintf(help ? stdout : stderr,
                      "Usage: cairn migrate\n\nApplies the migrations that this release carries "
                      "and the database at DATABASE_URL\nhas not had, in order, each in a "
                      "transaction of its own. Connect as the owner of\nthe database; the role has "
                      "to be allowed to make roles the first time.\n");
        return help ? 0 : EX_USAGE;
    }
    struct cairn_error error = {0};
    int count = migrate(&error);
    if (count < 0)
        return cairn_cli_fail("migrate", &error);
    if (count == 0)
        (void)printf("the schema is up to date\n");
    return 0;
}
