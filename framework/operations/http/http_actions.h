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

/* ---- for handlers that do more than that ---- */

/* What a request wants, of whom it is, and under which key. */
struct cairn_http_wish {
    const void *arguments; /* a struct of the action's `takes` */
    struct cairn_operator by;
    const char *key; /* NULL: none */
};

/* Returns 0, or the problem of the request. */
int cairn_http_action_read(enum cairn_action_id id, struct cairn_http_request *request,
                           struct cairn_http_wish *ret, struct cairn_error *error) CAIRN_CHECKED;
void cairn_http_action_answer(enum cairn_action_id id, const struct cairn_operation *done,
                              struct cairn_http_request *request,
                              struct cairn_http_response *response);

#endif
