/* log_commands.c - `cairn streams`, `read`, `tail`, `append`, `amend`. */
#include "cli/commands/commands.h"
#include "cli/operator.h"
#include "operations/views.h"

#include <stdlib.h>
#include <string.h>

/* Tables show times to the second, in UTC, as the session does. */
#define SECONDS(time) "to_char(" #time ", 'YYYY-MM-DD HH24:MI:SS\"+00\"') as " #time

static const char *event_columns(const struct cairn_cli_options *options)
{
    return options->json ? "position, recorded_at, stream, version, type, data"
                         : "position, " SECONDS(recorded_at) ", stream, version, type, data";
}

/* Connects, shows the rows, and turns an error into the exit status. `empty` is the status if there
 * are no rows. `doubt` says what to do if the statement, which writes, was sent and its outcome is
 * unknown; NULL for one that writes nothing. */
static int carry_out(const struct cairn_cli_command *command, const char *sql,
                     const struct cairn_pg_params *params, bool json, int empty, const char *doubt)
{
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&pg, &error);
    bool begun = count == 0;
    if (begun)
        count = cairn_cli_show(pg, sql, params, json, &error);
    bool unknown = begun && count == -CAIRN_UNAVAILABLE && cairn_pg_sent(pg);
    int status = cairn_cli_end(command, pg, count, &error);
    if (doubt && unknown)
        (void)fprintf(stderr, "It may have been done all the same: %s.\n", doubt);
    return count == 0 ? empty : status;
}

static int show(const struct cairn_cli_command *command, const char *sql,
                const struct cairn_pg_params *params, bool json, int empty)
{
    return carry_out(command, sql, params, json, empty, NULL);
}

static int missing(const struct cairn_cli_command *command)
{
    (void)fprintf(stderr, "Usage: cairn %s\n", command->usage);
    return 64;
}

static int64_t or_else(int64_t number, int64_t fallback)
{
    return number < 0 ? fallback : number;
}

#define STREAMS                                                                                    \
    " from cairn.streams where category = $1 or $1 is null order by last_position desc limit $2"

static int run_streams(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 1, &options);
    if (status >= 0)
        return status;
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_text(&params, options.words[0]);
    cairn_pg_add_integer(&params, or_else(options.limit, 20));
    status = show(command,
                  options.json ? "select stream, version, first_at, last_at, last_position" STREAMS
                               : "select stream, version, " SECONDS(first_at) ", " SECONDS(
                                     last_at) ", last_position" STREAMS,
                  &params, options.json, 0);
    cairn_arena_close(&arena);
    return status;
}

static void add_texts(struct cairn_pg_params *params, const char *const *texts, size_t count)
{
    if (count > 0)
        cairn_pg_add_texts(params, texts, sizeof *texts, count);
    else
        cairn_pg_add_null(params);
}

/* Shows a stream, or the events with some tags. */
static int run_read(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status =
        cairn_cli_options(command, argc, argv, " --json --limit --after --tag --type", 1, &options);
    if (status >= 0)
        return status;
    if ((options.word_count < 1) == (options.tag_count == 0))
        return cairn_cli_misuse(command, "name a stream, or a --tag");
    if (options.type_count > 0 && options.tag_count == 0)
        return cairn_cli_misuse(command, "--type selects among the events of a --tag");
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    if (options.tag_count > 0) {
        add_texts(&params, options.tags, options.tag_count);
        add_texts(&params, options.types, options.type_count);
    } else {
        cairn_pg_add_text(&params, options.words[0]);
    }
    cairn_pg_add_integer(&params, or_else(options.after, 0));
    cairn_pg_add_integer(&params, or_else(options.limit, 1000));
    const char *from = options.tag_count > 0 ? "read_tagged($1::text[], $2::text[], $3, $4)"
                                             : "read_stream($1, $2, $3)";
    status =
        show(command, cairn_print(&arena, "select %s from cairn.%s", event_columns(&options), from),
             &params, options.json, 1);
    cairn_arena_close(&arena);
    return status;
}

/* Shows the newest events, or those after a position; in log order either way. */
static int run_tail(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit --after", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    int64_t limit = or_else(options.limit, 10);
    cairn_pg_add_integer(&params, options.after);
    cairn_pg_add_integer(&params, limit);
    status = show(command,
                  cairn_print(&arena,
                              "select %s from cairn.read_all(case when $1 < 0 then"
                              " greatest(cairn.head() - $2, 0) else $1 end, $2)",
                              event_columns(&options)),
                  &params, options.json, 0);
    cairn_arena_close(&arena);
    return status;
}

