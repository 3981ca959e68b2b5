/* bus_command.c - `cairn bus`: shows how far the log is published, the consumer groups and the dead
 * letters. */
#include "cli/commands/commands.h"
#include "cli/operator.h"
#include "operations/bus_views.h"

#include <stdlib.h>
#include <string.h>

enum { DEAD_LIMIT = 20 };

static int open_redis(struct cairn_redis **ret, struct cairn_error *error)
{
    const char *url = getenv("REDIS_URL");
    if (!url || !*url)
        return cairn_fail(error, CAIRN_CONFIG, "REDIS_URL is not set");
    return cairn_redis_open(url, CAIRN_SECONDS(10), ret, error);
}

/* ---- output ---- */

static int64_t show_list(const struct cairn_place *place, const struct cairn_bus_view *list,
                         bool json, struct cairn_error *error)
{
    return cairn_cli_show(place->pg, list->sql, &list->params, json, error);
}

static int64_t show_all(const struct cairn_place *place, bool json, struct cairn_error *error)
{
    struct cairn_bus_view lists[CAIRN_BUS_LISTS];
    int64_t count = cairn_bus_views(place, lists, error);
    for (int i = 0; i < CAIRN_BUS_LISTS && count >= 0; i++) {
        if (i > 0 && !json)
            (void)printf("\n");
        count = show_list(place, &lists[i], json, error);
    }
    return count;
}

static int64_t show_dead(const struct cairn_place *place, const struct cairn_cli_options *options,
                         struct cairn_error *error)
{
    struct cairn_bus_view list;
    int64_t limit = options->limit >= 0 ? options->limit : DEAD_LIMIT;
    int failed = cairn_bus_dead_view(place, options->words[1], limit, &list, error);
    return failed ? failed : show_list(place, &list, options->json, error);
}

/* ---- the command ---- */

static int64_t retry(const struct cairn_place *place, const struct cairn_cli_options *options,
                     struct cairn_error *error)
{
    struct operate_on_dead_letters which = {.group = options->words[1], .id = options->words[2]};
    struct cairn_operation done;
    int failed = cairn_cli_operate(place, CAIRN_RETRY_DEAD_LETTERS, &which, &done, error);
    if (failed)
        return failed;
    const struct operated_dead_letters *result = done.result;
    (void)printf(options->json ? "{\"handed_out\":%" PRId64 "}\n" : "%" PRId64 " delivered again\n",
                 result->handed_out);
    return result->handed_out;
}

static int64_t carry_out(const struct cairn_place *place, const struct cairn_cli_options *options,
                         struct cairn_error *error)
{
    if (options->word_count == 0)
        return show_all(place, options->json, error);
    if (strcmp(options->words[0], "dead") == 0 && options->word_count == 2)
        return show_dead(place, options, error);
    if (strcmp(options->words[0], "retry") == 0 && options->word_count >= 2)
        return retry(place, options, error);
    return cairn_fail(error, CAIRN_CONFIG, "expected: dead GROUP, or retry GROUP [ID]");
}

static int run_bus(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    struct cairn_arena arena = {0};
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 3, &options);
    if (status >= 0)
        return status;
    struct cairn_place place = {.arena = &arena};
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&place.pg, &error);
    if (count == 0)
        count = open_redis(&place.redis, &error);
    if (count == 0)
        count = carry_out(&place, &options, &error);
    cairn_redis_close(place.redis);
    cairn_arena_close(&arena);
    return cairn_cli_end(command, place.pg, count, &error);
}

const struct cairn_cli_command cairn_cli_bus = {
    .name = "bus",
    .usage = "bus [dead GROUP | retry GROUP [ID]] [--limit N] [--json]",
    .summary = "show the publisher, consumer groups and dead letters",
    .details =
        "Shows the publisher, the streams and the consumer groups: entries that a group has not received\n"
        "(lag), is handling (pending), has given up (dead), and the positions that were trimmed from the bus\n"
        "at its cap before the group had handled them (lost). `dead` lists dead letters, the newest first,\n"
        "with the reason; `retry` delivers one of them, or all, again, out of order. REDIS_URL says where\n"
        "the bus is.",
    .example = "cairn bus retry notification",
    .run = run_bus,
};
