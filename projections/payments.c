/* payments.c - read model with one row per payment. It does not contain the card's token. */
#include "payments.h"

#include "../services/payment/payment.h"

CAIRN_PROJECTION(payments, .version = 1, .help = "One row a payment.", CAIRN_INDEXES("order_id"));

static enum cairn_row move_to(struct payments *row, enum payments_status status,
                              const struct cairn_meta *meta)
{
    row->status = status;
    row->changed_at = meta->recorded_at;
    return CAIRN_KEEP;
}

CAIRN_ON(payments, payment, payment_requested)
{
    *row = (struct payments){
        .payment_id = meta->id,
        .order_id = event->order_id,
        .amount = event->amount,
        .currency = event->currency,
        .requested_at = meta->recorded_at,
    };
    return move_to(row, PAYMENT_IS_REQUESTED, meta);
}

CAIRN_ON(payments, payment, payment_authorized)
{
    row->reference = event->reference;
    return move_to(row, PAYMENT_IS_AUTHORIZED, meta);
}

CAIRN_ON(payments, payment, payment_declined)
{
    row->reason = event->reason;
    return move_to(row, PAYMENT_IS_DECLINED, meta);
}

CAIRN_ON(payments, payment, payment_captured)
{
    return move_to(row, PAYMENT_IS_CAPTURED, meta);
}

CAIRN_ON(payments, payment, payment_refunded)
{
    row->reason = event->reason;
    return move_to(row, PAYMENT_IS_REFUNDED, meta);
}
