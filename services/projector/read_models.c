/* read_models.c - the projector service: the shop's read models and publications. */
#include "projector.h"

#include "../../projections/order_summary.h"
#include "../../projections/payments.h"
#include "../../projections/sales_by_day.h"
#include "../../projections/users.h"
#include "../order/order.h"
#include "../payment/payment.h"
#include "../user/user.h"

/* What is published on the bus: for users and orders the whole state, so that consumers can keep a
 * copy without asking; for payments the events. */
static const struct cairn_publication publishes[] = {
    {.events = &user_events, .style = CAIRN_BUS_STATE, .state = &users_projection},
    {.events = &order_events, .style = CAIRN_BUS_STATE, .state = &order_summary_projection},
    {.events = &payment_events, .style = CAIRN_BUS_EVENT},
    {.events = NULL},
};

const struct cairn_service projector_service = {
    .name = "projector",
    .port = 8020,
    .help = "keeps the read models up to date, and publishes to the bus",
    .projections = {&users_projection, &order_summary_projection, &payments_projection,
                    &sales_by_day_projection},
    .publishes = publishes,
};
