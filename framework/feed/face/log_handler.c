/* log_handler.c - answers GET on the log. */
#include "feed/face/log_handler.h"

#include "core/threads/clock.h"
#include "feed/face/log_collect.h"
#include "feed/face/log_text.h"
#include "feed/face/log_watch.h"
#include "http/request/conditional.h"
#include "record/json.h"
#include "store/events/amend.h"
#include "store/read/token.h"

#include <string.h>

#define SLICE_PAUSE_US CAIRN_MILLISECONDS(1) /* between two slices of a long search */

/* What is kept between two calls for one request. */
struct visit {
    struct cairn_log_ask ask;
    struct cairn_log_place place;
    int64_t deadline_us; /* monotonic */
    struct cairn_log_wait wait;
};

static enum cairn_http_outcome fail(struct cairn_http_request *request,
                                    struct cairn_http_response *response,
                                    const struct cairn_error *error)
{
    cairn_http_problem(request, response, error);
    return CAIRN_HTTP_DONE;
}

static enum cairn_http_outcome answer(struct cairn_http_response *response, const char *type,
                                      const struct cairn_buffer *body)
{
    response->status = 200;
    response->content_type = type;
    response->body = body->text;
    response->body_bytes = body->length;
    return CAIRN_HTTP_DONE;
}

