/* http_trace.c - answers the tree of what a request has caused. */
#include "operations/http/http_trace.h"

#include "operations/http/http_question.h"
#include "record/json.h"
#include "store/trace/trace.h"

CAIRN_STRUCT(view_trace, INT(limit, .optional = true, CAIRN_RANGE(1, CAIRN_TRACE_LIMIT_MAX),
                             .help = "How many events; 1000 if it is not given."));

const struct cairn_record *const cairn_trace_question = &view_trace_record;

enum cairn_http_outcome cairn_http_trace(const struct cairn_place *place,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_trace_report trace;
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *value = NULL;
    int failed = cairn_http_question(request, cairn_trace_question, &value, &error);
    const struct view_trace *ask = value;
    if (!failed)
        failed =
            cairn_trace_load(place->pg, request->id, ask->limit, request->arena, &trace, &error);
    if (failed) {
        cairn_http_problem(request, response, &error);
        return CAIRN_HTTP_DONE;
    }
    cairn_buffer_text(&body, "{\"items\":[");
    cairn_trace_json_nodes(&trace, ",", &body);
    cairn_buffer_text(&body, "],\"sum\":");
    cairn_trace_json_sum(&trace, &body);
    cairn_buffer_char(&body, '}');
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
    return CAIRN_HTTP_DONE;
}