static int64_t amend(struct cairn_pg *pg, const struct cairn_cli_options *options,
                     struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_place place = {.pg = pg, .arena = arena};
    const struct operate_amend which = {.position = strtoll(options->words[0], NULL, 10),
                                        .reason = options->words[1],
                                        .data = options->words[2]};
    struct cairn_operation done;
    int failed = cairn_cli_operate(&place, CAIRN_AMEND, &which, &done, error);
    if (failed)
        return failed;
    const struct operated_amend *result = done.result;
    const char *const cells[] = {
        "stream",
        "version",
        "type",
        cairn_cli_visible(arena, result->stream),
        cairn_print(arena, "%" PRId64, result->version),
        cairn_cli_visible(arena, result->type),
    };
    if (options->json)
        (void)printf("%s\n", done.json);
    else
        cairn_cli_table(cells, 3, 1);
    return 0;
}

/* Without arguments, shows the amendments; POSITION REASON: passes the event over; POSITION REASON
 * JSON: replaces its data. */
static int run_amend(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json", 3, &options);
    if (status >= 0)
        return status;
    const char *position = options.word_count ? options.words[0] : NULL;
    if (position && (options.word_count < 2 || position[strspn(position, "0123456789")] ||
                     strlen(position) > 18))
        return missing(command);
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    if (!position) {
        status = show(command, cairn_views[CAIRN_VIEW_AMENDMENTS].sql, &params, options.json, 0);
        cairn_arena_close(&arena);
        return status;
    }
    status = cairn_cli_run(command, &options, amend);
    if (status == 0)
        (void)fprintf(stderr, "Restart the processes that read this stream: they read amendments "
                              "when they start.\n");
    return status;
}

static int run_append(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --expect --tag", 3, &options);
    if (status >= 0)
        return status;
    if (options.word_count < 3)
        return missing(command);
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    for (int i = 0; i < 3; i++)
        cairn_pg_add_text(&params, options.words[i]);
    cairn_pg_add_integer(&params, options.expect);
    add_texts(&params, options.tags, options.tag_count);
    status = carry_out(command,
                       "select position, version, event_id"
                       " from cairn.append($1, $2, $3::json, nullif($4, -1), $5::text[])",
                       &params, options.json, 1,
                       "look at the stream with `cairn read` before you append it again");
    cairn_arena_close(&arena);
    return status;
}

const struct cairn_cli_command cairn_cli_streams = {
    .name = "streams",
    .usage = "streams [CATEGORY] [--limit N] [--json]",
    .summary = "list streams, the most recently changed first",
    .details = "Lists at most N streams (20), of one category if it is named. Reads the whole log.",
    .example = "cairn streams order --limit 5",
    .run = run_streams,
};

const struct cairn_cli_command cairn_cli_read = {
    .name = "read",
    .usage = "read STREAM | --tag TAG [--type TYPE] [--after N] [--limit N] [--json]",
    .summary = "show the events of a stream, or those with a tag",
    .details =
        "Shows at most N events (1000) of the stream after a version (0), in order; or those of all streams\n"
        "that have the tag, such as course:42, after a position (0). --tag may be repeated: an event must\n"
        "have all of them; so may --type: it must be of one of them. Ends with 1 if there are none.",
    .example = "cairn read pot-7 --json | jq .data",
    .run = run_read,
};

const struct cairn_cli_command cairn_cli_tail = {
    .name = "tail",
    .usage = "tail [--after POSITION] [--limit N] [--json]",
    .summary = "show the newest events",
    .details = "Shows the newest N events (10), or the first N after a position, in order.",
    .example = "cairn tail --limit 3",
    .run = run_tail,
};

const struct cairn_cli_command cairn_cli_append = {
    .name = "append",
    .usage = "append STREAM TYPE JSON [--expect VERSION] [--tag TAG] [--json]",
    .summary = "append one event",
    .details =
        "Appends an event whose data is the JSON object, of the newest version of its type that a\n"
        "service has declared, if the stream is at this version (0: if the stream does not exist; not\n"
        "given: at any version). Ends with 1 if it is not. --tag gives it a tag, and may be repeated.",
    .example = "cairn append pot-7 PotFilled '{\"litres\": 3}' --expect 0",
    .run = run_append,
};

const struct cairn_cli_command cairn_cli_amend = {
    .name = "amend",
    .usage = "amend [POSITION REASON [JSON]] [--json]",
    .summary = "skip an unreadable event, or read it with other data",
    .details =
        "The log never changes. But an event that cannot be read blocks its stream, and one of an unknown\n"
        "type keeps services from starting. An amendment stands beside the log, with your name and reason:\n"
        "the event is skipped, or read as if its data were the JSON object. Processes read amendments when\n"
        "they start: restart those that read the stream. Without arguments, lists the amendments. Connect\n"
        "as the owner of the database.",
    .example = "cairn amend 4711 'mistyped in psql'",
    .run = run_amend,
};
