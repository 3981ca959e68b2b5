/* bff.c - the backend for frontends. It has no database: what it answers comes from the services,
 * which are called as the person that asks. */
#include "bff.h"

#include "dashboard.h"
#include "peers.h"

static const struct cairn_route routes[] = {
    {.route = "GET /dashboard",
     .handle = dashboard_show,
     .allow = CAIRN_SIGNED_IN,
     .help = "The caller's user, newest orders, their payments, and sales: all at one position."},
    {.route = "GET /mobile/dashboard",
     .handle = dashboard_show_small,
     .allow = CAIRN_SIGNED_IN,
     .help = "The same for small screens: a name, and a line for each order."},
    {0},
};

const struct cairn_service bff_service = {
    .name = "bff",
    .port = 8062,
    .help = "answers pages and telephones: joins what the services have",
    .routes = routes,
    .settings = bff_settings,
};
