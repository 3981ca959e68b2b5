/* http_rows.h - answers GET /admin/read-models/{id}/…: rows of a read model as they are, and why
 * one is so, or how it was, as `cairn why` and `cairn at` show it. */
#ifndef CAIRN_OPERATIONS_HTTP_ROWS_H
#define CAIRN_OPERATIONS_HTTP_ROWS_H

#include "http/http.h"
#include "store/store.h"

#include <cairn/service.h>

/* What they ask for, for their descriptions. */
extern const struct cairn_record *const cairn_rows_question;
extern const struct cairn_record *const cairn_row_question;

/* Rows of the generation that is read, by their keys, from a key on: {"items": [{"key", "position",
 * "version", "parked", "row"}, …]}. */
enum cairn_http_outcome cairn_http_rows(struct cairn_store *store,
                                        struct cairn_http_request *request,
                                        struct cairn_http_response *response);

/* The events that made a row, up to a position or a time: {"items": [a step, …], "sum": {"row",
 * …}}. `services` are those whose read models can be folded. It is refused beyond a million events
 * or some seconds, and while two others are folded. */
enum cairn_http_outcome cairn_http_row(const struct cairn_service *const services[],
                                       struct cairn_store *store,
                                       struct cairn_http_request *request,
                                       struct cairn_http_response *response);

#endif
