/* fulfilment.c - the process that takes an order from its placing to its payment and delivery.
 *
 *     OrderPlaced        -> request a payment, wait 15 minutes for it (CAIRN_PAYMENT_DEADLINE_S)
 *     PaymentAuthorized  -> the order is paid
 *     PaymentDeclined    -> the order is cancelled
 *     the deadline       -> the order is cancelled
 *     OrderShipped       -> capture the payment
 *     OrderCancelled     -> refund what was authorised; decline a payment that is still open
 *
 * Money authorised after the order was cancelled is refunded at once: whichever of the two events
 * comes last triggers the refund. Payments of orders whose placing this process did not handle,
 * such as those requested by a person, are ignored. */
#include "fulfilment.h"

#include "../payment/payment.h"
#include "order.h"

#define DEADLINE "payment-deadline"

int64_t fulfilment_deadline_s = 900;

/* Without a payment_id, the order is not managed by this process. */
CAIRN_STRUCT(fulfilment, UUID(payment_id, .optional = true), BOOL(authorized), BOOL(declined),
             BOOL(cancelled), BOOL(refunded));
CAIRN_PROCESS(fulfilment, CAIRN_SENDS(payment, order),
              .help = "Leads an order to its payment and delivery.");

static bool is_ours(const struct fulfilment *self)
{
    return !cairn_uuid_is_zero(self->payment_id);
}

static void refund(struct fulfilment *self, struct cairn_reaction *ret)
{
    if (self->refunded)
        return;
    self->refunded = true;
    CAIRN_SEND(ret, payment, self->payment_id, refund_payment, .reason = "the order was cancelled");
}

CAIRN_WHEN(fulfilment, order, order_placed)
{
    self->payment_id = cairn_new_id(given, "payment");
    CAIRN_SEND(ret, payment, self->payment_id, request_payment, .order_id = given->id,
               .amount = event->total, .currency = event->currency,
               .card_token = event->card_token);
    cairn_schedule(ret, DEADLINE,
                   cairn_time_after(given->now, CAIRN_SECONDS(fulfilment_deadline_s)));
}

CAIRN_WHEN_BY(fulfilment, payment, payment_authorized, order_id)
{
    if (!is_ours(self))
        return;
    self->authorized = true;
    cairn_cancel(ret, DEADLINE);
    if (self->cancelled)
        refund(self, ret);
    else
        CAIRN_SEND(ret, order, given->id, pay_order, .payment_id = self->payment_id);
}

CAIRN_WHEN_BY(fulfilment, payment, payment_declined, order_id)
{
    if (!is_ours(self))
        return;
    self->declined = true;
    cairn_cancel(ret, DEADLINE);
    if (!self->cancelled)
        CAIRN_SEND(ret, order, given->id, cancel_order, .reason = "the payment was declined");
}

CAIRN_WHEN_TIMER(fulfilment, deadline, DEADLINE)
{
    if (!self->authorized && !self->cancelled)
        CAIRN_SEND(ret, order, given->id, cancel_order, .reason = "the payment took too long");
}

CAIRN_WHEN(fulfilment, order, order_shipped)
{
    if (is_ours(self))
        CAIRN_SEND(ret, payment, self->payment_id, capture_payment);
}

CAIRN_WHEN(fulfilment, order, order_cancelled)
{
    if (!is_ours(self))
        return;
    self->cancelled = true;
    cairn_cancel(ret, DEADLINE);
    if (self->authorized)
        refund(self, ret);
    else if (!self->declined)
        CAIRN_SEND(ret, payment, self->payment_id, decline_payment,
                   .reason = "the order was cancelled");
}

/* The order was cancelled while the payment was authorised: the money is refunded, whether this
 * refusal arrives before the OrderCancelled or after it. */
CAIRN_WHEN_REFUSED(fulfilment, pay_order)
{
    refund(self, ret);
}
