/* past.c - answers a row as it was at a position or a time. */
#include "query/history/past.h"

#include "http/request/http_date.h"
#include "query/history/fold_row.h"
#include "record/json.h"

#include <string.h>

/* $1: a position, or the last one that may be answered; $2: a time, or null. */
static const struct cairn_statement when_statement = {
    .name = "past_when",
    .sql = "select e.position, e.recorded_at from cairn.events e where e.shard = 0"
           " and e.position = case when $2::timestamptz is null then $1"
           "     else least($1, cairn.last_position_until($2)) end",
};

static int no_row(const struct cairn_query_read *read, struct cairn_error *error)
{
    cairn_error_reset(error);
    return cairn_fail(error, CAIRN_NOT_FOUND, "there is no such row in %s: %s",
                      read->resource->projection->name, read->ask->key);
}

/* ---- when ---- */

/* Reads what was asked for: a position, or a time; zero for none. */
static int read_when(const struct cairn_query_ask *ask, int64_t *ret_position,
                     struct cairn_time *ret_time, struct cairn_error *error)
{
    if (!ask->at)
        return cairn_http_date_parse(ask->datetime, ret_time)
                   ? 0
                   : cairn_fail(error, CAIRN_MALFORMED,
                                "Accept-Datetime must be a date such as"
                                " Mon, 30 Nov 2026 12:00:00 GMT");
    if (cairn_integer_parse(ask->at, ret_position) == 0 && *ret_position >= 0)
        return 0;
    return cairn_time_parse(ask->at, ret_time) == 0
               ? 0
               : cairn_wrong(error, "?at",
                             "is neither a position nor a time such as 2026-11-30T12:00:00Z");
}

/* Finds the event that ends the past: the one at `position`, or the last one by the time, at most
 * what the read model has. Returns 1, or 0 if there is none. */
static int find_when(struct cairn_query_read *read, int64_t position, struct cairn_time time,
                     struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = read->arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_integer(&params, time.us ? read->position : position);
    if (time.us)
        cairn_pg_add_time(&params, time);
    else
        cairn_pg_add_null(&params);
    int64_t count =
        cairn_pg_call(cairn_store_pg(read->context->store), &when_statement, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    read->past = (struct cairn_query_past){.is_past = true,
                                           .position = cairn_pg_integer(rows, 0, 0),
                                           .at = cairn_pg_time(rows, 0, 1),
                                           .lasts = !time.us};
    return 1;
}

/* ---- the state ---- */

static int fold(struct cairn_query_read *read, struct cairn_error *error)
{
    struct cairn_row_history history;
    struct cairn_row_question question = {.to = read->past.position, .steps_max = 1};
    int failed = cairn_query_fold_row(read, &question, &history, error);
    size_t bytes = strlen(history.row);
    bool sees =
        bytes > 0 && cairn_query_owner_sees_json(&read->ask->owner, read->resource->projection->row,
                                                 history.row, bytes, read->arena);
    if (!failed && sees) {
        read->body = cairn_copy_text(read->arena, history.row);
        read->body_bytes = bytes;
        read->etag = cairn_query_body_etag(read);
    }
    cairn_row_history_close(&history);
    return failed || sees ? failed : no_row(read, error);
}

/* Fails as a read that is sent the position would: it may wait for the read model. */
static int not_yet(struct cairn_query_read *read, int64_t position, struct cairn_error *error)
{
    read->at_least = read->token = position;
    return cairn_fail(error, CAIRN_STALE, "%s has come to position %" PRId64 ", not to %" PRId64,
                      read->resource->projection->name, read->position, position);
}

int cairn_query_past(struct cairn_query_read *read, int looked, struct cairn_error *error)
{
    int64_t position = 0;
    struct cairn_time time = {0};
    bool was_deleted = looked == -CAIRN_NOT_FOUND && !read->ask->owner.field;
    read->visit->ask.live = false;
    if (looked && !was_deleted)
        return looked;
    cairn_error_reset(error);
    int failed = read_when(read->ask, &position, &time, error);
    if (failed)
        return failed;
    if (!time.us && position > read->position)
        return not_yet(read, position, error);
    int found = find_when(read, position, time, error);
    if (found <= 0)
        return found < 0 ? found : no_row(read, error);
    return fold(read, error);
}

/* ---- headers ---- */

void cairn_query_past_headers(const struct cairn_query_read *read)
{
    struct cairn_http_request *request = read->visit->request;
    struct cairn_http_response *response = read->visit->response;
    char *date = cairn_new(request->arena, char, CAIRN_HTTP_DATE_SIZE);
    cairn_http_date_format(read->past.at, date);
    cairn_http_set_header(response, "Memento-Datetime", date);
    cairn_http_set_header(
        response, "Link",
        cairn_print(request->arena, "<%s>; rel=\"original timegate\"", request->path));
    if (!read->past.lasts)
        cairn_http_set_header(
            response, "Content-Location",
            cairn_print(request->arena, "%s?at=%" PRId64, request->path, read->past.position));
}
