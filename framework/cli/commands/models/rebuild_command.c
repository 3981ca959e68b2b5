/* rebuild_command.c - `cairn rebuild`: requests a generation of a read model, watches it. */
#include "cli/commands/models/rebuild_command.h"

#include "cli/operator.h"
#include "operations/views.h"

#include <string.h>
#include <sysexits.h>

/* ---- requests ---- */

/* Prefers a rebuild that is held, and waits for an operator, to one that proceeds by itself. */
static const struct cairn_statement find_statement = {
    .name = "rebuild_under_way",
    .sql = "select rebuild from cairn.rebuilds where projection = $1 and ended_at is null"
           " order by phase = 'held' desc, rebuild desc limit 1",
};

static int64_t act(const struct cairn_place *place, enum cairn_action_id action,
                   const void *arguments, bool *ret_new, struct cairn_error *error)
{
    struct cairn_operation done;
    int failed = cairn_cli_operate(place, action, arguments, &done, error);
    if (failed)
        return failed;
    const struct operated_rebuild *result = done.result;
    *ret_new = result->is_new;
    return result->rebuild;
}

static int64_t ask_anew(const struct cairn_place *place, const struct cairn_cli_options *options,
                        struct cairn_error *error)
{
    const struct operate_rebuild which = {.read_model = options->words[0], .diff = options->diff};
    bool is_new = true;
    int64_t id = act(place, CAIRN_REBUILD, &which, &is_new, error);
    if (id >= 0 && !is_new)
        (void)fprintf(stderr, "a rebuild of %s is under way already; its progress:\n",
                      options->words[0]);
    return id;
}

/* Returns the id of the rebuild that is under way. */
static int64_t find(const struct cairn_place *place, const char *name, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = place->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, name);
    int64_t count = cairn_pg_call(place->pg, &find_statement, &params, &rows, error);
    if (count == 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "nothing of %s is being built", name);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}

/* Accepts or cancels the rebuild under way, if the options say so. Returns its id. */
static int64_t ask_of_it(const struct cairn_place *place, const struct cairn_cli_options *options,
                         struct cairn_error *error)
{
    const struct operate_on_rebuild which = {.read_model = options->words[0]};
    bool is_new;
    if (options->accept)
        return act(place, CAIRN_ACCEPT_REBUILD, &which, &is_new, error);
    if (options->cancel)
        return act(place, CAIRN_CANCEL_REBUILD, &which, &is_new, error);
    return find(place, options->words[0], error);
}

/* ---- the outcome ---- */

static int64_t show_differences(struct cairn_pg *pg, const struct cairn_cli_rebuild *seen,
                                bool json, struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_view *view = &cairn_views[CAIRN_VIEW_DIFFERENCES];
    const struct cairn_view_ask ask = {.number = seen->id};
    struct cairn_pg_params params = cairn_view_params(view, &ask, arena);
    if (seen->differences < 0)
        return 0;
    if (!json && seen->differences > 0)
        (void)printf("\n%" PRId64 " rows differ, of which these are some:\n\n", seen->differences);
    else if (!json)
        (void)printf("No row differs from those that were read.\n");
    int64_t count = 0;
    if (seen->differences > 0)
        count = cairn_cli_show(pg, view->sql, &params, json, error);
    if (count >= 0 && !json && seen->left_out[0])
        (void)printf("%sOnly one of the two has these columns, or has them of this type; they were "
                     "not compared: %s\n",
                     seen->differences ? "\n" : "", seen->left_out);
    return count;
}

static void print_held(const char *name, const struct cairn_cli_rebuild *seen)
{
    (void)printf("\nIt is kept up to date until you decide:\n\n");
    if (strstr(seen->note, "parked"))
        (void)printf("    cairn parked %-20s see what could not be applied; mend it, then\n"
                     "    cairn parked retry %-14s apply it again: when no more are parked than in "
                     "the\n%40s one that is read, it is read without more ado\n",
                     name, name, "");
    (void)printf("    cairn rebuild %s --accept    have it read as it is\n"
                 "    cairn rebuild %s --cancel    drop it\n",
                 name, name);
}

