/* payments.c - read model with one row per payment. It does not contain the card's token. */
#include "payments.h"

#include "../services/payment/payment.h"

static const char *const statuses[] = {
    [PAYMENT_IS_REQUESTED] = "requested", [PAYMENT_IS_AUTHORIZED] = "authorized",
    [PAYMENT_IS_DECLINED] = "declined",   [PAYMENT_IS_CAPTURED] = "captured",
    [PAYMENT_IS_REFUNDED] = "refunded",
};

CAIRN_RECORD(payments, CAIRN_FIELD(payments, payment_id), CAIRN_FIELD(payments, order_id),
             CAIRN_ENUM_FIELD(payments, status, statuses),
             CAIRN_FIELD(payments, amount, .help = "Minor units of the currency."),
             CAIRN_FIELD(payments, currency), CAIRN_FIELD(payments, reference, .optional = true),
             CAIRN_FIELD(payments, reason, .optional = true), CAIRN_FIELD(payments, requested_at),
             CAIRN_FIELD(payments, changed_at));

static enum cairn_row move_to(struct payments *row, enum payments_status status,
                              const struct cairn_meta *meta)
{
    row->status = status;
    row->changed_at = meta->recorded_at;
    return CAIRN_KEEP;
}

static enum cairn_row requested(struct payments *row, const struct payment_requested *event,
                                const struct cairn_meta *meta)
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
CAIRN_ON(payments, payment, payment_requested, requested);

static enum cairn_row authorized(struct payments *row, const struct payment_authorized *event,
                                 const struct cairn_meta *meta)
{
    row->reference = event->reference;
    return move_to(row, PAYMENT_IS_AUTHORIZED, meta);
}
CAIRN_ON(payments, payment, payment_authorized, authorized);

static enum cairn_row declined(struct payments *row, const struct payment_declined *event,
                               const struct cairn_meta *meta)
{
    row->reason = event->reason;
    return move_to(row, PAYMENT_IS_DECLINED, meta);
}
CAIRN_ON(payments, payment, payment_declined, declined);

static enum cairn_row captured(struct payments *row, const struct payment_captured *event,
                               const struct cairn_meta *meta)
{
    (void)event;
    return move_to(row, PAYMENT_IS_CAPTURED, meta);
}
CAIRN_ON(payments, payment, payment_captured, captured);

static enum cairn_row refunded(struct payments *row, const struct payment_refunded *event,
                               const struct cairn_meta *meta)
{
    row->reason = event->reason;
    return move_to(row, PAYMENT_IS_REFUNDED, meta);
}
CAIRN_ON(payments, payment, payment_refunded, refunded);

CAIRN_PROJECTION(payments, .version = 1, .help = "One row a payment.",
                 .indexes = (const char *const[]){"order_id", NULL},
                 CAIRN_ON_LIST(&payments_on_payment_requested, &payments_on_payment_authorized,
                               &payments_on_payment_declined, &payments_on_payment_captured,
                               &payments_on_payment_refunded));
