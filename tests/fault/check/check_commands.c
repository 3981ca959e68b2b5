/* check_commands.c - checks the requests by HTTP and the events that they wrote. An event is
 * attributed to its request by the trace id in its meta; each request, also a repeated one, has a
 * trace id of its own. */
#include "check.h"

#include <string.h>

enum outcome { ACKNOWLEDGED, REPLAYED, REFUSED, UNKNOWN };

static enum outcome outcome_of(const struct request *request)
{
    if (request->status == 200 || request->status == 201)
        return request->replayed ? REPLAYED : ACKNOWLEDGED;
    if (request->status >= 400 && request->status < 500)
        return REFUSED;
    if (request->status == 503 && strcmp(request->code, "outcome-unknown") != 0)
        return REFUSED; /* "nothing was written" */
    return UNKNOWN;
}

/* Returns whether the log has, at the position in the answer, the event that the answer names. */
static bool event_is_as_answered(const struct evidence *evidence, const char *stream,
                                 const json_t *said)
{
    int64_t position = member_number(said, "position", 0);
    if (position < 1 || position > (int64_t)evidence->event_count)
        return false;
    const struct event *event = &evidence->events[position - 1];
    return event->position == position && strcmp(event->stream, stream) == 0 &&
           event->version == member_number(said, "version", 0) &&
           strcmp(event->type, member_text(said, "type")) == 0;
}

static void check_answer(const struct evidence *evidence, const struct request *request,
                         struct verdict *verdict)
{
    size_t i;
    const json_t *said;
    const json_t *events = json_object_get(request->answer, "events");
    const char *stream = member_text(request->answer, "stream");
    json_array_foreach(events, i, said)
    {
        if (!event_is_as_answered(evidence, stream, said))
            verdict_add(verdict, "acknowledged",
                        "%s %s was answered %s at position %" PRId64 ", which is not there",
                        request->method, request->path, member_text(said, "type"),
                        member_number(said, "position", 0));
    }
    if (!json_is_array(events))
        verdict_add(verdict, "acknowledged", "%s %s: an answer without events", request->method,
                    request->path);
}

void check_acknowledged(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        enum outcome outcome = outcome_of(request);
        if (request_reads(request) || outcome > REPLAYED)
            continue;
        check_answer(evidence, request, verdict);
        int64_t wanted = outcome == REPLAYED
                             ? 0
                             : (int64_t)json_array_size(json_object_get(request->answer, "events"));
        if (request->events != wanted)
            verdict_add(verdict, "acknowledged",
                        "%s %s (trace %s) was answered with %" PRId64
                        " events, the log has %" PRId64,
                        request->method, request->path, member_text(request->json, "trace"), wanted,
                        request->events);
    }
}

void check_refused(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        if (request->events && (request_reads(request) || outcome_of(request) == REFUSED))
            verdict_add(verdict, "refused",
                        "%s %s was answered %" PRId64 " %s and wrote position %" PRId64,
                        request->method, request->path, request->status, request->code,
                        request->first->position);
    }
}

/* A request decides once: it writes one append, in one stream. No command writes two events of one
 * type. */
void check_unknown(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        if (outcome_of(request) == UNKNOWN && request->times > 1)
            verdict_add(verdict, "unknown", "%s %s was carried out %" PRId64 " times",
                        request->method, request->path, request->times);
    }
}

void check_defects(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        if (request->status >= 500 && request->status != 503)
            verdict_add(verdict, "defects", "%s %s was answered %" PRId64 " %s (trace %s)",
                        request->method, request->path, request->status, request->code,
                        member_text(request->json, "trace"));
    }
}

/* ---- the same Idempotency-Key ---- */

/* Checks two requests of one key: only one may write, and both get the same answer if both get
 * one. */
static void check_pair(struct request *first, struct request *request, struct verdict *verdict)
{
    if (first->events && request->events)
        verdict_add(verdict, "keys", "key %s was carried out at positions %" PRId64 " and %" PRId64,
                    request->key, first->first->position, request->first->position);
    if (outcome_of(first) <= REPLAYED && outcome_of(request) <= REPLAYED &&
        !json_equal(first->answer, request->answer))
        verdict_add(verdict, "keys", "key %s was answered in two ways", request->key);
}

void check_keys(struct evidence *evidence, struct verdict *verdict)
{
    struct cairn_map written = cairn_map(&evidence->arena);
    struct cairn_map answered = cairn_map(&evidence->arena);
    for (size_t i = 0; i < evidence->request_count; i++) {
        struct request *request = &evidence->requests[i];
        if (!request->key)
            continue;
        const char *name = cairn_print(&evidence->arena, "%s %s", request->service, request->key);
        struct request *const others[] = {cairn_map_get(&written, name),
                                          cairn_map_get(&answered, name)};
        for (int k = 0; k < 2; k++) {
            if (others[k] && (k == 0 || others[0] != others[1]))
                check_pair(others[k], request, verdict);
        }
        if (request->events)
            *cairn_map_at(&written, name) = request;
        if (outcome_of(request) <= REPLAYED)
            *cairn_map_at(&answered, name) = request;
    }
}

/* ---- real time ---- */

/* A position named in an answer existed when the answer was given, so a request sent later writes
 * behind it. No answer may name a position whose request had not been sent yet. */
void check_order(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->request_count; i++) {
        const struct request *request = &evidence->requests[i];
        if (request->events && request->first->position <= request->known)
            verdict_add(verdict, "order",
                        "%s %s was sent when position %" PRId64 " was known, and wrote %" PRId64,
                        request->method, request->path, request->known, request->first->position);
        if (request->position > (int64_t)evidence->event_count) {
            verdict_add(verdict, "order", "%s %s was answered position %" PRId64 " of %zu",
                        request->method, request->path, request->position, evidence->event_count);
        } else if (request->position > 0) {
            const struct request *cause = evidence->events[request->position - 1].cause;
            if (cause && cause->sent > request->done)
                verdict_add(verdict, "order",
                            "%s %s was answered position %" PRId64 " before anybody asked for it",
                            request->method, request->path, request->position);
        }
    }
}

void check_attributed(struct evidence *evidence, struct verdict *verdict)
{
    for (size_t i = 0; i < evidence->event_count; i++) {
        const struct event *event = &evidence->events[i];
        if (!event->asked)
            verdict_add(verdict, "attributed", "nobody asked for %s in %s, position %" PRId64,
                        event->type, event->stream, event->position);
    }
}
