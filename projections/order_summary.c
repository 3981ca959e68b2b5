/* order_summary.c - read model with one row per order and its status. */
#include "order_summary.h"

CAIRN_PROJECTION(order_summary, .version = 2, .help = "One row an order, with where it stands.",
                 CAIRN_INDEXES("user_id, placed_at", "status, placed_at", "placed_at"));

CAIRN_ON(order_summary, order, order_placed)
{
    *row = (struct order_summary){
        .order_id = meta->id,
        .user_id = event->user_id,
        .status = ORDER_IS_PLACED,
        .currency = event->currency,
        .total = event->total,
        .lines = event->lines,
        .placed_at = meta->recorded_at,
    };
    return CAIRN_KEEP;
}

CAIRN_ON(order_summary, order, order_paid)
{
    row->status = ORDER_IS_PAID;
    row->payment_id = event->payment_id;
    row->paid_at = meta->recorded_at;
    return CAIRN_KEEP;
}

CAIRN_ON(order_summary, order, order_shipped)
{
    row->status = ORDER_IS_SHIPPED;
    row->carrier = event->carrier;
    row->tracking = event->tracking;
    row->shipped_at = meta->recorded_at;
    return CAIRN_KEEP;
}

CAIRN_ON(order_summary, order, order_cancelled)
{
    row->status = ORDER_IS_CANCELLED;
    row->cancel_reason = event->reason;
    row->cancelled_at = meta->recorded_at;
    return CAIRN_KEEP;
}