static void print_done(const char *name, const struct cairn_cli_rebuild *seen)
{
    (void)printf("%s: %s generation %" PRId64 " (version %" PRId64 ")", name,
                 seen->live ? "queries read" : "queries of its version read", seen->generation,
                 seen->code_version);
    if (seen->before)
        (void)printf(" now, and %" PRId64 " before", seen->before);
    (void)printf("\n");
    (void)printf("%" PRId64 " events folded into %" PRId64 " rows, %" PRId64 ".%" PRId64
                 " s in all\n",
                 seen->events, seen->rows, seen->spent_ms / 1000, seen->spent_ms / 100 % 10);
    if (seen->kept[0])
        (void)printf("Until %s UTC `cairn rollback %s` switches back to generation %" PRId64 ".\n",
                     seen->kept, name, seen->before);
}

static void print_alone(const struct cairn_cli_watch *watch, const struct cairn_cli_rebuild *seen)
{
    (void)fprintf(stderr,
                  "cairn rebuild: no projector has the lease projection/%s/%" PRId64
                  ": no projector of version %" PRId64 " of it runs.\nThe request stays. It is "
                  "carried out when one runs; `cairn rebuild %s --cancel` withdraws it.\n",
                  watch->name, seen->code_version, seen->code_version, watch->name);
}

/* Prints the outcome. Returns the exit status, or an error. */
static int64_t report(const struct cairn_cli_watch *watch, const struct cairn_cli_rebuild *seen,
                      bool cancels, struct cairn_arena *arena, struct cairn_error *error)
{
    bool done = strcmp(seen->phase, "done") == 0;
    bool held = !seen->ended && strcmp(seen->phase, "held") == 0 && !seen->request[0];
    bool cancelled = strcmp(seen->phase, "cancelled") == 0;
    if (!seen->ended && !held) {
        print_alone(watch, seen);
        return 1;
    }
    if (!watch->json && done)
        print_done(watch->name, seen);
    else if (!watch->json && held)
        (void)printf("%s: generation %" PRId64 " is held: %s\n", watch->name, seen->generation,
                     seen->note);
    else if (!watch->json)
        (void)printf("%s: the rebuild was cancelled\n", watch->name);
    int64_t shown = done || held ? show_differences(watch->pg, seen, watch->json, arena, error) : 0;
    if (!watch->json && held && shown >= 0)
        print_held(watch->name, seen);
    return shown < 0 ? shown : cancels ? !cancelled : !done;
}

/* ---- the command line ---- */

static int64_t rebuild(struct cairn_pg *pg, const struct cairn_cli_options *options,
                       struct cairn_arena *arena, struct cairn_error *error)
{
    bool anew = !options->accept && !options->cancel && !options->watch;
    struct cairn_cli_watch watch = {
        .pg = pg,
        .name = options->words[0],
        .json = options->json,
        .beyond_held = options->accept || options->cancel,
    };
    struct cairn_cli_rebuild seen;
    const struct cairn_place place = {.pg = pg, .arena = arena};
    watch.id = anew ? ask_anew(&place, options, error) : ask_of_it(&place, options, error);
    if (watch.id < 0)
        return watch.id;
    int64_t outcome = cairn_cli_rebuild_watch(&watch, &seen, error);
    if (outcome == 0)
        outcome = report(&watch, &seen, options->cancel, arena, error);
    cairn_arena_close(&watch.arena);
    return outcome;
}

static int run_rebuild(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --diff --accept --cancel --watch --json",
                                   1, &options);
    if (status >= 0)
        return status;
    if (options.word_count < 1 ||
        options.accept + options.cancel + options.watch + options.diff > 1) {
        (void)fprintf(stderr, "Usage: cairn %s\n", command->usage);
        return EX_USAGE;
    }
    return cairn_cli_run(command, &options, rebuild);
}

const struct cairn_cli_command cairn_cli_rebuild = {
    .name = "rebuild",
    .usage = "rebuild NAME [--diff | --watch | --accept | --cancel] [--json]",
    .summary = "build a new generation of a read model, and switch to it",
    .details =
        "Requests another generation of the read model from the projector, in the code version that is\n"
        "live, and watches it: the log is folded, rows are loaded into both stores and indexed, the\n"
        "generation follows the log, and queries switch to it when it is at or past the one that is read.\n"
        "If a rebuild is under way, that one is watched. Interrupting the watch does not stop the rebuild.\n"
        "\n"
        "--diff compares it with the one that is read, and holds it if rows differ; it is also held if more\n"
        "keys are parked. --accept switches to one that is held, --cancel gives up one that is under way or\n"
        "held, --watch only watches, in whichever code version. Ends with 1 if it is held or was cancelled,\n"
        "or if there was no projector of that version for 15 seconds; the request stays then. Connect as\n"
        "the owner of the database or as the projector.",
    .example = "cairn rebuild order_summary --diff",
    .run = run_rebuild,
};
