/* status_command.c - `cairn status`: shows the store, the owner of its lock, and the progress of
 * each read model. */
#include "cli/commands/commands.h"

#include "operations/status_views.h"

#include <poll.h>
#include <unistd.h>

enum { SAMPLE_MS = CAIRN_STATUS_SAMPLE_US / 1000, WATCH_MS = 1000 };

static const char advice[] =
    "\nA read model that has diverged was built from events that the log does not have: the log "
    "was\n"
    "restored to an older state. It is stopped. A projector of its code version builds it "
    "anew,\n"
    "beside it, from the log as it is: another generation is `building` here then, and `cairn\n"
    "rebuild NAME --watch` shows how far it is. If there is none, none runs: the lease is "
    "nobody's.\n";

/* ---- showing ---- */

/* Returns whether a generation that queries read has diverged. */
static bool has_diverged(struct cairn_pg *pg)
{
    static const struct cairn_statement statement = {
        .name = "diverged",
        .sql = "select 1 from cairn.verify_checkpoints() v join cairn.generations g"
               "     using (projection, generation) where g.live or g.serving"};
    struct cairn_pg_params none = {.arena = NULL};
    CAIRN_PG_RESULT *rows = NULL;
    return cairn_pg_call(pg, &statement, &none, &rows, NULL) > 0;
}

static int64_t show_all(struct cairn_pg *pg, struct cairn_status_sample *before, bool json,
                        struct cairn_error *error)
{
    int64_t count = cairn_cli_show(pg, cairn_status_store_sql, NULL, json, error);
    if (count < 0)
        return count;
    if (!json)
        (void)printf("\n");
    struct cairn_pg_params params = cairn_status_params(before);
    count = cairn_cli_show(pg, cairn_status_read_models_sql, &params, json, error);
    if (count > 0 && !json && has_diverged(pg))
        (void)fputs(advice, stdout);
    return count;
}

static int64_t show_once(struct cairn_pg *pg, bool json, int wait_ms, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    struct cairn_status_sample before;
    int64_t count = cairn_status_sample(pg, &arena, &before, error);
    if (count >= 0) {
        (void)poll(NULL, 0, wait_ms);
        if (wait_ms == WATCH_MS && cairn_terminal_width(STDOUT_FILENO))
            (void)fputs("\033[H\033[J", stdout);
        count = show_all(pg, &before, json, error);
        (void)fflush(stdout);
    }
    cairn_arena_close(&arena);
    return count;
}

static int run_status(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --watch", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int64_t count = cairn_cli_open(&pg, &error);
    if (count == 0)
        count = show_once(pg, options.json, SAMPLE_MS, &error);
    while (count >= 0 && options.watch)
        count = show_once(pg, options.json, WATCH_MS, &error);
    return cairn_cli_end(command, pg, count, &error);
}

const struct cairn_cli_command cairn_cli_status = {
    .name = "status",
    .usage = "status [--watch] [--json]",
    .summary = "show the store and the progress of each read model",
    .details =
        "Shows the store's id, epoch and newest position, the session that holds the lock of appends, and\n"
        "each generation of each read model: state, position, lag in events and seconds, rate in events a\n"
        "second, parked keys, owner of the lease, and a note: progress of its build, why it is held, until\n"
        "when it is kept, its problem. --watch repeats that every second.\n"
        "\n"
        "States: live (the view shows it, and queries of its code version read it), serving (queries of its\n"
        "older code version read it), building, held (built, not read yet), kept (up to date for `cairn\n"
        "rollback`), diverged (of another history than the log).",
    .example = "cairn status --watch",
    .run = run_status,
};
