/* http_verify.c - reads what is asked of the verifier, and answers it. */
#include "operations/verify/http_verify.h"

#include "operations/http/http_actions.h"
#include "operations/http/http_question.h"

CAIRN_STRUCT(view_verifications, TEXT(read_model, .optional = true));

const struct cairn_record *const cairn_verifications_question = &view_verifications_record;

enum cairn_http_outcome cairn_http_verifications(struct cairn_verifier *verifier,
                                                 struct cairn_http_request *request,
                                                 struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_buffer body = cairn_buffer(request->arena);
    const void *value = NULL;
    if (cairn_http_question(request, cairn_verifications_question, &value, &error) < 0) {
        cairn_http_problem(request, response, &error);
        return CAIRN_HTTP_DONE;
    }
    cairn_buffer_text(&body, "{\"items\":");
    cairn_verifier_json(verifier, ((const struct view_verifications *)value)->read_model, &body);
    cairn_buffer_char(&body, '}');
    response->status = 200;
    response->body = body.text;
    response->body_bytes = body.length;
    return CAIRN_HTTP_DONE;
}

enum cairn_http_outcome cairn_http_verify(struct cairn_verifier *verifier, enum cairn_action_id id,
                                          const struct cairn_place *place,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response)
{
    struct cairn_error error = {0};
    struct cairn_http_wish wish;
    struct cairn_operation done;
    int failed = cairn_http_action_read(id, request, &wish, &error);
    const struct operate_verify *arguments = wish.arguments;
    if (!failed && id == CAIRN_VERIFY)
        failed = cairn_verifier_begin(verifier, place, arguments->read_model, &wish.by, wish.key,
                                      &done, &error);
    else if (!failed)
        failed = cairn_verifier_cancel(verifier, place, arguments->read_model, &wish.by, wish.key,
                                       &done, &error);
    if (failed)
        cairn_http_problem(request, response, &error);
    else
        cairn_http_action_answer(id, &done, request, response);
    return CAIRN_HTTP_DONE;
}
