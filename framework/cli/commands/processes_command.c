/* processes_command.c - `cairn processes`: shows the progress of process managers and reactors, the
 * events that reactors have given up on, and the processes that are parked. */
#include "cli/commands/commands.h"
#include "cli/operator.h"
#include "cli/show_view.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static bool is_list(const char *word)
{
    return strcmp(word, "parked") == 0 || strcmp(word, "commands") == 0 ||
           strcmp(word, "instances") == 0;
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

static int64_t show_list(const struct cairn_cli_options *options, struct cairn_pg *pg,
                         struct cairn_error *error)
{
    const struct view_list which = {.limit = cairn_cli_limit(options)};
    const struct view_instances instances = {.limit = which.limit};
    if (strcmp(options->words[0], "instances") == 0)
        return cairn_cli_show_view(pg, CAIRN_VIEW_INSTANCES, &instances, options->json, error);
    return cairn_cli_show_view(pg,
                               strcmp(options->words[0], "parked") == 0
                                   ? CAIRN_VIEW_PROCESS_PARKED
                                   : CAIRN_VIEW_PROCESS_COMMANDS,
                               &which, options->json, error);
}

static int64_t query_followers(const struct cairn_cli_options *options, struct cairn_pg *pg,
                               struct cairn_arena *arena, struct cairn_error *error)
{
    const char *what = options->word_count ? options->words[0] : "";
    if (!*what)
        return cairn_cli_show_view(pg, CAIRN_VIEW_PROCESSES, NULL, options->json, error);
    if (is_list(what))
        return show_list(options, pg, error);
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
                      "cairn processes: expected instances, commands, parked, retry [reactor/NAME "
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
    .usage = "processes [instances | commands | parked | retry [NAME [WHICH]] | skip NAME STREAM] "
             "[--limit N] [--json]",
    .summary = "show process managers and reactors, and what was parked",
    .details =
        "Shows how far each has followed the log, its undelivered commands, its timers, the process that\n"
        "runs it, and why it is stopped, or its oldest command is retried, if it is. `instances` lists those that\n"
        "advanced last, with their state. `commands` lists what is not delivered yet, with the reason of the last attempt. `parked` lists events that reactors failed to handle, and\n"
        "instances of process managers that cannot continue; those of consumers: `cairn bus dead`. `retry`\n"
        "requests a retry: of all, of those of reactor/NAME or of process/NAME, of one by its position or\n"
        "its stream. `skip` skips the event at which an instance stopped.",
    .example = "cairn processes retry reactor/charging",
    .run = run_processes,
};
