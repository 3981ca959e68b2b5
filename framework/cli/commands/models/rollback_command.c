/* rollback_command.c - `cairn rollback`: switches queries back to a generation that they have left.
 *
 * A projector of that generation's code version does it, so the command requests it by a row in
 * cairn.switches and polls until it was done or refused. After 20 seconds a request that no
 * projector has carried out is withdrawn, so that it does not take effect unexpectedly later. */
#include "cli/commands/commands.h"
#include "cli/operator.h"

#include "core/threads/clock.h"
#include "operations/views.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define PATIENCE_US CAIRN_SECONDS(20)
enum { LOOK_MS = 50 };

static int64_t ask(const struct cairn_place *place, const struct cairn_cli_options *options,
                   struct cairn_error *error)
{
    struct operate_roll_back which = {.read_model = options->words[0]};
    struct cairn_operation done;
    if (options->word_count > 1)
        which.generation = (struct cairn_optional_int){
            .is_set = true, .value = strtoll(options->words[1], NULL, 10)};
    int failed = cairn_cli_operate(place, CAIRN_ROLL_BACK, &which, &done, error);
    if (failed)
        return failed;
    const struct operated_roll_back *result = done.result;
    return result->switch_id;
}

/* Returns 1 if it waited until now and waits no longer, 0 if it was done or refused. */
static int64_t withdraw(const struct cairn_place *place, int64_t id, struct cairn_error *error)
{
    const struct operate_withdraw which = {.switch_id = id};
    struct cairn_error reason = {0};
    struct cairn_operation done;
    int failed = cairn_cli_operate(place, CAIRN_WITHDRAW_ROLLBACK, &which, &done, &reason);
    if (failed == -CAIRN_NOT_FOUND)
        return 0;
    return failed ? cairn_error_pass(error, &reason) : 1;
}

static int64_t query_switch(struct cairn_pg *pg, const struct cairn_pg_params *which,
                            struct cairn_pg_result **ret, struct cairn_error *error)
{
    cairn_pg_clear(*ret);
    *ret = NULL;
    const struct cairn_statement statement = {.name = "look_at_switch",
                                              .sql = cairn_views[CAIRN_VIEW_ROLLBACK].sql};
    return cairn_pg_call(pg, &statement, which, ret, error);
}

static bool is_over(const struct cairn_pg_result *rows)
{
    return cairn_pg_bool(rows, 0, cairn_pg_column(rows, "done")) ||
           !cairn_pg_null(rows, 0, cairn_pg_column(rows, "refused"));
}

/* Returns 1 if it was done or refused, 0 if no projector has carried it out; *ret is the last
 * state. */
static int64_t wait_for_it(const struct cairn_place *place, int64_t id,
                           struct cairn_pg_result **ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = place->arena};
    const struct cairn_pg_params *which = &params;
    struct cairn_pg *pg = place->pg;
    cairn_pg_add_integer(&params, id);
    int64_t until_us = cairn_monotonic_us() + PATIENCE_US;
    int64_t seen = query_switch(pg, which, ret, error);
    while (seen > 0 && !is_over(*ret) && cairn_monotonic_us() < until_us) {
        (void)poll(NULL, 0, LOOK_MS);
        seen = query_switch(pg, which, ret, error);
    }
    if (seen < 0 || is_over(*ret))
        return seen;
    int64_t withdrawn = withdraw(place, id, error);
    if (withdrawn < 0)
        return withdrawn;
    seen = query_switch(pg, which, ret, error);
    return seen < 0 ? seen : withdrawn == 0;
}

/* Prints the outcome. Returns the exit status. */
static int report(const char *name, const struct cairn_pg_result *rows, bool over)
{
    int64_t generation = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "generation"));
    int64_t version = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "code_version"));
    int64_t before = cairn_pg_integer(rows, 0, cairn_pg_column(rows, "before"));
    const char *owner = cairn_pg_text(rows, 0, cairn_pg_column(rows, "owner"));
    if (cairn_pg_bool(rows, 0, cairn_pg_column(rows, "done"))) {
        (void)printf("%s: from generation %" PRId64 " (version %" PRId64 ") to generation %" PRId64
                     " (version %" PRId64 ")\n",
                     name, before,
                     cairn_pg_integer(rows, 0, cairn_pg_column(rows, "before_version")), generation,
                     version);
        return 0;
    }
    (void)fprintf(stderr, "cairn rollback: generation %" PRId64 " of %s is not read: ", generation,
                  name);
    if (over)
        (void)fprintf(stderr, "%s\n", cairn_pg_text(rows, 0, cairn_pg_column(rows, "refused")));
    else if (owner[0])
        (void)fprintf(stderr, "%s has not carried it out; see its log\n", owner);
    else
        (void)fprintf(stderr,
                      "no projector has the lease projection/%s/%" PRId64 ".\nStart a projector of "
                      "version %" PRId64 " of it, then ask again.\n",
                      name, version, version);
    return 1;
}

static int64_t roll_back(struct cairn_pg *pg, const struct cairn_cli_options *options,
                         struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_place place = {.pg = pg, .arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    int64_t id = ask(&place, options, error);
    if (id < 0)
        return id;
    int64_t over = wait_for_it(&place, id, &rows, error);
    return over < 0 ? over : report(options->words[0], rows, over > 0);
}

/* Returns whether the arguments are NAME, and optionally a generation number of up to 9 digits. */
static bool is_right(const struct cairn_cli_options *options)
{
    const char *number = options->words[1];
    return options->word_count == 1 ||
           (options->word_count == 2 && number[strspn(number, "0123456789")] == '\0' && *number &&
            strlen(number) < 10);
}

static int run_rollback(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, "", 2, &options);
    if (status >= 0)
        return status;
    if (!is_right(&options)) {
        (void)fprintf(stderr, "Usage: cairn %s\n", command->usage);
        return EX_USAGE;
    }
    return cairn_cli_run(command, &options, roll_back);
}

const struct cairn_cli_command cairn_cli_rollback = {
    .name = "rollback",
    .usage = "rollback NAME [GENERATION]",
    .summary = "switch queries back to the previous generation",
    .details =
        "Requests that the projector switches queries back to the generation that they last left, or to the\n"
        "one that is named: one that is still kept up to date (`cairn status` shows which, and until when).\n"
        "The same command switches forward again. A generation of another code version needs a projector of\n"
        "that version, and query services of it to read it. Waits up to 20 seconds; ends with 1 if it was\n"
        "not done. Connect as the owner of the database or as the projector.",
    .example = "cairn rollback order_summary",
    .run = run_rollback,
};
