/* http_actions.h - carries out POST under /admin/: an action of actions.h, for the caller. */
#ifndef CAIRN_OPERATIONS_HTTP_ACTIONS_H
#define CAIRN_OPERATIONS_HTTP_ACTIONS_H

#include "http/http.h"
#include "operations/operate.h"

/* Answers {"operation", "action", "position", "result"}; the header Idempotency-Replayed if it was
 * done before under the same Idempotency-Key. */
enum cairn_http_outcome cairn_http_action(enum cairn_action_id id, const struct cairn_place *place,
                                          struct cairn_http_request *request,
                                          struct cairn_http_response *response);

#endif
