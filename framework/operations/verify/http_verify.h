/* http_verify.h - verifications over HTTP: POST /admin/verifications begins one, POST
 * /admin/verifications/cancel ends it, GET /admin/verifications shows them. */
#ifndef CAIRN_OPERATIONS_HTTP_VERIFY_H
#define CAIRN_OPERATIONS_HTTP_VERIFY_H

#include "http/http.h"
#include "operations/verify/verifier.h"

/* What the list asks for, for its description. */
extern const struct cairn_record *const cairn_verifications_question;

/* Answers {"items": [{"operation", "read_model", "state", "by", "begun_at", "spent_ms", "done",
 * "total", "rows", "differences", …, "examples": [a difference, …]}, …]}, of this console. */
enum cairn_http_outcome cairn_http_verifications(struct cairn_verifier *verifier,
                                                 struct cairn_http_request *request,
                                                 struct cairn_http_response *response);

/* `id` is CAIRN_VERIFY or CAIRN_CANCEL_VERIFICATION; answers as other actions. */
enum cairn_http_outcome cairn_http_verify(struct cairn_verifier *verifier, enum cairn_action_id id,
                                          const struct cairn_place *place,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response);

#endif
