/* append.c - one append: one call of cairn.append_events, and its answer.
 *
 * The function takes the lock, holds the conditions against the log and writes; a condition that
 * fails comes back as an answer, never as an exception. */
#include "store/handle.h"

#include <assert.h>
#include <string.h>

static const struct cairn_statement append_statement = {
    .name = "append",
    .sql = "select outcome, version, position, detail"
           " from cairn.append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
           " $15, $16, $17)",
};

static void add_events(struct cairn_pg_params *params, const struct cairn_new_event *events,
                       size_t count)
{
    static const struct cairn_new_event none;
    const struct cairn_new_event *first = count ? events : &none;
    cairn_pg_add_uuids(params, &first->id, sizeof *events, count);
    cairn_pg_add_texts(params, &first->type, sizeof *events, count);
    cairn_pg_add_integers(params, &first->schema_version, sizeof *events, count);
    cairn_pg_add_jsons(params, &first->data, sizeof *events, count);
    cairn_pg_add_jsons(params, &first->meta, sizeof *events, count);
}

static void add_claims(struct cairn_pg_params *params, const struct cairn_claim *claims,
                       size_t count)
{
    static const struct cairn_claim none;
    const struct cairn_claim *first = count ? claims : &none;
    int64_t *taken = cairn_new(params->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        taken[i] = claims[i].taken;
    cairn_pg_add_integers(params, taken, sizeof *taken, count);
    cairn_pg_add_texts(params, &first->scope, sizeof *claims, count);
    cairn_pg_add_texts(params, &first->key, sizeof *claims, count);
}

static void add_checks(struct cairn_pg_params *params, const struct cairn_expected *checks,
                       size_t count)
{
    static const struct cairn_expected none;
    const struct cairn_expected *first = count ? checks : &none;
    cairn_pg_add_texts(params, &first->stream, sizeof *checks, count);
    cairn_pg_add_integers(params, &first->version, sizeof *checks, count);
    cairn_pg_add_uuids(params, &first->event_id, sizeof *checks, count);
}

static void add_command(struct cairn_pg_params *params, const struct cairn_append *append)
{
    cairn_pg_add_text(params, append->command ? append->command->id : NULL);
    cairn_pg_add_text(params, append->command ? append->command->request_hash : NULL);
    cairn_pg_add_integer(params, append->status);
}

/* What an append is told that was not carried out. */
static int fail_outcome(const char *outcome, const char *detail, struct cairn_error *error)
{
    if (strcmp(outcome, "replayed") == 0)
        return 1;
    if (strcmp(outcome, "reused") == 0)
        return cairn_fail(error, CAIRN_KEY_REUSED,
                          "the Idempotency-Key belongs to another request");
    if (strcmp(outcome, "conflict") == 0)
        return cairn_fail(error, CAIRN_CONFLICT, "%s", detail);
    if (strcmp(outcome, "exists") == 0)
        return cairn_fail(error, CAIRN_EXISTS, "%s", detail);
    if (strcmp(outcome, "claimed") == 0)
        return cairn_fail(error, CAIRN_CLAIMED, "another stream holds this %s", detail);
    return cairn_fail(error, CAIRN_BUG, "cairn.append_events answered %s", outcome);
}

/* A connection that was lost before the statement left wrote nothing; after that, who knows. */
static int fail_call(struct cairn_store *store, int code, struct cairn_error *error)
{
    if (code != -CAIRN_UNAVAILABLE || !cairn_pg_sent(store->pg))
        return code;
    if (error)
        error->code = CAIRN_UNKNOWN;
    return -CAIRN_UNKNOWN;
}

int cairn_store_append(struct cairn_store *store, const struct cairn_append *append,
                       struct cairn_arena *arena, struct cairn_appended *ret,
                       struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, append->expected.stream);
    cairn_pg_add_integer(&params, append->expected.version);
    cairn_pg_add_uuid(&params, append->expected.event_id);
    add_events(&params, append->events, append->event_count);
    add_claims(&params, append->claims, append->claim_count);
    add_checks(&params, append->checks, append->check_count);
    add_command(&params, append);

    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &append_statement, &params, &rows, error);
    if (count < 0)
        return fail_call(store, (int)count, error);
    assert(count == 1);
    const char *outcome = cairn_pg_text(rows, 0, 0);
    if (strcmp(outcome, "appended") != 0)
        return fail_outcome(outcome, cairn_pg_text(rows, 0, 3), error);
    ret->version = cairn_pg_integer(rows, 0, 1);
    ret->position = cairn_pg_integer(rows, 0, 2);
    return 0;
}
