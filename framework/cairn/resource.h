/* resource.h - the resources of the query side: a table with one row for each URL.
 *
 *     .resources = CAIRN_RESOURCES(
 *         {.path = "/orders/{id}", .projection = &order_summary_projection},
 *         {.path = "/users/{id}/orders",
 *          .projection = &order_summary_projection,
 *          .list = true,
 *          .filters = {{"id", "user_id", CAIRN_EQUAL}, {"status", "status", CAIRN_EQUAL}},
 *          .order = "placed_at",
 *          .descending = true})
 *
 * A path without `.list` answers the row whose key is `{id}`, percent-encoded as any part of a URL:
 * "/nights/0193b8a2-…:2026-05-03" for a `.key` of a uuid and a day (projection.h). A list answers
 * {"items", "next"}: rows that pass every filter the client gave, `limit` at a time, in order;
 * `next` is the cursor of the following page or null. A filter named as the path's parameter is
 * always given. Any other query parameter is refused with 400, so that a misspelt filter is not
 * ignored.
 *
 * Rows and pages can also be followed: with `Accept: text/event-stream` the same URL sends the
 * current row or page, and sends it again after each change (query.h). */
#ifndef CAIRN_RESOURCE_H
#define CAIRN_RESOURCE_H

#include <cairn/policy.h>
#include <cairn/projection.h>

#include <stdbool.h>

CAIRN_BEGIN_C

enum cairn_compare { CAIRN_EQUAL = 1, CAIRN_AT_LEAST, CAIRN_AT_MOST };

struct cairn_filter {
    const char *parameter; /* in the URL: "status" */
    const char *field;     /* of the row */
    enum cairn_compare compare;
};

enum { CAIRN_FILTERS_MAX = 8 };

/* What caches may do with an answer: Cache-Control (RFC 9111, RFC 5861). Zeroed: "private,
 * no-cache": only the client may keep a copy, and has to revalidate it before each use, which costs
 * a 304. A request that names a position is never answered from a copy of an answer to a request
 * without one. */
struct cairn_caching {
    bool shared;   /* not specific to a client: proxies and CDNs may keep it too; where services
                      authenticate, only if `.allow` is CAIRN_ANYONE */
    int max_age_s; /* seconds that it may be used without revalidation */
    int stale_s;   /* further seconds, while it is revalidated (stale-while-revalidate) */
};

struct cairn_resource {
    const char *path; /* "/orders/{id}" */
    const struct cairn_projection *projection;
    bool list;
    struct cairn_filter filters[CAIRN_FILTERS_MAX];
    const char *order; /* list: the field it is sorted by; ties are broken by the text of the row's
                          key: INT parts of a `.key` as text, 10 before 9 */
    bool descending;
    int limit;     /* list: rows a page unless the client says; 0 means 50 */
    int limit_max; /* list: the most a client may ask for; 0 means 200 */
    struct cairn_caching caching;
    struct cairn_allow allow; /* its policy, also for rows (policy.h) */
    const char *help;
    const char *at; /* in the row that ends a list: where the list is, "orders.c:12"; or NULL */
};

/* The `.resources` of a service: CAIRN_RESOURCES({.path = "/orders/{id}", .projection = …}, {…}) */
#define CAIRN_RESOURCES(...)                                                                       \
    (const struct cairn_resource[])                                                                \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            .path = NULL, .at = CAIRN_PLACE_                                                       \
        }                                                                                          \
    }

CAIRN_END_C

#endif
