/* why.c - answers why a row is as it is. */
#include "query/history/why.h"

#include "core/threads/clock.h"
#include "projection/history/row_history.h"

#include <stdatomic.h>
#include <string.h>

/* What one answer may read, and how many are folded at once in a process: the others are told to
 * come again, so that looking back does not take the workers from reading. */
enum { EVENTS_MAX = 100000, AT_ONCE = 2 };
#define PATIENCE_US CAIRN_SECONDS(2)

static atomic_int folding;

/* ---- who sees what ---- */

/* Returns whether a state of the row is the caller's. */
static bool sees(void *context, const char *row, struct cairn_arena *scratch)
{
    const struct cairn_query_read *read = context;
    return cairn_query_owner_sees_json(&read->ask->owner, read->resource->projection->row, row,
                                       strlen(row), scratch);
}

/* Callers are named to those who may read rows by their role; anyone else sees itself. */
static bool sees_actor(const struct cairn_query_read *read, const struct cairn_row_step *step)
{
    const struct cairn_actor *caller = read->visit->request->actor;
    bool by_role = !read->ask->owner.field && (read->resource->allow.kind == CAIRN_ALLOW_ROLE ||
                                               read->resource->allow.kind == CAIRN_ALLOW_OWNER);
    return by_role || (caller && step->actor && strcmp(caller->sub, step->actor) == 0 &&
                       step->issuer && strcmp(caller->iss, step->issuer) == 0);
}

/* ---- the answer ---- */

static void write_steps(const struct cairn_query_read *read,
                        const struct cairn_row_history *history, struct cairn_buffer *out)
{
    for (size_t i = 0; i < history->count; i++) {
        struct cairn_row_step step = history->steps[i];
        if (!sees_actor(read, &step))
            step.actor = step.issuer = NULL;
        cairn_buffer_text(out, i ? "," : "");
        cairn_row_step_json(&step, out);
    }
}

static void write_history(struct cairn_query_read *read, const struct cairn_row_history *history)
{
    struct cairn_buffer out = cairn_buffer(read->arena);
    cairn_buffer_print(&out, "{\"read_model\":\"%s\",\"key\":", read->resource->projection->name);
    cairn_buffer_json(&out, read->ask->key);
    cairn_buffer_print(&out, ",\"position\":%" PRId64 ",\"left_out\":%" PRId64 ",\"events\":[",
                       read->position, history->left_out);
    write_steps(read, history, &out);
    cairn_buffer_text(&out, "]}");
    read->body = out.text;
    read->body_bytes = out.length;
    read->etag = cairn_query_body_etag(read);
}

static int fold(struct cairn_query_read *read, struct cairn_store *store, struct cairn_error *error)
{
    struct cairn_row_history history;
    const struct cairn_row_question question = {
        .projection = read->resource->projection,
        .generation = read->known->generation,
        .key = read->ask->key,
        .to = read->changed,
        .events_max = EVENTS_MAX,
        .deadline_us = cairn_monotonic_us() + PATIENCE_US,
        .sees = read->ask->owner.field ? sees : NULL,
        .context = read,
    };
    int failed = cairn_row_history_read(store, &question, &history, error);
    if (!failed)
        write_history(read, &history);
    cairn_row_history_close(&history);
    if (failed == -CAIRN_TOO_LARGE)
        cairn_error_context(error, "ask an operator for `cairn why %s`",
                            read->resource->projection->name);
    return failed;
}

int cairn_query_why(struct cairn_query_read *read, struct cairn_store *store,
                    struct cairn_error *error)
{
    int failed;
    if (atomic_fetch_add(&folding, 1) >= AT_ONCE)
        failed = cairn_fail(error, CAIRN_BUSY, "other rows are being folded: ask again");
    else
        failed = fold(read, store, error);
    (void)atomic_fetch_sub(&folding, 1);
    return failed;
}
