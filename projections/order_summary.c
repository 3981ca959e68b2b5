/* order_summary.c - read model with one row per order and its status. */
#include "order_summary.h"

static const char *const statuses[] = {
    [ORDER_IS_PLACED] = "placed",
    [ORDER_IS_PAID] = "paid",
    [ORDER_IS_SHIPPED] = "shipped",
    [ORDER_IS_CANCELLED] = "cancelled",
};

CAIRN_RECORD(order_summary, CAIRN_FIELD(order_summary, order_id),
             CAIRN_FIELD(order_summary, user_id), CAIRN_ENUM_FIELD(order_summary, status, statuses),
             CAIRN_FIELD(order_summary, currency),
             CAIRN_FIELD(order_summary, total, .help = "Minor units of the currency."),
             CAIRN_LIST_FIELD(order_summary, lines, order_line),
             CAIRN_FIELD(order_summary, placed_at),
             CAIRN_FIELD(order_summary, payment_id, .optional = true),
             CAIRN_FIELD(order_summary, paid_at, .optional = true),
             CAIRN_FIELD(order_summary, carrier, .optional = true),
             CAIRN_FIELD(order_summary, tracking, .optional = true),
             CAIRN_FIELD(order_summary, shipped_at, .optional = true),
             CAIRN_FIELD(order_summary, cancel_reason, .optional = true),
             CAIRN_FIELD(order_summary, cancelled_at, .optional = true));

static enum cairn_row placed(struct order_summary *row, const struct order_placed *event,
                             const struct cairn_meta *meta)
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
CAIRN_ON(order_summary, order, order_placed, placed);

static enum cairn_row paid(struct order_summary *row, const struct order_paid *event,
                           const struct cairn_meta *meta)
{
    row->status = ORDER_IS_PAID;
    row->payment_id = event->payment_id;
    row->paid_at = meta->recorded_at;
    return CAIRN_KEEP;
}
CAIRN_ON(order_summary, order, order_paid, paid);

static enum cairn_row shipped(struct order_summary *row, const struct order_shipped *event,
                              const struct cairn_meta *meta)
{
    row->status = ORDER_IS_SHIPPED;
    row->carrier = event->carrier;
    row->tracking = event->tracking;
    row->shipped_at = meta->recorded_at;
    return CAIRN_KEEP;
}
CAIRN_ON(order_summary, order, order_shipped, shipped);

static enum cairn_row cancelled(struct order_summary *row, const struct order_cancelled *event,
                                const struct cairn_meta *meta)
{
    row->status = ORDER_IS_CANCELLED;
    row->cancel_reason = event->reason;
    row->cancelled_at = meta->recorded_at;
    return CAIRN_KEEP;
}
CAIRN_ON(order_summary, order, order_cancelled, cancelled);

CAIRN_PROJECTION(order_summary, .version = 1, .help = "One row an order, with where it stands.",
                 .indexes = (const char *const[]){"user_id, placed_at", NULL},
                 CAIRN_ON_LIST(&order_summary_on_order_placed, &order_summary_on_order_paid,
                               &order_summary_on_order_shipped, &order_summary_on_order_cancelled));
