/* resource.h - what can be asked: one row of a table for each URL of the query side.
 *
 *     const struct cairn_resource shop_resources[] = {
 *         {.path = "/orders/{id}", .projection = &order_summary_projection},
 *         {.path = "/users/{id}/orders",
 *          .projection = &order_summary_projection,
 *          .list = true,
 *          .filters = {{"id", "user_id", CAIRN_EQUAL}, {"status", "status", CAIRN_EQUAL}},
 *          .order = "placed_at",
 *          .descending = true},
 *         {0},
 *     };
 *
 * A path without `.list` answers the row whose key is `{id}`. A list answers {"items", "next"}:
 * rows that pass every filter the client gave, `limit` at a time, in order; `next` is the cursor
 * of the following page or null. A filter named as the path's parameter is always given. Any
 * other query parameter is refused with 400, so that a typing error is not an empty filter.
 *
 * Rows and pages can also be followed: with `Accept: text/event-stream` the same URL sends the row,
 * or the page, as it is and then each time it has changed (query.h). */
#ifndef CAIRN_RESOURCE_H
#define CAIRN_RESOURCE_H

#include <cairn/projection.h>

#include <stdbool.h>

enum cairn_compare { CAIRN_EQUAL = 1, CAIRN_AT_LEAST, CAIRN_AT_MOST };

struct cairn_filter {
    const char *parameter; /* in the URL: "status" */
    const char *field;     /* of the row */
    enum cairn_compare compare;
};

enum { CAIRN_FILTERS_MAX = 8 };

/* What caches may do with an answer: Cache-Control (RFC 9111, RFC 5861). Zeroed: "private,
 * no-cache", a copy is the client's own and is used only after asking whether it still holds, which
 * costs a 304. A request that names a position is never answered from a copy that was kept for one
 * that did not. */
struct cairn_caching {
    bool shared;   /* nobody's in particular: proxies and CDNs may keep it too */
    int max_age_s; /* for so long it is good without asking */
    int stale_s;   /* and for so long after that while asking (stale-while-revalidate) */
};

struct cairn_resource {
    const char *path; /* "/orders/{id}" */
    const struct cairn_projection *projection;
    bool list;
    struct cairn_filter filters[CAIRN_FILTERS_MAX];
    const char *order; /* list: the field it is sorted by; ties are broken by the row's key */
    bool descending;
    int limit;     /* list: rows a page unless the client says; 0 means 50 */
    int limit_max; /* list: the most a client may ask for; 0 means 200 */
    struct cairn_caching caching;
    const char *help;
};

#endif
