/* migrate_command.c - `cairn migrate`: brings the database's schema up to this release. */
#include "cli/commands/commands.h"

#include "store/migrate.h"
#include "store/service_migrate.h"

static void print_applied(void *context, const char *name)
{
    (void)context;
    (void)printf("applied %s\n", name);
}

static int migrate(struct cairn_pg **ret, struct cairn_error *error)
{
    int failed = cairn_cli_connect(ret, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(*ret, CAIRN_HOURS(1)); /* a migration may have to rewrite a table */
    return cairn_migrate(*ret, print_applied, NULL, error);
}

/* Applies the migrations of a service. */
static int migrate_service(const char *schema, const char *directory, struct cairn_pg **ret,
                           struct cairn_error *error)
{
    int failed = cairn_cli_connect(ret, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(*ret, CAIRN_HOURS(1));
    return cairn_service_migrate(*ret, schema, directory, print_applied, NULL, error);
}

static int run_migrate(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, "", 2, &options);
    if (status >= 0)
        return status;
    if (options.word_count == 1)
        return cairn_cli_misuse(command, "a schema needs the directory of its migrations");
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int count = options.word_count == 0
                    ? migrate(&pg, &error)
                    : migrate_service(options.words[0], options.words[1], &pg, &error);
    if (count == 0)
        (void)printf("the schema is up to date\n");
    return cairn_cli_end(command, pg, count, &error);
}

const struct cairn_cli_command cairn_cli_migrate = {
    .name = "migrate",
    .usage = "migrate [SCHEMA DIRECTORY]",
    .summary = "bring the database's schema up to this release",
    .details =
        "Applies the migrations that this release has and the database lacks: those with a number in\n"
        "order, each in a transaction of its own, then functions and views that have changed. A database\n"
        "of release 0.1 is upgraded. Connect as the owner of the database; the first time, the role must\n"
        "be allowed to create roles.\n"
        "\n"
        "With SCHEMA and DIRECTORY it applies the migrations of a service, for tables of its own: the files\n"
        "DIRECTORY/NNNN_what.sql in order, each once, then DIRECTORY/repeatable/what.sql, each whenever it\n"
        "has changed. They run in the schema, which is created; services may use its tables.",
    .example = "DATABASE_URL=postgresql://owner@host/shop cairn migrate",
    .run = run_migrate,
};
