/* dashboard.h - what a person has in the shop, in one answer: GET /dashboard for pages, GET
 * /mobile/dashboard for telephones. */
#ifndef BFF_DASHBOARD_H
#define BFF_DASHBOARD_H

#include <cairn/handler.h>

cairn_handler dashboard_show;       /* each part as the query service has it */
cairn_handler dashboard_show_small; /* a line for each order */

#endif
