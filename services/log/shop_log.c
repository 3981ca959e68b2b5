/* shop_log.c - the log of the shop over HTTP: to read, as an HTTP feed, and, for what no decider
 * guards, to append. docs/PATTERNS.md shows how. */
#include "shop_log.h"
#include "../order/order.h"
#include "../payment/payment.h"
#include "../user/user.h"

static const struct cairn_log_face faces[] = {
    {.events = &user_events, .read = CAIRN_ROLE("operator", "reader", "peer")},
    {.events = &order_events, .read = CAIRN_ROLE("operator", "reader", "peer")},
    {.events = &payment_events, .read = CAIRN_ROLE("operator", "reader")},
    {.events = NULL},
};

const struct cairn_service log_service = {
    .name = "log",
    .port = 8061,
    .log = faces,
    .help = "the log over HTTP: pages, streams, feeds",
};
