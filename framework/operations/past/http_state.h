/* http_state.h - answers GET /admin/streams/{id}/state: the state of a stream, now, at a version, a
 * position or a time, and what the last event of it changed. */
#ifndef CAIRN_OPERATIONS_HTTP_STATE_H
#define CAIRN_OPERATIONS_HTTP_STATE_H

#include "http/http.h"
#include "operations/past/stream_state.h"

/* What it asks for, for its description. */
extern const struct cairn_record *const cairn_state_question;

/* Answers {"stream", "version", "position", "type", "recorded_at", "by", "before", "state",
 * "changes": [{"field", "from", "to"}, …]}. A state at a version never changes. */
enum cairn_http_outcome cairn_http_state(const struct cairn_service *const services[],
                                         struct cairn_store *store,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response);

#endif
