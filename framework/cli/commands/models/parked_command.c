/* parked_command.c - `cairn parked`: shows, retries and skips events that could not be applied to a
 * row.
 *
 * Only a projector can apply events, and only the one that has the lease may write. So the command
 * sets a request in cairn.parked, and polls until the request is gone. */
#include "cli/commands/commands.h"
#include "cli/operator.h"
#include "cli/show_view.h"

#include "core/threads/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define PATIENCE_US CAIRN_SECONDS(15)
enum { LOOK_MS = 50 };

/* Counts keys in the live generation, in one that is being built or held, and in others that a
 * projector follows. */
#define FOLLOWED                                                                                   \
    "(g.live or g.complete_at is null or exists (select from cairn.leases l"                       \
    "     where l.held_until > clock_timestamp()"                                                  \
    "         and l.name = 'projection/' || p.projection || '/' || g.code_version))"
static const struct cairn_statement pending_statement = {
    .name = "pending",
    .sql = "select count(*) from cairn.parked p join cairn.generations g"
           "     using (projection, generation)"
           " where p.projection = $1 and p.request is not null and " FOLLOWED,
};
static const struct cairn_statement live_statement = {
    .name = "live",
    .sql = "select count(distinct p.key) from cairn.parked p join cairn.generations g"
           "     using (projection, generation)"
           " where p.projection = $1 and ($2::text is null or p.key = $2) and " FOLLOWED,
};

static int64_t number(struct cairn_pg *pg, const struct cairn_statement *statement,
                      const struct cairn_pg_params *params, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, statement, params, &rows, error);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}

/* ---- requests ---- */

struct request {
    const char *name;
    const char *key; /* NULL: all */
    int64_t position;
    bool skip;
};

static struct cairn_pg_params params_of(const struct request *request, int count,
                                        struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, request->name);
    if (count > 1)
        cairn_pg_add_text(&params, request->key);
    return params;
}

/* Waits until the projector has handled all requests. Returns how many are left. */
static int64_t wait_for_projector(struct cairn_pg *pg, const struct request *request,
                                  struct cairn_arena *arena, struct cairn_error *error)
{
    int64_t until_us = cairn_monotonic_us() + PATIENCE_US;
    struct cairn_pg_params params = params_of(request, 1, arena);
    int64_t left = number(pg, &pending_statement, &params, error);
    while (left > 0 && cairn_monotonic_us() < until_us) {
        (void)poll(NULL, 0, LOOK_MS);
        left = number(pg, &pending_statement, &params, error);
    }
    return left;
}

/* Prints the result. Returns 0 if nothing is parked any more, 1 if something still is, or an
 * error. */
static int64_t report(struct cairn_pg *pg, const struct request *request, int64_t asked,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = params_of(request, 2, arena);
    int64_t parked = number(pg, &live_statement, &params, error);
    if (parked < 0)
        return parked;
    (void)printf("%" PRId64 " of %" PRId64 " keys are still parked\n", parked, asked);
    if (parked == 0)
        return 0;
    (void)printf("\n");
    const struct view_parked which = {.read_model = request->name, .key = request->key};
    int64_t shown = cairn_cli_show_view(pg, CAIRN_VIEW_PARKED, &which, false, error);
    return shown < 0 ? shown : 1;
}

static int64_t carry_out(struct cairn_pg *pg, const struct request *request,
                         struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_place place = {.pg = pg, .arena = arena};
    const struct operate_on_parked retry = {.read_model = request->name, .key = request->key};
    const struct operate_skip_parked skip = {
        .read_model = request->name, .key = request->key, .position = request->position};
    struct cairn_operation done;
    int failed = request->skip
                     ? cairn_cli_operate(&place, CAIRN_SKIP_PARKED, &skip, &done, error)
                     : cairn_cli_operate(&place, CAIRN_RETRY_PARKED, &retry, &done, error);
    if (failed)
        return failed;
    const struct operated_keys *asked = done.result;
    int64_t left = wait_for_projector(pg, request, arena, error);
    if (left > 0)
        (void)fprintf(stderr,
                      "cairn parked: no projector has carried it out yet; that will be done "
                      "when one runs\n");
    return left < 0 ? left : report(pg, request, asked->keys, arena, error);
}

/* ---- the command line ---- */

static int usage(const struct cairn_cli_command *command)
{
    (void)fprintf(stderr, "Usage: cairn %s\n", command->usage);
    return EX_USAGE;
}

/* Returns 1 for a request, 0 for a list, or -1 for wrong usage. */
static int read_request(const struct cairn_cli_options *options, struct request *ret)
{
    const char *const *words = options->words;
    bool retry = options->word_count && strcmp(words[0], "retry") == 0;
    ret->skip = options->word_count && strcmp(words[0], "skip") == 0;
    if (!retry && !ret->skip)
        return options->word_count > 1 ? -1 : 0;
    ret->name = words[1];
    ret->key = words[2];
    if (ret->skip && options->word_count == 4) {
        char *end = NULL;
        ret->position = strtoll(words[3], &end, 10);
        return *end || ret->position < 1 ? -1 : 1;
    }
    return ret->skip || options->word_count < 2 || options->word_count > 3 ? -1 : 1;
}

static int64_t list(struct cairn_pg *pg, const struct cairn_cli_options *options,
                    struct cairn_error *error)
{
    const struct view_parked which = {.read_model = options->words[0],
                                      .limit = cairn_cli_limit(options)};
    return cairn_cli_show_view(pg, CAIRN_VIEW_PARKED, &which, options->json, error);
}

static int run_parked(const struct cairn_cli_command *command, int argc, char **argv)
{
    struct cairn_cli_options options;
    int status = cairn_cli_options(command, argc, argv, " --json --limit", 4, &options);
    if (status >= 0)
        return status;
    struct request request = {0};
    int asks = read_request(&options, &request);
    if (asks < 0)
        return usage(command);
    struct cairn_pg *pg = NULL;
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    int64_t outcome = cairn_cli_open(&pg, &error);
    if (outcome >= 0)
        outcome = asks ? carry_out(pg, &request, &arena, &error) : list(pg, &options, &error);
    status = cairn_cli_end(command, pg, outcome, &error);
    cairn_arena_close(&arena);
    return status == 0 && asks && outcome > 0 ? 1 : status;
}

const struct cairn_cli_command cairn_cli_parked = {
    .name = "parked",
    .usage =
        "parked [NAME] [--limit N] [--json] | parked retry NAME [KEY] | parked skip NAME KEY POSITION",
    .summary = "show, retry or skip events that could not be applied to a row",
    .details =
        "Shows the parked keys, of one read model if it is named, each with its failed event; at most N\n"
        "(50).\n"
        "\n"
        "`parked retry` requests that the projector applies the events of a key again, in order, or those\n"
        "of all keys: after the cause was fixed. `parked skip` makes it continue with a key without the\n"
        "failed event, which stays recorded in cairn.skipped. Both wait up to 15 seconds for the projector\n"
        "that has the lease. They end with 1 if something is still parked, or if there was nothing to do.\n"
        "Connect as the owner of the database or as the projector.",
    .example = "cairn parked retry order_summary 0193d0a4-…",
    .run = run_parked,
};
