/* bff.c - the backend for frontends. It has no database: what it answers comes from the services,
 * which are called as the person that asks. */
#include "bff.h"

#include "dashboard.h"
#include "peers.h"
#include "proxy.h"

extern const struct cairn_file shop_files[]; /* made by web/build */

static const struct cairn_route routes[] = {
    {.route = "GET /dashboard",
     .handle = dashboard_show,
     .allow = CAIRN_SIGNED_IN,
     .help = "The caller's user, newest orders, their payments, and sales: all at one position."},
    {.route = "GET /mobile/dashboard",
     .handle = dashboard_show_small,
     .allow = CAIRN_SIGNED_IN,
     .help = "The same for small screens: a name, and a line for each order."},
    {.route = "POST /users",
     .handle = proxy_to_user,
     .takes = "application/json",
     .allow = CAIRN_SIGNED_IN,
     .help = "Registers the caller: the user service's."},
    {.route = "GET /users/{id}",
     .handle = proxy_to_query,
     .allow = CAIRN_SIGNED_IN,
     .help = "A user: the query service's, as all that are read."},
    {.route = "GET /users/{id}/orders",
     .handle = proxy_to_query,
     .allow = CAIRN_SIGNED_IN,
     .help = "The orders of a user, the newest first."},
    {.route = "POST /orders",
     .handle = proxy_to_order,
     .takes = "application/json",
     .allow = CAIRN_SIGNED_IN,
     .help = "Places an order: the order service's."},
    {.route = "GET /orders",
     .handle = proxy_to_query,
     .allow = CAIRN_ROLE("clerk", "support"),
     .help = "All orders, the oldest first: those to ship, with ?status=paid."},
    {.route = "GET /orders/{id}",
     .handle = proxy_to_query,
     .allow = CAIRN_SIGNED_IN,
     .help = "An order; followed live with Accept: text/event-stream."},
    {.route = "POST /orders/{id}/cancel",
     .handle = proxy_to_order,
     .takes = "application/json",
     .allow = CAIRN_SIGNED_IN,
     .help = "Cancels an order that was not shipped; If-Match names what was seen of it."},
    {.route = "POST /orders/{id}/ship",
     .handle = proxy_to_order,
     .takes = "application/json",
     .allow = CAIRN_ROLE("clerk"),
     .help = "Hands a paid order to a carrier."},
    {0},
};

const struct cairn_service bff_service = {
    .name = "bff",
    .port = 8062,
    .help = "answers pages and telephones: joins what the services have",
    .routes = routes,
    .files = shop_files,
    .sign_in = "/shop",
    .settings = bff_settings,
};
