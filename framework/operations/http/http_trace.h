/* http_trace.h - answers GET /admin/trace/{id}: the tree of all that a request has caused, which
 * `cairn trace` prints. */
#ifndef CAIRN_OPERATIONS_HTTP_TRACE_H
#define CAIRN_OPERATIONS_HTTP_TRACE_H

#include "http/http.h"
#include "operations/operate.h"

/* What it asks for, for its description. */
extern const struct cairn_record *const cairn_trace_question;

/* Answers {"items": [a node, …], "sum": {"events", "nodes", "more", "notes"}}; {id} is what
 * store/trace/trace.h takes. */
enum cairn_http_outcome cairn_http_trace(const struct cairn_place *place,
                                         struct cairn_http_request *request,
                                         struct cairn_http_response *response);

#endif
