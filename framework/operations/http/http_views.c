/* http_views.c - answers the views of operators as JSON. */
#include "operations/http/http_views.h"

#include "operations/bus_views.h"
#include "operations/http/http_question.h"
#include "operations/http/view_json.h"
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
    int64_t count = cairn_view_rows_json(place->pg, view->sql, &params, view->one, &body, &error);
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
    cairn_buffer_char(&body, '{');
    int64_t count = cairn_status_json(place->pg, sample, &body, &error);
    cairn_buffer_char(&body, '}');
    return count < 0 ? fail(request, response, &error) : answer(response, &body);
}

/* ---- the bus ---- */

enum cairn_http_outcome cairn_http_bus_view(const struct cairn_place *place,
                                            struct cairn_http_request *request,
                                            struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *none = NULL;
    int64_t count = cairn_http_question(request, NULL, &none, &error);
    cairn_buffer_char(&body, '{');
    if (count == 0)
        count = cairn_bus_json(place, &body, &error);
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
        count = cairn_view_rows_json(place->pg, list.sql, &list.params, false, &body, &error);
    cairn_buffer_char(&body, '}');
    return count < 0 ? fail(request, response, &error) : answer(response, &body);
}
