/* ask.h - what a client asks of a resource, read once: path, parameters, headers. It is kept in
 * request->memo while the answer is waited for (read.h). */
#ifndef CAIRN_QUERY_ASK_H
#define CAIRN_QUERY_ASK_H

#include "http/http.h"
#include "query/cursor.h"
#include "query/operand.h"

#include <cairn/resource.h>

struct cairn_query_ask {
    const char *key;    /* by key: of the row */
    const char *token;  /* Cairn-Position, or NULL */
    const char *seen;   /* If-None-Match, or NULL */
    const char *wanted; /* If-Match, or NULL */
    bool live;          /* Accept: text/event-stream */
    const char *last;   /* Last-Event-ID of a reader that comes back, or NULL */
    int64_t wait_s;
    bool wait_said;      /* Prefer named it */
    int64_t deadline_us; /* monotonic: when waiting is over */
    bool waited;

    /* lists */
    uint32_t given; /* bit i: filter i has a value */
    struct cairn_query_operand values[CAIRN_FILTERS_MAX];
    int64_t limit;
    const char *list; /* what cursors belong to: path and filters */
    bool after;       /* a row is named that the page comes after: */
    struct cairn_query_operand after_value;
    struct cairn_query_cursor cursor;
};

/* Reads it all. Returns 0, or
 *   -CAIRN_INVALID    parameters are wrong or unknown: all are named, as "?status" or "{id}"
 *   -CAIRN_MALFORMED  a header was sent twice */
int cairn_query_ask_read(const struct cairn_resource *resource,
                         const struct cairn_http_request *request, struct cairn_query_ask *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* What says which page of a list it is, in a copy that borrows nothing but from the arena. */
struct cairn_query_ask *cairn_query_ask_keep(const struct cairn_query_ask *ask,
                                             struct cairn_arena *arena);
/* The same as one text: two that are the same page have the same. */
const char *cairn_query_ask_page(const struct cairn_query_ask *ask, struct cairn_arena *arena);

/* The filter of this parameter, or -1; and the one whose value is the path's {id}. */
int cairn_query_filter(const struct cairn_resource *resource, const char *parameter);
int cairn_query_path_filter(const struct cairn_resource *resource);

/* Rows a page of a list, unless the client says, and the most that it may ask for. */
int64_t cairn_query_limit(const struct cairn_resource *resource);
int64_t cairn_query_limit_max(const struct cairn_resource *resource);

#endif