static void set_position(const struct cairn_timeline *timeline, int64_t position,
                         struct cairn_http_request *request, struct cairn_http_response *response)
{
    char *token = cairn_new(request->arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(timeline, position, token);
    cairn_http_set_header(response, "Cairn-Position", token);
}

/* ---- pages and feeds ---- */

static int begin(const struct cairn_log_endpoint *endpoint, struct cairn_store *store,
                 struct cairn_http_request *request, struct cairn_error *error)
{
    struct visit *visit = cairn_new(request->arena, struct visit, 1);
    int failed = cairn_log_ask_read(endpoint->side, endpoint->scope,
                                    endpoint->form == CAIRN_LOG_FEED, request, &visit->ask, error);
    if (!failed)
        failed = cairn_log_begin(store, &visit->ask, request->arena, &visit->place, error);
    visit->deadline_us = request->received_us + visit->ask.timeout_us;
    request->memo = visit;
    return failed;
}

static bool wants_stream(const struct cairn_log_endpoint *endpoint,
                         const struct cairn_http_request *request, const struct visit *visit)
{
    return endpoint->form == CAIRN_LOG_PAGES && !visit->ask.backwards &&
           cairn_accept_names(cairn_http_header_list(request, "Accept"), "text/event-stream");
}

static enum cairn_http_outcome follow(const struct cairn_log_endpoint *endpoint,
                                      const struct visit *visit, struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    bool open = !endpoint->side->authenticates || !request->actor;
    if (cairn_log_watch_join(endpoint->side->watch, &visit->ask, &visit->place, request,
                             open ? 0 : request->actor->until_s, response, &error) < 0)
        return fail(request, response, &error);
    response->status = 200;
    response->content_type = "text/event-stream";
    return CAIRN_HTTP_DONE;
}

/* Names the next page, if there is or will be one. */
static void add_next(const struct visit *visit, struct cairn_http_request *request,
                     struct cairn_http_response *response)
{
    const struct cairn_log_ask *ask = &visit->ask;
    struct cairn_buffer types = cairn_buffer(request->arena);
    for (size_t i = 0; ask->filter.types && ask->filter.types[i]; i++)
        cairn_buffer_print(&types, "%s%s", i ? "," : "&types=", ask->filter.types[i]);
    if (ask->backwards && visit->place.complete)
        return;
    cairn_http_set_header(response, "Link",
                          cairn_print(request->arena,
                                      "<%s?from=%" PRId64 "&limit=%" PRId64 "%s%s>; rel=\"next\"",
                                      request->path, visit->place.at, ask->limit,
                                      ask->backwards ? "&direction=backwards" : "", types.text));
}

static enum cairn_http_outcome answer_page(const struct cairn_log_endpoint *endpoint,
                                           struct cairn_store *store, const struct visit *visit,
                                           const struct cairn_stored_event *events, int64_t count,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_timeline timeline;
    struct cairn_buffer body = cairn_buffer(request->arena);
    if (cairn_store_timeline(store, &timeline, &error) < 0)
        return fail(request, response, &error);
    const struct cairn_log_ask *ask = &visit->ask;
    bool by_position = !ask->stream && !ask->backwards;
    set_position(&timeline, by_position ? visit->place.at : visit->place.head, request, response);
    if (endpoint->form == CAIRN_LOG_PAGES)
        add_next(visit, request, response);
    cairn_log_write_batch(&timeline, events, count, &body);
    return answer(response, CAIRN_CLOUDEVENTS, &body);
}

/* A stream of which there is nothing is not there, unless it is waited for. */
static bool is_missing(const struct visit *visit)
{
    const struct cairn_log_ask *ask = &visit->ask;
    return ask->stream && !ask->timeout_us && !ask->has_last && !ask->filter.types &&
           ask->from <= 0;
}

static enum cairn_http_outcome none(const struct cairn_log_endpoint *endpoint,
                                    struct cairn_store *store, struct visit *visit,
                                    struct cairn_http_request *request,
                                    struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    if (!visit->place.complete) {
        response->again_us = SLICE_PAUSE_US;
        return CAIRN_HTTP_LATER;
    }
    visit->wait = (struct cairn_log_wait){
        .request = request, .head = visit->place.head, .deadline_us = visit->deadline_us};
    if (cairn_log_watch_wait(endpoint->side->watch, &visit->wait))
        return CAIRN_HTTP_SUSPENDED;
    if (is_missing(visit)) {
        (void)cairn_fail(&error, CAIRN_NOT_FOUND, "there is no stream %.200s", visit->ask.stream);
        return fail(request, response, &error);
    }
    return answer_page(endpoint, store, visit, NULL, 0, request, response);
}

static enum cairn_http_outcome read_log(const struct cairn_log_endpoint *endpoint,
                                        struct cairn_store *store,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    const struct cairn_stored_event *events = NULL;
    if (!request->memo && begin(endpoint, store, request, &error) < 0)
        return fail(request, response, &error);
    struct visit *visit = request->memo;
    if (wants_stream(endpoint, request, visit))
        return follow(endpoint, visit, request, response);
    int64_t count =
        cairn_log_collect(store, &visit->ask, &visit->place, request->arena, &events, &error);
    if (count < 0)
        return fail(request, response, &error);
    if (count == 0)
        return none(endpoint, store, visit, request, response);
    return answer_page(endpoint, store, visit, events, count, request, response);
}

/* ---- one event ---- */

static void add_attribute(struct cairn_http_request *request, struct cairn_http_response *response,
                          const char *name, const char *format, ...) CAIRN_PRINTF(4, 5);
static void add_attribute(struct cairn_http_request *request, struct cairn_http_response *response,
                          const char *name, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    cairn_http_set_header(response, name, cairn_print_va(request->arena, format, list));
    va_end(list);
}

/* Binary mode: attributes are headers, the body is the data. Types, streams and ids are printable
 * ASCII without quotes and percent signs, so they need no encoding; an event that was appended by
 * hand to another stream is sent in structured mode. */
static enum cairn_http_outcome answer_binary(const struct cairn_timeline *timeline,
                                             const struct cairn_stored_event *event,
                                             struct cairn_http_request *request,
                                             struct cairn_http_response *response)
{
    struct cairn_buffer body = cairn_buffer(request->arena);
    add_attribute(request, response, "ce-specversion", "1.0");
    add_attribute(request, response, "ce-id", "%s", cairn_uuid_text(event->event_id));
    add_attribute(request, response, "ce-source", "urn:uuid:%s",
                  cairn_uuid_text(timeline->store_id));
    add_attribute(request, response, "ce-type", "%s", event->type);
    add_attribute(request, response, "ce-subject", "%s", event->stream);
    char time[CAIRN_TIME_TEXT_SIZE];
    cairn_time_format(event->recorded_at, time);
    add_attribute(request, response, "ce-time", "%s", time);
    add_attribute(request, response, "ce-position", "%" PRId64, event->position);
    add_attribute(request, response, "ce-version", "%" PRId64, event->version);
    add_attribute(request, response, "ce-schemaversion", "%" PRId64, event->schema_version);
    const struct cairn_stored_event amended = cairn_amended(event);
    cairn_buffer_bytes(&body, amended.data, amended.data_bytes);
    return answer(response, "application/json", &body);
}

static bool is_header_safe(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~' || *text == '"' || *text == '%')
            return false;
    }
    return true;
}

