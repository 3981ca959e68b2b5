/* timers_command.c - `cairn timers`: lists the timers that processes have set, and moves or cancels
 * one, by an event in the process' stream. */
#include "cli/commands/commands.h"

#include <string.h>
#include <sysexits.h>

static const char list_sql[] =
    "select stream, name, due_at, case when due_at <= cairn.now() then 'due'"
    " else 'in ' || date_trunc('second', due_at - cairn.now()) end as state"
    " from cairn.timers order by due_at, stream, name limit $1";

static int wrong_usage(const struct cairn_cli_command *command)
{
    (void)fprintf(stderr,
                  "cairn timers: expected move STREAM NAME WHEN, cancel STREAM NAME, or nothing\n"
                  "Usage: cairn %s\n",
                  command->usage);
    return EX_USAGE;
}

static int list(const struct cairn_cli_command *command, const struct cairn_cli_options *options)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    cairn_pg_add_integer(&params, options->limit < 0 ? 1000 : options->limit);
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = cairn_cli_show(pg, list_sql, &params, options->json, &error);
    cairn_arena_close(&arena);
    return cairn_cli_end(command, pg, count, &error);
}

/* WHEN is relative to now if it is an interval, else it is what timestamptz reads. */
static const char move_sql[] =
    "select cairn.change_timer($1, $2, case when $3 ~ '^-?[0-9]+(\\.[0-9]+)? ?[a-z]+$'"
    " then cairn.now() + $3::text::interval else $3::text::timestamptz end) as version";
static const char cancel_sql[] = "select cairn.change_timer($1, $2, null) as version";

/* A timer that is not set (CA014) and a conflict (CA001) are answers, not defects. */
static int end(const struct cairn_cli_command *command, struct cairn_pg *pg, int64_t count,
               const struct cairn_error *error)
{
    const char *state = count < 0 && pg ? cairn_pg_state(pg) : "";
    if (strcmp(state, "CA014") != 0 && strcmp(state, "CA001") != 0)
        return cairn_cli_end(command, pg, count, error);
    (void)fprintf(stderr, "cairn timers: %s\n", error->message);
    (void)cairn_cli_end(command, pg, 0, error);
    return 1;
}

static int change(const struct cairn_cli_command *command, const struct cairn_cli_options *options,
                  const char *sql)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    for (int i = 1; i < options->word_count; i++)
        cairn_pg_add_text(&params, options->words[i]);
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = cairn_cli_show(pg, sql, &params, options->json, &error);
    cairn_arena_close(&arena);
    return end(command, pg, count, &error);
}

static int run_timers(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 4, &options);
    if (status >= 0)
        return status;
    const char *what = options.word_count ? options.words[0] : "list";
    if (strcmp(what, "list") == 0 && options.word_count <= 1)
        return list(command, &options);
    if (strcmp(what, "move") == 0 && options.word_count == 4)
        return change(command, &options, move_sql);
    if (strcmp(what, "cancel") == 0 && options.word_count == 3)
        return change(command, &options, cancel_sql);
    return wrong_usage(command);
}

const struct cairn_cli_command cairn_cli_timers = {
    .name = "timers",
    .usage = "timers [list | move STREAM NAME WHEN | cancel STREAM NAME] [--limit N] [--json]",
    .summary = "show the timers of processes, move or cancel one",
    .details =
        "Lists at most N timers (1000), the next one first. Moving and cancelling append an event to the\n"
        "process' stream, as the process itself would. WHEN is a time, or a duration from now. Ends with 1\n"
        "if the timer is not set, or the process was faster. The clock of timers is that of PostgreSQL;\n"
        "`select cairn.turn_clock('1 day')` turns it, for tests. Deciders keep the clock of their host.",
    .example = "cairn timers move fulfilment-0193… payment-deadline '30 min'",
    .run = run_timers,
};
