/* why.c - answers why a row is as it is. */
#include "query/history/why.h"

#include "query/history/fold_row.h"

#include <string.h>

/* ---- what a caller sees ---- */

/* Returns whether a state of the row is the caller's. */
static bool sees(void *context, const char *row, struct cairn_arena *scratch)
{
    const struct cairn_query_read *read = context;
    return cairn_query_owner_sees_json(&read->ask->owner, read->resource->projection->row, row,
                                       strlen(row), scratch);
}

/* Callers are named to callers that may read rows by their role; anyone else sees itself. */
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

int cairn_query_why(struct cairn_query_read *read, struct cairn_error *error)
{
    struct cairn_row_history history;
    struct cairn_row_question question = {
        .to = read->changed, .sees = read->ask->owner.field ? sees : NULL, .context = read};
    int failed = cairn_query_fold_row(read, &question, &history, error);
    if (!failed)
        write_history(read, &history);
    cairn_row_history_close(&history);
    return failed;
}
