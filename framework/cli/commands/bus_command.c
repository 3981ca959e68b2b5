/* bus_command.c - `cairn bus`: shows how far the log is published, the consumer groups and the dead
 * letters.
 *
 * Redis returns its part as JSON; PostgreSQL formats it, as all other output here. */
#include "bus/consume/group.h"
#include "bus/inspect.h"
#include "cli/commands/commands.h"

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

static const char publisher_sql[] =
    "select $1::bigint as epoch, $2::bigint as position, cairn.head() as head,"
    " cairn.head() - $2::bigint as lag,"
    " coalesce((select l.owner from cairn.leases l where l.name = 'bus'"
    "     and l.held_until > clock_timestamp()), 'none') as publisher,"
    " coalesce((select b.problem from cairn.bus b), '') as problem";

static const char streams_sql[] =
    "select s.category, coalesce(r.entries, 0) as entries, coalesce(r.first, 0) as first,"
    " coalesce(r.last, 0) as last, s.floor as trimmed_to"
    " from cairn.bus_streams s left join json_to_recordset($1::json)"
    "     as r (category text, entries bigint, first bigint, last bigint) using (category)"
    " order by s.category";

static const char groups_sql[] =
    "select r.name as \"group\", r.category, r.members, r.position, r.lag, r.pending, r.dead,"
    " coalesce(l.from_position || ' to ' || l.to_position, '') as lost"
    " from json_to_recordset($1::json) as r (name text, category text, members bigint,"
    "     position bigint, lag bigint, pending bigint, dead bigint)"
    " left join cairn.bus_losses l on l.category = r.category and l.consumer_group = r.name"
    " order by r.name, r.category";

static const char dead_sql[] =
    "select r.id, r.entry, r.attempts, r.error, r.event from json_to_recordset($1::json)"
    "     as r (id text, entry text, attempts text, error text, event text) order by r.id desc";

static int64_t show_json(struct cairn_pg *pg, const char *sql, const char *rows, bool json,
                         struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, rows);
    if (!json)
        (void)printf("\n");
    return cairn_cli_show(pg, sql, &params, json, error);
}

static int64_t read_categories(struct cairn_pg *pg, struct cairn_arena *arena,
                               const char *const **ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call_printed(pg, "select category from cairn.bus_streams order by 1",
                                          NULL, &rows, error);
    if (count < 0)
        return count;
    const char **categories = cairn_new(arena, const char *, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        categories[i] = cairn_copy_text(arena, cairn_pg_text(rows, i, 0));
    *ret = categories;
    return count;
}

static int64_t show_all(struct cairn_pg *pg, struct cairn_redis *redis, bool json,
                        struct cairn_arena *arena, struct cairn_error *error)
{
    const char *const *categories = NULL;
    struct cairn_bus_report report = {0};
    struct cairn_pg_params params = {.arena = arena};
    int64_t count = read_categories(pg, arena, &categories, error);
    if (count >= 0)
        count = cairn_bus_inspect(redis, categories, (size_t)count, arena, &report, error);
    if (count < 0)
        return count;
    cairn_pg_add_integer(&params, report.epoch);
    cairn_pg_add_integer(&params, report.position);
    count = cairn_cli_show(pg, publisher_sql, &params, json, error);
    if (count >= 0)
        count = show_json(pg, streams_sql, report.streams, json, arena, error);
    if (count >= 0)
        count = show_json(pg, groups_sql, report.groups, json, arena, error);
    return count;
}

static int64_t show_dead(struct cairn_pg *pg, struct cairn_redis *redis,
                         const struct cairn_cli_options *options, struct cairn_arena *arena,
                         struct cairn_error *error)
{
    const char *letters = NULL;
    int64_t limit = options->limit >= 0 ? options->limit : DEAD_LIMIT;
    int failed = cairn_bus_dead_letters(redis, options->words[1], limit, arena, &letters, error);
    struct cairn_pg_params params = {.arena = arena};
    if (failed)
        return failed;
    cairn_pg_add_text(&params, letters);
    return cairn_cli_show(pg, dead_sql, &params, options->json, error);
}

/* ---- the command ---- */

static int64_t retry(struct cairn_redis *redis, const struct cairn_cli_options *options,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    int64_t count = cairn_group_retry(redis, options->words[1], options->words[2], arena, error);
    if (count == 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "group %s has no such dead letter",
                          options->words[1]);
    if (count > 0)
        (void)printf(options->json ? "{\"handed_out\":%" PRId64 "}\n"
                                   : "%" PRId64 " delivered again\n",
                     count);
    return count;
}

static int expect_ours(struct cairn_pg *pg, struct cairn_redis *redis, struct cairn_arena *arena,
                       struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count =
        cairn_pg_call_printed(pg, "select store_id from cairn.store", NULL, &rows, error);
    return count < 1 ? (int)count
                     : cairn_bus_belongs(redis, cairn_pg_text(rows, 0, 0), arena, error);
}

static int64_t carry_out(struct cairn_pg *pg, struct cairn_redis *redis,
                         const struct cairn_cli_options *options, struct cairn_arena *arena,
                         struct cairn_error *error)
{
    int failed = expect_ours(pg, redis, arena, error);
    if (failed)
        return failed;
    if (options->word_count == 0)
        return show_all(pg, redis, options->json, arena, error);
    if (strcmp(options->words[0], "dead") == 0 && options->word_count == 2)
        return show_dead(pg, redis, options, arena, error);
    if (strcmp(options->words[0], "retry") == 0 && options->word_count >= 2)
        return retry(redis, options, arena, error);
    return cairn_fail(error, CAIRN_CONFIG, "expected: dead GROUP, or retry GROUP [ID]");
}

static int run_bus(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    struct cairn_arena arena = {0};
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 3, &options);
    if (status >= 0)
        return status;
    struct cairn_pg *pg = NULL;
    struct cairn_redis *redis = NULL;
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = open_redis(&redis, &error);
    if (count == 0)
        count = carry_out(pg, redis, &options, &arena, &error);
    cairn_redis_close(redis);
    cairn_arena_close(&arena);
    return cairn_cli_end(command, pg, count, &error);
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
