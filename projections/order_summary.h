/* order_summary.h - read model with one row per order and its status. */
#ifndef ORDER_SUMMARY_H
#define ORDER_SUMMARY_H

#include "../services/order/order.h"

#include <cairn/projection.h>

CAIRN_ENUM(order_summary_status, (ORDER_IS_PLACED, "placed"), (ORDER_IS_PAID, "paid"),
           (ORDER_IS_SHIPPED, "shipped"), (ORDER_IS_CANCELLED, "cancelled"));
CAIRN_STRUCT(order_summary, UUID(order_id), UUID(user_id), ENUM(status, order_summary_status),
             TEXT(currency), INT(total, .help = "Minor units of the currency."),
             LIST(lines, order_line), TIME(placed_at), UUID(payment_id, .optional = true),
             TIME(paid_at, .optional = true), TEXT(carrier, .optional = true),
             TEXT(tracking, .optional = true), TIME(shipped_at, .optional = true),
             TEXT(cancel_reason, .optional = true), TIME(cancelled_at, .optional = true));
extern const struct cairn_projection order_summary_projection;

#endif
