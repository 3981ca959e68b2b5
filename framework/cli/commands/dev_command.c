/* dev_command.c - `cairn dev`: runs a project for its developer. */
#include "cli/commands/commands.h"

#include "cli/dev/dev_session.h"

static int run_dev(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --wipe", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    int failed = cairn_dev_session_run(&arena, options.wipe, &error);
    status = cairn_cli_end(command, NULL, failed, &error);
    cairn_arena_close(&arena);
    return status;
}

const struct cairn_cli_command cairn_cli_dev = {
    .name = "dev",
    .usage = "dev [--wipe]",
    .summary = "run the project in this directory, and restart it at each change",
    .details =
        "In a project that `cairn new` has made: starts a PostgreSQL and a Redis under .cairn/, makes the\n"
        "schema and the tables of services/NAME/migrations, builds with make, and starts the services. When\n"
        "a source file is saved, it builds again and restarts the services whose program has changed; a\n"
        "build that fails shows the compiler's messages, and what ran before runs on. Requests, events and\n"
        "changed rows are printed as they happen.\n"
        "\n"
        "PORT moves the service, and CAIRN_ADMIN_PORT gives operators a listener; CAIRN_NAME_PORT and\n"
        "CAIRN_NAME_ADMIN_PORT are those of one of several. The log is kept between two runs; --wipe begins\n"
        "with an empty one. Ctrl-C stops everything. `. .cairn/env` in another terminal\n"
        "sets DATABASE_URL and REDIS_URL. Authentication is off, unless CAIRN_AUTH says otherwise.",
    .example = "cairn dev --wipe",
    .run = run_dev,
};
