/* recover_command.c - `cairn recover`: starts a new epoch after the store was restored to an older
 * state.
 *
 * Clients, read models and running processes may know events that the log no longer has, or others
 * at the same positions. A new epoch tells them apart. It begins in one transaction that also ends
 * all other sessions of the database, because processes trust the timeline that they read on a
 * connection as long as it is open. */
#include "cli/commands/commands.h"
#include "cli/operator.h"

#include <string.h>
#include <unistd.h>

enum { NUMBERS = 7 }; /* that a new epoch results in */

static const char store_sql[] =
    "select s.epoch, cairn.head() as head,"
    " (select count(*) from cairn.verify_claims()) as wrong_claims,"
    " (select count(*) from cairn.verify_commands()) as wrong_commands,"
    " (select count(*) from pg_stat_activity a where a.datname = current_database()"
    "     and a.pid <> pg_backend_pid() and a.usesysid is not null) as sessions"
    " from cairn.store s";

static const char checkpoints_sql[] =
    "select v.projection || ' g' || v.generation as read_model, v.position, v.problem"
    " from cairn.verify_checkpoints() v order by 1";

/* Shows the store. Returns how many read models are of another history. */
static int64_t report(struct cairn_pg *pg, struct cairn_error *error)
{
    int64_t count = cairn_cli_show(pg, store_sql, NULL, false, error);
    CAIRN_PG_RESULT *rows = NULL;
    if (count >= 0)
        count = cairn_pg_call_printed(pg, checkpoints_sql, NULL, &rows, error);
    if (count > 0) {
        (void)printf("\nThese read models were built from another history. They stand still until "
                     "a projector\nhas rebuilt them, which it does by itself when it runs:\n\n");
        count = cairn_cli_show(pg, checkpoints_sql, NULL, false, error);
    }
    return count;
}

static int read_epoch(struct cairn_pg *pg, int64_t *ret, struct cairn_error *error)
{
    static const struct cairn_statement statement = {.name = "epoch",
                                                     .sql = "select epoch from cairn.store"};
    struct cairn_pg_params none = {.arena = NULL};
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &statement, &none, &rows, error);
    if (count > 0)
        *ret = cairn_pg_integer(rows, 0, 0);
    return count < 0 ? (int)count : 0;
}

/* Returns whether the operator agrees: by --yes, or when asked on a terminal. */
static bool is_agreed(const struct cairn_cli_options *options)
{
    char answer[16];
    if (options->yes)
        return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return false;
    (void)printf("\nStart a new epoch, make claims and commands again from the log, and end all "
                 "other\nsessions of this database? [y/N] ");
    (void)fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static void show_result(const struct operated_recover *result, struct cairn_arena *arena)
{
    const int64_t numbers[] = {result->old_epoch,     result->new_epoch, result->head,
                               result->claims,        result->commands,  result->read_models,
                               result->sessions_ended};
    const char *cells[] = {
        "old_epoch", "new_epoch", "head", "claims", "commands", "read_models", "sessions_ended",
        "not_ended", NULL,        NULL,   NULL,     NULL,       NULL,          NULL,
        NULL,        NULL};
    for (size_t i = 0; i < NUMBERS; i++)
        cells[NUMBERS + 1 + i] = cairn_print(arena, "%" PRId64, numbers[i]);
    cells[2 * NUMBERS + 1] = result->not_ended ? cairn_cli_visible(arena, result->not_ended) : "-";
    cairn_cli_table(cells, NUMBERS + 1, 1);
}

/* Starts the new epoch and shows the result. A session that could not be ended continues in the old
 * epoch: that is a failure, although the new epoch has begun. */
static int64_t recover(struct cairn_pg *pg, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    const struct cairn_place place = {.pg = pg, .arena = &arena};
    struct operate_recover which = {0};
    struct cairn_operation done = {0};
    (void)printf("\n");
    int failed = read_epoch(pg, &which.epoch, error);
    if (!failed)
        failed = cairn_cli_operate(&place, CAIRN_RECOVER, &which, &done, error);
    if (!failed) {
        const struct operated_recover *result = done.result;
        show_result(result, &arena);
        if (result->not_ended)
            failed =
                cairn_fail(error, CAIRN_REFUSED,
                           "the new epoch has begun, but these sessions could not be ended and "
                           "go on in the old one; restart them: %.300s",
                           result->not_ended);
    }
    cairn_arena_close(&arena);
    return failed;
}

static int run_recover(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --yes", 0, &options);
    if (status >= 0)
        return status;
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    int64_t outcome = cairn_cli_open(&pg, &error);
    if (outcome >= 0) {
        cairn_pg_set_deadline(pg, CAIRN_HOURS(1));
        outcome = report(pg, &error);
    }
    bool agreed = outcome >= 0 && is_agreed(&options);
    if (agreed)
        outcome = recover(pg, &error);
    status = cairn_cli_end(command, pg, outcome, &error);
    if (outcome < 0 || agreed)
        return status;
    (void)fprintf(stderr, "cairn recover: nothing was changed; repeat with --yes\n");
    return 1;
}

const struct cairn_cli_command cairn_cli_recover = {
    .name = "recover",
    .usage = "recover [--yes]",
    .summary = "start a new epoch after a restore to an older state",
    .details =
        "Shows where the log ends and which read models, claims and commands do not belong to it. Then,\n"
        "after confirmation, starts a new epoch, rebuilds claims and commands from the log and ends all\n"
        "other sessions of the database, so that every process notices. Positions of the old epoch are\n"
        "answered 412 from then on. Read models that belong to the log move to the new epoch. Connect as\n"
        "the owner of the database.",
    .example = "cairn recover --yes",
    .run = run_recover,
};
