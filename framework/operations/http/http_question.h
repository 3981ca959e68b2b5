/* http_question.h - reads the query parameters of a request into a struct. */
#ifndef CAIRN_OPERATIONS_HTTP_QUESTION_H
#define CAIRN_OPERATIONS_HTTP_QUESTION_H

#include "http/http.h"

#include <cairn/record.h>

/* Reads the parameters that `record`, of plain fields, names; NULL: there are none. *ret is a
 * struct in the request's arena. Returns 0, or -CAIRN_INVALID with all that are wrong. */
int cairn_http_question(const struct cairn_http_request *request, const struct cairn_record *record,
                        const void **ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
