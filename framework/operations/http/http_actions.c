/* http_actions.c - reads an action's arguments and its caller, and writes what was done. */
#include "operations/http/http_actions.h"

#include "operations/http/http_question.h"
#include "record/json.h"

int cairn_http_action_read(enum cairn_action_id id, struct cairn_http_request *request,
                           struct cairn_http_wish *ret, struct cairn_error *error)
{
    const struct cairn_record *takes = cairn_actions[id].takes;
    void *arguments = cairn_arena_alloc(request->arena, takes->size, takes->align);
    const struct cairn_actor *actor = request->actor;
    const void *none = NULL;
    *ret = (struct cairn_http_wish){
        .arguments = arguments,
        .by = {.sub = actor ? actor->sub : NULL, .iss = actor ? actor->iss : NULL}};
    int failed = cairn_http_question(request, NULL, &none, error);
    if (!failed)
        failed = cairn_http_idempotency_key(request, &ret->key, error);
    return failed ? failed
                  : cairn_record_decode(takes, request->body, request->body_bytes, CAIRN_STRICT,
                                        request->arena, arguments, error);
}

void cairn_http_action_answer(enum cairn_action_id id, const struct cairn_operation *done,
                              struct cairn_http_request *request,
                              struct cairn_http_response *response)
{
    const struct cairn_action *action = &cairn_actions[id];
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
    struct cairn_http_wish wish;
    struct cairn_operation done;
    int failed = cairn_http_action_read(id, request, &wish, &error);
    if (!failed)
        failed = cairn_operate(place, id, wish.arguments, &wish.by, wish.key, &done, &error);
    if (failed)
        cairn_http_problem(request, response, &error);
    else
        cairn_http_action_answer(id, &done, request, response);
    return CAIRN_HTTP_DONE;
}
