/* http_rows.c - reads rows of read models, and folds the history of one. */
#include "operations/http/http_rows.h"

#include "core/threads/clock.h"
#include "operations/http/http_question.h"
#include "projection/find.h"
#include "projection/history/row_when.h"
#include "projection/tables/table_names.h"
#include "record/json.h"
#include "store/events/amend.h"

#include <stdatomic.h>
#include <string.h>

/* What one answer may read, and how many are folded at once: each takes a worker. */
enum { EVENTS_MAX = 1000000, AT_ONCE = 2, ROWS = 50 };
#define PATIENCE_US CAIRN_SECONDS(5)

CAIRN_STRUCT(view_rows, TEXT(from, .optional = true, .help = "The first key."),
             INT(limit, .optional = true, CAIRN_RANGE(1, 1000), .help = "How many; usually 50."));
CAIRN_STRUCT(view_row, TEXT(key), TEXT(at, .optional = true, .help = "A position, or a time."),
             INT(limit, .optional = true, CAIRN_RANGE(1, CAIRN_ROW_STEPS_MAX),
                 .help = "How many events, the newest; usually 100."));

const struct cairn_record *const cairn_rows_question = &view_rows_record;
const struct cairn_record *const cairn_row_question = &view_row_record;

static enum cairn_http_outcome end(int64_t failed, const struct cairn_buffer *body,
                                   struct cairn_http_request *request,
                                   struct cairn_http_response *response,
                                   const struct cairn_error *error)
{
    if (failed < 0) {
        cairn_http_problem(request, response, error);
        return CAIRN_HTTP_DONE;
    }
    response->status = 200;
    response->body = body->text;
    response->body_bytes = body->length;
    return CAIRN_HTTP_DONE;
}

/* ---- rows ---- */

static const struct cairn_statement live_statement = {
    .name = "live_generation",
    .sql = "select g.generation::bigint from cairn.generations g"
           " where g.projection = $1 and g.live",
};

/* Returns the generation that is read, or -CAIRN_NOT_FOUND. */
static int64_t find_live(struct cairn_pg *pg, const char *name, struct cairn_arena *arena,
                         struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, name);
    int64_t count = cairn_pg_call(pg, &live_statement, &params, &rows, error);
    if (count == 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "no generation of %.100s is read", name);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}

static const char *rows_sql(const char *name, int64_t generation, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_text(
        &out, "select row_to_json(x) from (select r._key as key, r._position as position,"
              " r._version as version, r._parked as parked, to_jsonb(r)"
              " - array['_key', '_position', '_version', '_parked', '_deleted'] as row from read.");
    cairn_pg_quote(&out, cairn_table_name(arena, name, generation));
    cairn_buffer_text(&out, " r where not r._deleted and r._key >= coalesce($1, '')"
                            " order by r._key limit $2) x");
    return out.text;
}

static int64_t add_rows(struct cairn_store *store, const struct cairn_http_request *request,
                        const struct view_rows *ask, struct cairn_buffer *out,
                        struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(store);
    struct cairn_pg_params params = {.arena = request->arena};
    CAIRN_PG_RESULT *rows = NULL;
    int64_t generation = find_live(pg, request->id, request->arena, error);
    if (generation < 0)
        return generation;
    cairn_pg_add_text(&params, ask->from);
    cairn_pg_add_integer(&params, ask->limit ? ask->limit : ROWS);
    int64_t count = cairn_pg_call_printed(pg, rows_sql(request->id, generation, request->arena),
                                          &params, &rows, error);
    for (int64_t i = 0; i < count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_text(out, cairn_pg_text(rows, i, 0));
    }
    return count;
}

enum cairn_http_outcome cairn_http_rows(struct cairn_store *store,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *ask = NULL;
    cairn_buffer_text(&body, "{\"items\":[");
    int64_t count = cairn_http_question(request, cairn_rows_question, &ask, &error);
    if (count == 0)
        count = add_rows(store, request, ask, &body, &error);
    cairn_buffer_text(&body, "]}");
    return end(count, &body, request, response, &error);
}

/* ---- one row ---- */

static int read_history(struct cairn_store *store, const struct view_row *ask,
                        struct cairn_row_question *question, struct cairn_arena *arena,
                        struct cairn_row_history *ret, struct cairn_error *error)
{
    static atomic_int folding;
    question->key = ask->key;
    question->steps_max = ask->limit;
    question->events_max = EVENTS_MAX;
    question->deadline_us = cairn_monotonic_us() + PATIENCE_US;
    int failed = cairn_amendments_load(cairn_store_pg(store), error);
    if (!failed)
        failed = cairn_row_when(store, ask->at, arena, question, error);
    if (failed)
        return failed;
    if (atomic_fetch_add(&folding, 1) >= AT_ONCE)
        failed = cairn_fail(error, CAIRN_BUSY, "other rows are being folded: ask again");
    else
        failed = cairn_row_history_read(store, question, ret, error);
    (void)atomic_fetch_sub(&folding, 1);
    return failed;
}

static void write_history(const struct cairn_row_history *history,
                          const struct cairn_row_question *question, struct cairn_buffer *out)
{
    cairn_buffer_text(out, "{\"items\":[");
    for (size_t i = 0; i < history->count; i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_row_step_json(&history->steps[i], out);
    }
    cairn_buffer_text(out, "],\"sum\":");
    cairn_row_history_json(history, question, false, out);
    cairn_buffer_char(out, '}');
}

enum cairn_http_outcome cairn_http_row(const struct cairn_service *const services[],
                                       struct cairn_store *store,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    struct cairn_row_history history = {.row = ""};
    struct cairn_row_question question = {.projection =
                                              cairn_projection_find(services, request->id)};
    const void *ask = NULL;
    int failed = cairn_http_question(request, cairn_row_question, &ask, &error);
    if (!failed && !question.projection)
        failed = cairn_fail(&error, CAIRN_NOT_FOUND, "this program has no read model %.100s",
                            request->id);
    if (!failed)
        failed = read_history(store, ask, &question, request->arena, &history, &error);
    if (!failed)
        write_history(&history, &question, &body);
    cairn_row_history_close(&history);
    return end(failed, &body, request, response, &error);
}
