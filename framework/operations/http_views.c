/* http_views.c - runs the queries of views, and lets PostgreSQL write their rows as JSON. */
#include "operations/http_views.h"

#include "operations/bus_views.h"
#include "operations/http_question.h"
#include "operations/status_views.h"
#include "record/json.h"

#include <string.h>

enum { DEAD_LIMIT = 20 };

CAIRN_STRUCT(view_dead, VIEW_LIMIT);

static enum cairn_http_outcome fail(struct cairn_http_request *request,
                                    struct cairn_http_response *response,
                                    const struct cairn_error *error)
{
    cairn_http_problem(request, response, error);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome answer(struct cairn_http_response *response,
                                      const struct cairn_buffer *body)
{
    response->status = 200;
    response->body = body->text;
    response->body_bytes = body->length;
    return CAIRN_HTTP_DONE;
}

/* Appends the rows of a query: as a list, or the first one, as an object. Returns how many. */
static int64_t add_rows(struct cairn_pg *pg, const char *sql, const struct cairn_pg_params *params,
                        bool one, struct cairn_buffer *out, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    const char *text = cairn_print(out->arena, "select row_to_json(shown) from (%s) shown", sql);
    int64_t count = cairn_pg_call_printed(pg, text, params, &rows, error);
    if (count < 0)
        return count;
    cairn_buffer_text(out, one ? "" : "[");
    for (int64_t i = 0; i < count && (!one || i == 0); i++) {
        cairn_buffer_text(out, i ? "," : "");
        cairn_buffer_text(out, cairn_pg_text(rows, i, 0));
    }
    cairn_buffer_text(out, one ? "" : "]");
    return count;
}

/* ---- views of the table ---- */

static int read_id(const struct cairn_view *view, const struct cairn_http_request *request,
                   struct cairn_view_ask *ask, struct cairn_error *error)
{
    ask->text = request->id;
    if (view->id != CAIRN_VIEW_ID_NUMBER ||
        (cairn_integer_parse(request->id, &ask->number) == 0 && ask->number > 0))
        return 0;
    return cairn_fail(error, CAIRN_NOT_FOUND, "there is no %.100s", request->path);
}

enum cairn_http_outcome cairn_http_view(const struct cairn_view *view,
                                        const struct cairn_place *place,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_view_ask ask = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    if (read_id(view, request, &ask, &error) < 0 ||
        cairn_http_question(request, view->asks, &ask.value, &error) < 0)
        return fail(request, response, &error);
    struct cairn_pg_params params = cairn_view_params(view, &ask, request->arena);
    cairn_buffer_text(&body, view->one ? "" : "{\"items\":");
    int64_t count = add_rows(place->pg, view->sql, &params, view->one, &body, &error);
    if (count == 0 && view->one)
        count = cairn_fail(&error, CAIRN_NOT_FOUND, "there is no %.100s", request->path);
    if (count < 0)
        return fail(request, response, &error);
    cairn_buffer_text(&body, view->one ? "" : "}");
    return answer(response, &body);
}

/* ---- the store and its read models ---- */

enum cairn_http_outcome cairn_http_status_view(const struct cairn_place *place,
                                               struct cairn_http_request *request,
                                               struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_status_sample *sample = request->memo;
    const void *none = NULL;
    if (!sample) {
        sample = cairn_new(request->arena, struct cairn_status_sample, 1);
        if (cairn_http_question(request, NULL, &none, &error) < 0 ||
            cairn_status_sample(place->pg, request->arena, sample, &error) < 0)
            return fail(request, response, &error);
        request->memo = sample;
        response->again_us = CAIRN_STATUS_SAMPLE_US;
        return CAIRN_HTTP_LATER;
    }
    struct cairn_buffer body = cairn_buffer(request->arena);
    struct cairn_pg_params params = cairn_status_params(sample);
    cairn_buffer_text(&body, "{\"store\":");
    int64_t count = add_rows(place->pg, cairn_status_store_sql, NULL, true, &body, &error);
    cairn_buffer_text(&body, ",\"read_models\":");
    if (count >= 0)
        count = add_rows(place->pg, cairn_status_read_models_sql, &params, false, &body, &error);
    cairn_buffer_char(&body, '}');
    return count < 0 ? fail(request, response, &error) : answer(response, &body);
}

/* ---- the bus ---- */

enum cairn_http_outcome cairn_http_bus_view(const struct cairn_place *place,
                                            struct cairn_http_request *request,
                                            struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_bus_view lists[CAIRN_BUS_LISTS] = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *none = NULL;
    int64_t count = cairn_http_question(request, NULL, &none, &error);
    if (count == 0)
        count = cairn_bus_views(place, lists, &error);
    for (int i = 0; i < CAIRN_BUS_LISTS && count >= 0; i++) {
        cairn_buffer_print(&body, "%s\"%s\":", i ? "," : "{", lists[i].name);
        count = add_rows(place->pg, lists[i].sql, &lists[i].params, i == CAIRN_BUS_PUBLISHER, &body,
                         &error);
    }
    cairn_buffer_char(&body, '}');
    return count < 0 ? fail(request, response, &error) : answer(response, &body);
}

enum cairn_http_outcome cairn_http_dead_view(const struct cairn_place *place,
                                             struct cairn_http_request *request,
                                             struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_bus_view list = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *value = NULL;
    int64_t count = cairn_http_question(request, &view_dead_record, &value, &error);
    const struct view_dead *ask = value;
    if (count == 0)
        count = cairn_bus_dead_view(place, request->id, ask->limit ? ask->limit : DEAD_LIMIT, &list,
                                    &error);
    cairn_buffer_text(&body, "{\"items\":");
    if (count >= 0)
        count = add_rows(place->pg, list.sql, &list.params, false, &body, &error);
    cairn_buffer_char(&body, '}');
    return count < 0 ? fail(request, response, &error) : answer(response, &body);
}
