/* order_summary.h - read model with one row per order and its status. */
#ifndef ORDER_SUMMARY_H
#define ORDER_SUMMARY_H

#include "../services/order/order.h"

#include <cairn/projection.h>

struct order_summary {
    struct cairn_uuid order_id;
    struct cairn_uuid user_id;
    enum order_summary_status {
        ORDER_IS_PLACED = 1,
        ORDER_IS_PAID,
        ORDER_IS_SHIPPED,
        ORDER_IS_CANCELLED,
    } status;
    const char *currency;
    int64_t total;
    struct order_lines lines;
    struct cairn_time placed_at;
    struct cairn_uuid payment_id;
    struct cairn_time paid_at;
    const char *carrier;
    const char *tracking;
    struct cairn_time shipped_at;
    const char *cancel_reason;
    struct cairn_time cancelled_at;
};
CAIRN_DECLARE(order_summary);
extern const struct cairn_projection order_summary_projection;

#endif
