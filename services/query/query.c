/* query.c - the query service: the shop's resources, one row per URL.
 *
 * Customers read what is theirs; support reads all, clerks and finance what their work takes. */
#include "query.h"

#include "../../projections/order_summary.h"
#include "../../projections/payments.h"
#include "../../projections/sales_by_day.h"
#include "../../projections/users.h"

const struct cairn_resource shop_resources[] = {
    {.path = "/users/{id}",
     .projection = &users_projection,
     .allow = CAIRN_OWNER(users, user_id, "support"),
     .help = "A user."},
    {.path = "/users/{id}/orders",
     .projection = &order_summary_projection,
     .list = true,
     .filters = {{"id", "user_id", CAIRN_EQUAL}, {"status", "status", CAIRN_EQUAL}},
     .order = "placed_at",
     .descending = true,
     .allow = CAIRN_OWNER(order_summary, user_id, "support", "clerk", "finance"),
     .help = "The orders of a user, the newest first. An unknown user has none."},
    {.path = "/orders/{id}",
     .projection = &order_summary_projection,
     .allow = CAIRN_OWNER(order_summary, user_id, "support", "clerk", "finance"),
     .help = "An order, with its status."},
    {.path = "/orders",
     .projection = &order_summary_projection,
     .list = true,
     .filters = {{"status", "status", CAIRN_EQUAL}},
     .order = "placed_at",
     .allow = CAIRN_ROLE("clerk", "support"),
     .help = "The orders of all users, the oldest first: those to ship, with ?status=paid."},
    {.path = "/payments/{id}",
     .projection = &payments_projection,
     .allow = CAIRN_ROLE("support", "finance"),
     .help = "A payment."},
    {.path = "/reports/sales",
     .projection = &sales_by_day_projection,
     .list = true,
     .filters = {{"from", "day", CAIRN_AT_LEAST}, {"to", "day", CAIRN_AT_MOST}},
     .order = "day",
     .limit = 100,
     .limit_max = 400,
     .caching = {.shared = true, .max_age_s = 5, .stale_s = 30}, /* private with a token */
     .allow = CAIRN_ROLE("support", "finance"),
     .help = "What was sold, by day and currency, from the first day (UTC) to the last."},
    {0},
};

const struct cairn_service query_service = {
    .name = "query",
    .port = 8010,
    .help = "answers what is asked of the read models",
    .resources = shop_resources,
};
