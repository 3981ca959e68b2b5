/* fresh.c - implements read your writes. */
#include "query/read/fresh.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "query/models/read_sql.h"
#include "query/stream/event_id.h"
#include "store/read/token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WAIT_S = 2, WAIT_MAX_S = 30 };

static struct cairn_metric waits = CAIRN_COUNTER(
    "cairn_query_waits_total", "Reads that waited for a position, by how it ended.", "outcome");
static struct cairn_metric wait_time =
    CAIRN_HISTOGRAM("cairn_query_wait_seconds", "Time that such reads took.", NULL);

/* ---- Prefer ---- */

static bool is_wait(const char *name, size_t bytes)
{
    return bytes == 4 && strncasecmp(name, "wait", 4) == 0;
}

/* Parses "= N" or "= \"N\"", followed by white space, ';', ',' or the end of the text. */
static bool read_seconds(const char *text, int64_t *ret)
{
    text += strspn(text, " \t");
    if (*text++ != '=')
        return false;
    text += strspn(text, " \t");
    bool quoted = *text == '"';
    text += quoted;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return false;
    *ret = digits > 9 ? WAIT_MAX_S : strtoll(text, NULL, 10);
    text += digits;
    if (quoted && *text++ != '"')
        return false;
    return strchr(" \t;,", *text) != NULL; /* matches the NUL, too */
}

/* Returns the start of the next preference: after a comma outside of quotes. */
static const char *next_preference(const char *text)
{
    bool quoted = false;
    for (; *text && (quoted || *text != ','); text++) {
        if (quoted && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return *text ? text + 1 : text;
}

bool cairn_query_prefer_wait(const char *prefer, int64_t *ret_s)
{
    *ret_s = WAIT_S;
    for (const char *at = prefer ? prefer : ""; *at; at = next_preference(at)) {
        at += strspn(at, " \t");
        size_t name = strcspn(at, " \t=;,");
        int64_t seconds;
        if (is_wait(at, name) && read_seconds(at + name, &seconds)) {
            *ret_s = seconds < WAIT_MAX_S ? seconds : WAIT_MAX_S;
            return true;
        }
    }
    return false;
}

/* ---- positions ---- */

int cairn_query_at_least(struct cairn_query_read *read, struct cairn_error *error)
{
    int64_t seen = 0;
    int64_t floor = cairn_query_models_floor(read->visit->engine->models, read->visit->model);
    read->at_least = floor;
    if (read->ask->live && read->ask->last &&
        cairn_event_id_parse(read->ask->last, &read->known->timeline, 0, NULL, &seen) &&
        seen > floor)
        read->at_least = seen;
    if (!read->ask->token)
        return 0;
    int64_t wanted = 0;
    int failed = cairn_token_parse(read->ask->token, &read->known->timeline, &wanted, error);
    read->token = wanted;
    if (!failed && wanted > read->at_least)
        read->at_least = wanted;
    return failed;
}

static int public_part(const char *stopped)
{
    size_t bytes = cairn_pg_public_bytes(stopped);
    return (int)(bytes < 300 ? bytes : 300);
}

int cairn_query_reached(struct cairn_query_read *read, int64_t position, const char *stopped,
                        struct cairn_error *error)
{
    read->position = position;
    if (position >= read->at_least)
        return 0;
    const char *name = read->resource->projection->name;
    if (stopped)
        return cairn_fail(error, CAIRN_STALE,
                          "the read model %s has stopped at position %" PRId64
                          ", before the requested %" PRId64 ": %.*s",
                          name, position, read->at_least, public_part(stopped), stopped);
    return cairn_fail(error, CAIRN_STALE,
                      "the read model %s is at position %" PRId64 ", before the requested %" PRId64,
                      name, position, read->at_least);
}

static const struct cairn_statement future_statement = {
    .name = "future",
    .sql = "select cairn.head() < $1 and not pg_is_in_recovery()",
};

/* Tokens are issued only for positions in the log. A standby may not have received them yet. */
bool cairn_query_is_future(struct cairn_query_read *read)
{
    struct cairn_pg_params params = {.arena = read->arena};
    CAIRN_PG_RESULT *rows = NULL;
    if (!read->token)
        return false;
    cairn_pg_add_integer(&params, read->token);
    int64_t count = cairn_pg_call(read->context->pg, &future_statement, &params, &rows, NULL);
    return count > 0 && cairn_pg_bool(rows, 0, 0);
}

static bool is_known(const struct cairn_query_read *read, struct cairn_uuid store_id, int64_t epoch)
{
    const struct cairn_timeline *known = &read->known->timeline;
    return epoch == known->epoch && cairn_uuid_equal(store_id, known->store_id);
}

int cairn_query_standing(struct cairn_query_read *read, const struct cairn_pg_result *rows,
                         struct cairn_error *error)
{
    const char *name = read->resource->projection->name;
    int64_t epoch = cairn_pg_integer(rows, 0, CAIRN_QUERY_EPOCH);
    if (!is_known(read, cairn_pg_uuid(rows, 0, CAIRN_QUERY_STORE), epoch) ||
        cairn_pg_null(rows, 0, CAIRN_QUERY_POSITION)) {
        read->outdated = true;
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the read model %s has just been exchanged",
                          name);
    }
    if (cairn_pg_integer(rows, 0, CAIRN_QUERY_CHECK_EPOCH) != epoch)
        return cairn_fail(error, CAIRN_DIVERGED,
                          "the read model %s belongs to another timeline than the log", name);
    return cairn_query_reached(read, cairn_pg_integer(rows, 0, CAIRN_QUERY_POSITION),
                               cairn_pg_text(rows, 0, CAIRN_QUERY_STOPPED), error);
}

/* ---- waiting ---- */

void cairn_query_waited(const struct cairn_query_visit *visit, int outcome)
{
    if (!visit->ask.waited)
        return;
    bool shown = outcome == 0 || outcome == -CAIRN_NOT_FOUND;
    cairn_metric_add(&waits,
                     shown                     ? "reached"
                     : outcome == -CAIRN_STALE ? "timed-out"
                                               : "failed",
                     1);
    cairn_metric_observe(&wait_time, "", cairn_monotonic_us() - visit->request->received_us);
}
