/* command_answer.c - writes the response to a command that was carried out, now or earlier. */
#include "command/attempt.h"

#include "core/containers/buffer.h"
#include "store/commit/resolve_outcome.h"
#include "store/read/token.h"

/* The contents of an answer, to a new command or a replayed one. */
struct outcome {
    int64_t status;
    const char *stream;
    int64_t version;
    int64_t position;
    const char **types; /* of the events, in order */
    int64_t type_count;
};

static void write_body(const struct outcome *outcome, struct cairn_http_request *request,
                       struct cairn_http_response *response)
{
    struct cairn_buffer out = cairn_buffer(request->arena);
    cairn_buffer_print(
        &out, "{\"stream\":\"%s\",\"version\":%" PRId64 ",\"position\":%" PRId64 ",\"events\":[",
        outcome->stream, outcome->version, outcome->position);
    for (int64_t i = 0; i < outcome->type_count; i++) {
        int64_t behind = outcome->type_count - 1 - i;
        cairn_buffer_print(
            &out, "%s{\"type\":\"%s\",\"version\":%" PRId64 ",\"position\":%" PRId64 "}",
            i ? "," : "", outcome->types[i], outcome->version - behind, outcome->position - behind);
    }
    cairn_buffer_text(&out, "]}");
    response->body = out.text;
    response->body_bytes = out.length;
}

static void write_answer(const struct attempt *attempt, const struct outcome *outcome,
                         struct cairn_http_response *response)
{
    struct cairn_arena *arena = attempt->request->arena;
    write_body(outcome, attempt->request, response);
    response->status = (int)outcome->status;
    char *token = cairn_new(arena, char, CAIRN_TOKEN_TEXT_SIZE);
    cairn_token_format(&attempt->timeline, outcome->position, token);
    cairn_http_set_header(response, "Cairn-Position", token);
    cairn_http_set_header(response, "ETag",
                          cairn_print(arena, "\"%" PRId64 "\"", outcome->version));
    if (outcome->status == 201)
        cairn_http_set_header(response, "Location",
                              cairn_print(arena, "%s/%s", attempt->endpoint->pattern,
                                          cairn_stream_id_text(outcome->stream)));
}

void cairn_attempt_answer(const struct attempt *attempt, struct cairn_http_response *response)
{
    const struct cairn_decision *decision = &attempt->decision;
    const char **types = cairn_new(attempt->request->arena, const char *, decision->event_count);
    for (size_t i = 0; i < decision->event_count; i++)
        types[i] = decision->events[i].type->name;
    const struct outcome outcome = {
        .status = attempt->endpoint->creates ? 201 : 200,
        .stream = attempt->stream,
        .version = attempt->appended.version,
        .position = attempt->appended.position,
        .types = types,
        .type_count = (int64_t)decision->event_count,
    };
    write_answer(attempt, &outcome, response);
}

/* Reads the types of the command's events from the log. */
static int64_t read_types(struct attempt *attempt, const char ***ret, struct cairn_error *error)
{
    const struct cairn_known_command *known = &attempt->known;
    const struct cairn_stored_event *events = NULL;
    int64_t count = 0;
    if (known->event_count > 0)
        count =
            cairn_store_read_range(attempt->store, known->position - known->event_count,
                                   known->position, NULL, attempt->request->arena, &events, error);
    if (count < 0)
        return count;
    *ret = cairn_new(attempt->request->arena, const char *, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        (*ret)[i] = events[i].type;
    return count;
}

/* Looks the command up again if it is not known: another request may have carried it out just
 * now. */
static int know(struct attempt *attempt, struct cairn_error *error)
{
    if (!attempt->known.known && cairn_attempt_identify(attempt) != CAIRN_ATTEMPT_DONE)
        return -(int)error->code;
    return attempt->known.known
               ? 0
               : cairn_fail(error, CAIRN_BUG, "a command that was executed is not recorded");
}

int cairn_attempt_replay(struct attempt *attempt, struct cairn_http_response *response,
                         struct cairn_error *error)
{
    int failed = know(attempt, error);
    if (!failed)
        failed = cairn_store_timeline(attempt->store, &attempt->timeline, error);
    if (!failed)
        failed = cairn_store_confirm(attempt->store, attempt->request->arena, error);
    if (failed)
        return failed;
    struct outcome outcome = {
        .status = attempt->known.status,
        .stream = attempt->known.stream,
        .version = attempt->known.version,
        .position = attempt->known.position,
    };
    outcome.type_count = read_types(attempt, &outcome.types, error);
    if (outcome.type_count < 0)
        return (int)outcome.type_count;
    write_answer(attempt, &outcome, response);
    cairn_http_set_header(response, "Idempotency-Replayed", "true");
    return 0;
}
