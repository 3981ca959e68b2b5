/* read_copy.c - reads one row by its key from Redis, as the stored bytes.
 *
 * Redis answers if it has both the row and the checkpoint, of this timeline and this generation,
 * and the checkpoint is at or past the position that the client requires. Everything else goes to
 * PostgreSQL, including a row that Redis lacks: parked rows are not copied, so only PostgreSQL can
 * tell that a row does not exist. A row of another owner is one that Redis lacks: it goes the same
 * way, is counted as the same, and takes as long.
 *
 * The answer shows the later of two positions: a copy under repair may hold rows newer than its
 * checkpoint, and a client that has seen such a row must not see an older one elsewhere.
 */
#include "core/report/metrics.h"
#include "query/read/query_read.h"
#include "query/read/upstream.h"
#include "store/read/token.h"

#include <stdlib.h>
#include <string.h>

static struct cairn_metric reads =
    CAIRN_COUNTER("cairn_query_copy_reads_total",
                  "Rows requested from the copy in Redis, by outcome.", "outcome");

/* Reads `count` numbers, separated by one space each. Returns the text that follows, or NULL. */
static const char *read_numbers(const char *text, int64_t *ret, int count)
{
    for (int i = 0; i < count; i++) {
        if (i && *text++ != ' ')
            return NULL;
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 18)
            return NULL;
        ret[i] = strtoll(text, NULL, 10);
        text += digits;
    }
    return text;
}

enum outcome { SERVED, LACKS_ROW, LACKS_GENERATION, BEHIND, UNANSWERED };

/* Parses "EPOCH POSITION VERSION GENERATION\nJSON". */
static bool take_row(struct cairn_query_read *read, const struct cairn_redis_reply *row)
{
    int64_t about[4];
    const char *json = row->kind == CAIRN_REDIS_TEXT ? read_numbers(row->text, about, 4) : NULL;
    if (!json || *json++ != '\n' || about[0] != read->known->timeline.epoch ||
        about[3] != read->known->generation)
        return false;
    read->body = json;
    read->body_bytes = row->bytes - (size_t)(json - row->text);
    read->changed = about[1];
    if (about[1] > read->position)
        read->position = about[1];
    read->etag = cairn_query_row_etag(read, about[2]);
    return read->body_bytes > 0;
}

static bool is_seen(const struct cairn_query_read *read)
{
    return cairn_query_owner_sees_json(&read->ask->owner, read->resource->projection->row,
                                       read->body, read->body_bytes, read->arena);
}

/* Parses "EPOCH POSITION FENCE REVISION"; more may follow while the copy is repaired. */
static enum outcome take_copy(struct cairn_query_read *read, const struct cairn_redis_reply *reply)
{
    int64_t at[2];
    if (!reply || reply->kind != CAIRN_REDIS_LIST || reply->count != 2)
        return UNANSWERED;
    const struct cairn_redis_reply *checkpoint = &reply->items[1];
    if (checkpoint->kind != CAIRN_REDIS_TEXT || !read_numbers(checkpoint->text, at, 2) ||
        at[0] != read->known->timeline.epoch)
        return LACKS_GENERATION;
    if (at[1] < read->at_least)
        return BEHIND;
    read->position = at[1];
    return take_row(read, &reply->items[0]) && is_seen(read) ? SERVED : LACKS_ROW;
}

static void count(const struct cairn_query_visit *visit, enum outcome outcome)
{
    static const char *const names[] = {[SERVED] = "served",
                                        [LACKS_ROW] = "lacks-row",
                                        [LACKS_GENERATION] = "lacks-generation",
                                        [BEHIND] = "behind",
                                        [UNANSWERED] = "unanswered"};
    cairn_metric_add(&reads, names[outcome], 1);
    if (outcome != UNANSWERED) /* the pipe has its own breaker */
        cairn_query_models_served(visit->engine->models, visit->model,
                                  outcome == SERVED || outcome == LACKS_ROW);
}

static void on_reply(struct cairn_redis_question *question, const struct cairn_redis_reply *reply)
{
    struct cairn_query_visit *visit = question->context;
    struct cairn_query_read read = {.visit = visit,
                                    .resource = visit->resource,
                                    .ask = &visit->ask,
                                    .arena = visit->request->arena,
                                    .known = &visit->known,
                                    .at_least = visit->at_least,
                                    .source = "redis"};
    enum outcome outcome = take_copy(&read, reply);
    count(visit, outcome);
    if (outcome == SERVED) {
        cairn_query_answer(&read, 0, NULL);
        cairn_http_answer(visit->request);
        return;
    }
    visit->passed = true;
    cairn_http_hand_over(visit->request);
}

void cairn_query_leave(struct cairn_http_request *request)
{
    struct cairn_query_visit *visit = request->memo;
    if (visit && visit->redis)
        cairn_redis_pipe_forget(visit->redis, &visit->question);
}

bool cairn_query_ask_copy(struct cairn_query_visit *visit)
{
    const struct cairn_query_ask *ask = &visit->ask;
    struct cairn_query_known *known = &visit->known;
    struct cairn_arena *arena = visit->request->arena;
    if (!visit->request->upstream || visit->resource->list || ask->live ||
        cairn_query_models_get(visit->engine->models, visit->model, known, NULL) < 0 ||
        known->copy_fails)
        return false;
    int64_t floor = cairn_query_models_floor(visit->engine->models, visit->model);
    visit->at_least = 0;
    if (ask->token && cairn_token_parse(ask->token, &known->timeline, &visit->at_least, NULL) < 0)
        return false;
    if (visit->at_least < floor)
        visit->at_least = floor;
    visit->redis = cairn_query_upstream_pipe(visit->request->upstream);
    visit->question =
        (struct cairn_redis_question){.done = on_reply, .context = visit, .arena = arena};
    const struct cairn_redis_arg args[] = {
        CAIRN_ARG("MGET"),
        CAIRN_ARG(cairn_print(arena, "%s%s", known->row_prefix, ask->key)),
        CAIRN_ARG(known->checkpoint_key),
    };
    return cairn_redis_pipe_ask(visit->redis, args, sizeof args / sizeof args[0], &visit->question);
}
