/* http_state.c - reads what is asked about a stream's state, and answers it. */
#include "operations/past/http_state.h"

#include "core/threads/clock.h"
#include "operations/http/http_question.h"
#include "projection/history/row_when.h"

#define PATIENCE_US CAIRN_SECONDS(5)

CAIRN_STRUCT(view_state,
             INT(version, .optional = true, CAIRN_RANGE(1, INT64_C(999999999999999)),
                 .help = "The newest one, if neither is given."),
             TEXT(at, .optional = true, .help = "A position, or a time."));

const struct cairn_record *const cairn_state_question = &view_state_record;

static int read_state(const struct cairn_service *const services[], struct cairn_store *store,
                      struct cairn_http_request *request, struct cairn_stream_state *ret,
                      struct cairn_error *error)
{
    const void *value = NULL;
    int failed = cairn_http_question(request, cairn_state_question, &value, error);
    const struct view_state *ask = value;
    if (failed)
        return failed;
    struct cairn_state_question question = {.services = services,
                                            .stream = request->id,
                                            .version = ask->version,
                                            .deadline_us = cairn_monotonic_us() + PATIENCE_US};
    if (ask->at)
        failed = cairn_position_when(store, ask->at, request->arena, &question.position, error);
    if (!failed && ask->at && question.position == 0)
        failed = cairn_fail(error, CAIRN_NOT_FOUND, "the log was empty then");
    return failed ? failed : cairn_stream_state_read(store, &question, request->arena, ret, error);
}

enum cairn_http_outcome cairn_http_state(const struct cairn_service *const services[],
                                         struct cairn_store *store,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_stream_state state;
    struct cairn_buffer body = cairn_buffer(request->arena);
    if (read_state(services, store, request, &state, &error) < 0) {
        cairn_http_problem(request, response, &error);
        return CAIRN_HTTP_DONE;
    }
    cairn_stream_state_json(request->id, &state, &body);
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
    return CAIRN_HTTP_DONE;
}