static bool wants_binary(const struct cairn_http_request *request,
                         const struct cairn_stored_event *event)
{
    const char *accept = cairn_http_header_list(request, "Accept");
    return cairn_accept_quality(accept, "application/json") >
               cairn_accept_quality(accept, CAIRN_CLOUDEVENT) &&
           is_header_safe(event->type) && is_header_safe(event->stream);
}

static int find_event(const struct cairn_log_side *side, struct cairn_store *store,
                      const struct cairn_http_request *request, struct cairn_stored_event *ret,
                      struct cairn_error *error)
{
    struct cairn_uuid id;
    if (cairn_uuid_parse(request->id, &id) < 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "there is no %.200s", request->path);
    int failed = cairn_store_read_event(store, id, request->arena, ret, error);
    if (failed)
        return failed;
    const struct cairn_log_face *face =
        cairn_log_face_find(side, cairn_log_category_of(ret->stream, request->arena));
    return face ? cairn_log_allows(side, &face->read, request->actor, error)
                : cairn_fail(error, CAIRN_NOT_FOUND, "this log has no event %.100s", request->id);
}

static enum cairn_http_outcome read_event(const struct cairn_log_endpoint *endpoint,
                                          struct cairn_store *store,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_stored_event event = {0};
    struct cairn_timeline timeline;
    struct cairn_buffer body = cairn_buffer(request->arena);
    if (find_event(endpoint->side, store, request, &event, &error) < 0 ||
        cairn_store_timeline(store, &timeline, &error) < 0)
        return fail(request, response, &error);
    cairn_http_set_header(response, "Vary", "Accept");
    if (wants_binary(request, &event))
        return answer_binary(&timeline, &event, request, response);
    cairn_log_write_event(&timeline, &event, &body);
    return answer(response, CAIRN_CLOUDEVENT, &body);
}

/* ---- schemas ---- */

static enum cairn_http_outcome read_schema(const struct cairn_log_endpoint *endpoint,
                                           struct cairn_http_request *request,
                                           struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    for (size_t i = 0; endpoint->side->faces[i]; i++) {
        const struct cairn_log_face *face = endpoint->side->faces[i];
        const struct cairn_event_type *type = cairn_events_find(face->events, request->id);
        if (!type)
            continue;
        if (cairn_log_allows(endpoint->side, &face->read, request->actor, &error) < 0)
            return fail(request, response, &error);
        cairn_record_schema(type->record, NULL, &body);
        return answer(response, "application/schema+json", &body);
    }
    (void)cairn_fail(&error, CAIRN_NOT_FOUND, "there is no %.200s", request->path);
    return fail(request, response, &error);
}

enum cairn_http_outcome cairn_log_handle(const struct cairn_log_endpoint *endpoint,
                                         struct cairn_store *store,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response)
{
    switch (endpoint->form) {
    case CAIRN_LOG_EVENT:
        return read_event(endpoint, store, request, response);
    case CAIRN_LOG_SCHEMA:
        return read_schema(endpoint, request, response);
    case CAIRN_LOG_PAGES:
    case CAIRN_LOG_FEED:
    default:
        return read_log(endpoint, store, request, response);
    }
}
