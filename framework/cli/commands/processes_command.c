/* processes_command.c - `cairn processes`: shows the progress of process managers and reactors, the
 * events that reactors have given up on, and the processes that are parked. */
#include "cli/commands/commands.h"
#include "cli/operator.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char followers_sql[] =
    "select f.name, f.position, cairn.head() - f.position as lag,"
    " (select count(*) from cairn.outgoing o where 'process/' || o.process = f.name) as commands,"
    " (select count(*) from cairn.timers t where 'process/' || t.process = f.name) as timers,"
    " (select count(*) from cairn.parked_events p where 'reactor/' || p.reactor = f.name)"
    "     + (select count(*) from cairn.parked_instances i where 'process/' || i.process = f.name)"
    "     as parked,"
    " coalesce((select l.owner from cairn.leases l where l.name = f.name"
    "     and l.held_until > clock_timestamp()), 'none') as runs_in,"
    " coalesce(f.stopped, (select o.command || ' is retried: ' || o.problem from cairn.outgoing o"
    "     where 'process/' || o.process = f.name and o.problem is not null"
    "     order by o.position, o.number limit 1), '') as stopped"
    " from cairn.followers f order by f.name";

static const char commands_sql[] =
    "select 'process/' || o.process as name, o.position, o.command, o.target, o.attempts,"
    " coalesce(o.problem, '') as problem"
    " from cairn.outgoing o order by o.process, o.position, o.number limit $1";

static const char parked_sql[] =
    "select p.name, p.position, p.type, p.stream, p.attempts, p.parked_at,"
    " case when p.again then 'retry requested' else 'parked' end as state, p.reason"
    " from (select 'reactor/' || reactor as name, position, type, stream, attempts, parked_at,"
    "           again, reason"
    "           from cairn.parked_events"
    "       union all"
    "       select 'process/' || process, position, '', stream, 1, parked_at, again, reason"
    "           from cairn.parked_instances) p"
    " order by p.name, p.position limit $1";

static bool is_list(const char *word)
{
    return strcmp(word, "parked") == 0 || strcmp(word, "commands") == 0;
}

/* Retries what was parked, or skips the event at which an instance stopped. */
static int64_t act(const struct cairn_cli_options *options, struct cairn_pg *pg,
                   struct cairn_arena *arena, struct cairn_error *error)
{
    const char *name = options->word_count > 1 ? options->words[1] : NULL;
    const char *which = options->word_count > 2 ? options->words[2] : NULL;
    bool skips = strcmp(options->words[0], "skip") == 0;
    bool is_position = which && !which[strspn(which, "0123456789")];
    const struct cairn_place place = {.pg = pg, .arena = arena};
    const struct operate_skip_instance skip = {.name = name, .stream = which};
    const struct operate_on_processes retry = {
        .name = name,
        .position = {.is_set = is_position, .value = is_position ? strtoll(which, NULL, 10) : 0},
        .stream = is_position ? NULL : which,
    };
    struct cairn_operation done;
    int failed = skips ? cairn_cli_operate(&place, CAIRN_SKIP_INSTANCE, &skip, &done, error)
                       : cairn_cli_operate(&place, CAIRN_RETRY_PROCESSES, &retry, &done, error);
    if (failed)
        return failed;
    const struct operated_processes *result = done.result;
    (void)printf(options->json ? "{\"tried_again\":%" PRId64 "}\n" : "tried_again\n%11" PRId64 "\n",
                 result->tried_again);
    return 0;
}

static int64_t query_followers(const struct cairn_cli_options *options, struct cairn_pg *pg,
                               struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    const char *what = options->word_count ? options->words[0] : "";
    if (!*what)
        return cairn_cli_show(pg, followers_sql, NULL, options->json, error);
    if (is_list(what)) {
        const char *sql = strcmp(what, "parked") == 0 ? parked_sql : commands_sql;
        cairn_pg_add_integer(&params, options->limit < 0 ? 1000 : options->limit);
        return cairn_cli_show(pg, sql, &params, options->json, error);
    }
    return act(options, pg, arena, error);
}

static int run_processes(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 3, &options);
    if (status >= 0)
        return status;
    bool retries = options.word_count && strcmp(options.words[0], "retry") == 0;
    bool skips = options.word_count == 3 && strcmp(options.words[0], "skip") == 0;
    if (options.word_count && !retries && !skips &&
        (!is_list(options.words[0]) || options.word_count > 1)) {
        (void)fprintf(stderr,
                      "cairn processes: expected commands, parked, retry [reactor/NAME "
                      "[POSITION]],\nretry process/NAME [STREAM], skip process/NAME STREAM, or "
                      "nothing\n"
                      "Usage: cairn %s\n",
                      command->usage);
        return EX_USAGE;
    }
    struct cairn_arena arena = {0};
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = query_followers(&options, pg, &arena, &error);
    cairn_arena_close(&arena);
    return cairn_cli_end(command, pg, count, &error);
}

const struct cairn_cli_command cairn_cli_processes = {
    .name = "processes",
    .usage = "processes [commands | parked | retry [NAME [WHICH]] | skip NAME STREAM] [--limit N] "
             "[--json]",
    .summary = "show process managers and reactors, and what was parked",
    .details =
        "Shows how far each has followed the log, its undelivered commands, its timers, the process that\n"
        "runs it, and why it is stopped, or its oldest command is retried, if it is. `commands` lists what is\n"
        "not delivered yet, with the reason of the last attempt. `parked` lists events that reactors failed to handle, and\n"
        "instances of process managers that cannot continue; those of consumers: `cairn bus dead`. `retry`\n"
        "requests a retry: of all, of those of reactor/NAME or of process/NAME, of one by its position or\n"
        "its stream. `skip` skips the event at which an instance stopped.",
    .example = "cairn processes retry reactor/charging",
    .run = run_processes,
};
