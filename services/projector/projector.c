/* projector.c - the projector: which read models the shop has. */
#include "projector.h"

#include "../../projections/order_summary.h"
#include "../../projections/payments.h"
#include "../../projections/sales_by_day.h"
#include "../../projections/users.h"

const struct cairn_service projector_service = {
    .name = "projector",
    .port = 8020,
    .help = "keeps the read models up to date",
    .projections = {&users_projection, &order_summary_projection, &payments_projection,
                    &sales_by_day_projection},
};
