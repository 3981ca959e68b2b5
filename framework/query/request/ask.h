/* ask.h - a parsed query: path, parameters, headers. It is parsed once and kept in request->memo
 * while the answer is pending (query_read.h). */
#ifndef CAIRN_QUERY_ASK_H
#define CAIRN_QUERY_ASK_H

#include "http/http.h"
#include "query/request/cursor.h"
#include "query/request/operand.h"
#include "query/request/row_owner.h"

#include <cairn/resource.h>

struct cairn_query_ask {
    const char *key;      /* key of the row; not of lists */
    const char *token;    /* Cairn-Position, or NULL */
    const char *seen;     /* If-None-Match, or NULL */
    const char *wanted;   /* If-Match, or NULL */
    bool live;            /* Accept: text/event-stream */
    const char *at;       /* ?at= of a row: the position or time of a past state, or NULL */
    const char *datetime; /* Accept-Datetime, if there is no ?at=, or NULL */
    const char *last;     /* Last-Event-ID of a client that reconnects, or NULL */
    int64_t wait_s;
    bool wait_said;      /* Prefer named it */
    int64_t deadline_us; /* monotonic: end of the wait */
    bool waited;
    struct cairn_query_owner owner; /* whose rows are seen */

    /* lists */
    uint32_t given; /* bit i: filter i has a value */
    struct cairn_query_operand values[CAIRN_FILTERS_MAX];
    int64_t limit;
    const char *list; /* path, filters and owner: what cursors are bound to */
    bool after;       /* the page begins after this row: */
    struct cairn_query_operand after_value;
    struct cairn_query_cursor cursor;
};

/* Parses the whole query. Returns 0, or
 *   -CAIRN_INVALID    parameters are wrong or unknown: all are named, as "?status" or "{id}"
 *   -CAIRN_MALFORMED  a header was sent twice */
int cairn_query_ask_read(const struct cairn_resource *resource,
                         const struct cairn_http_request *request, struct cairn_query_ask *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Returns a copy of what identifies a page of a list; it borrows nothing except from the arena. */
struct cairn_query_ask *cairn_query_ask_keep(const struct cairn_query_ask *ask,
                                             struct cairn_arena *arena);
/* Returns the same as text: equal texts mean the same page. */
const char *cairn_query_ask_page(const struct cairn_query_ask *ask, struct cairn_arena *arena);

/* Return the index of this parameter's filter, or of the path's {id}; -1 if there is none. */
int cairn_query_filter(const struct cairn_resource *resource, const char *parameter);
int cairn_query_path_filter(const struct cairn_resource *resource);

/* The default and the maximum number of rows per page. */
int64_t cairn_query_limit(const struct cairn_resource *resource);
int64_t cairn_query_limit_max(const struct cairn_resource *resource);

#endif
