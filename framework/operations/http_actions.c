/* http_actions.c - reads an action's arguments and its caller, and writes what was done. */
#include "operations/http_actions.h"

#include "operations/http_question.h"
#include "record/json.h"

static int act(enum cairn_action_id id, const struct cairn_place *place,
               struct cairn_http_request *request, struct cairn_operation *ret,
               struct cairn_error *error)
{
    const struct cairn_record *takes = cairn_actions[id].takes;
    void *arguments = cairn_arena_alloc(request->arena, takes->size, takes->align);
    const struct cairn_actor *actor = request->actor;
    const struct cairn_operator by = {.sub = actor ? actor->sub : NULL,
                                      .iss = actor ? actor->iss : NULL};
    const char *key = NULL;
    const void *none = NULL;
    int failed = cairn_http_question(request, NULL, &none, error);
    if (!failed)
        failed = cairn_http_idempotency_key(request, &key, error);
    if (!failed)
        failed = cairn_record_decode(takes, request->body, request->body_bytes, CAIRN_STRICT,
                                     request->arena, arguments, error);
    return failed ? failed : cairn_operate(place, id, arguments, &by, key, ret, error);
}

static void write_answer(const struct cairn_action *action, const struct cairn_operation *done,
                         struct cairn_http_request *request, struct cairn_http_response *response)
{
    struct cairn_buffer body = cairn_buffer(request->arena);
    cairn_buffer_text(&body, "{\"operation\":");
    cairn_buffer_json(&body, done->id[0] ? done->id : NULL);
    cairn_buffer_print(&body, ",\"action\":\"%s\",\"position\":%" PRId64 ",\"result\":%s}",
                       action->name, done->position, done->json);
    if (done->replayed)
        cairn_http_set_header(response, "Idempotency-Replayed", "true");
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
}

enum cairn_http_outcome cairn_http_action(enum cairn_action_id id, const struct cairn_place *place,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_operation done;
    if (act(id, place, request, &done, &error) < 0)
        cairn_http_problem(request, response, &error);
    else
        write_answer(&cairn_actions[id], &done, request, response);
    return CAIRN_HTTP_DONE;
}
