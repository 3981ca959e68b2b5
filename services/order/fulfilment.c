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

struct fulfilment {
    struct cairn_uuid payment_id; /* zero: the order is not managed by this process */
    bool authorized;
    bool declined;
    bool cancelled;
    bool refunded;
};
CAIRN_RECORD(fulfilment, CAIRN_FIELD(fulfilment, payment_id, .optional = true),
             CAIRN_FIELD(fulfilment, authorized), CAIRN_FIELD(fulfilment, declined),
             CAIRN_FIELD(fulfilment, cancelled), CAIRN_FIELD(fulfilment, refunded));

static bool is_ours(const struct fulfilment *self)
{
    return !cairn_uuid_is_zero(self->payment_id);
}

static void placed(struct fulfilment *self, const struct order_placed *event,
                   const struct cairn_given *given, struct cairn_reaction *ret)
{
    self->payment_id = cairn_new_id(given, "payment");
    CAIRN_SEND(ret, payment, self->payment_id, request_payment, .order_id = given->id,
               .amount = event->total, .currency = event->currency,
               .card_token = event->card_token);
    cairn_schedule(ret, DEADLINE,
                   cairn_time_after(given->now, CAIRN_SECONDS(fulfilment_deadline_s)));
}
CAIRN_WHEN(fulfilment, order, order_placed, placed);

static struct cairn_uuid authorized_order(const struct payment_authorized *event,
                                          const struct cairn_meta *meta)
{
    (void)meta;
    return event->order_id;
}

static void refund(struct fulfilment *self, struct cairn_reaction *ret)
{
    if (self->refunded)
        return;
    self->refunded = true;
    CAIRN_SEND(ret, payment, self->payment_id, refund_payment, .reason = "the order was cancelled");
}

static void authorized(struct fulfilment *self, const struct payment_authorized *event,
                       const struct cairn_given *given, struct cairn_reaction *ret)
{
    (void)event;
    if (!is_ours(self))
        return;
    self->authorized = true;
    cairn_cancel(ret, DEADLINE);
    if (self->cancelled)
        refund(self, ret);
    else
        CAIRN_SEND(ret, order, given->id, pay_order, .payment_id = self->payment_id);
}
CAIRN_WHEN_BY(fulfilment, payment, payment_authorized, authorized, authorized_order);

static struct cairn_uuid declined_order(const struct payment_declined *event,
                                        const struct cairn_meta *meta)
{
    (void)meta;
    return event->order_id;
}

static void declined(struct fulfilment *self, const struct payment_declined *event,
                     const struct cairn_given *given, struct cairn_reaction *ret)
{
    (void)event;
    if (!is_ours(self))
        return;
    self->declined = true;
    cairn_cancel(ret, DEADLINE);
    if (!self->cancelled)
        CAIRN_SEND(ret, order, given->id, cancel_order, .reason = "the payment was declined");
}
CAIRN_WHEN_BY(fulfilment, payment, payment_declined, declined, declined_order);

static void deadline(struct fulfilment *self, const char *timer, const struct cairn_given *given,
                     struct cairn_reaction *ret)
{
    (void)timer;
    if (!self->authorized && !self->cancelled)
        CAIRN_SEND(ret, order, given->id, cancel_order, .reason = "the payment took too long");
}
CAIRN_WHEN_TIMER(fulfilment, deadline, DEADLINE, deadline);

static void shipped(struct fulfilment *self, const struct order_shipped *event,
                    const struct cairn_given *given, struct cairn_reaction *ret)
{
    (void)event;
    (void)given;
    if (is_ours(self))
        CAIRN_SEND(ret, payment, self->payment_id, capture_payment, CAIRN_NOTHING);
}
CAIRN_WHEN(fulfilment, order, order_shipped, shipped);

static void cancelled(struct fulfilment *self, const struct order_cancelled *event,
                      const struct cairn_given *given, struct cairn_reaction *ret)
{
    (void)event;
    (void)given;
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
CAIRN_WHEN(fulfilment, order, order_cancelled, cancelled);

/* The order was cancelled while the payment was authorised: the money is refunded, whether this
 * refusal arrives before the OrderCancelled or after it. */
static void not_payable(struct fulfilment *self, const struct cairn_refusal *refusal,
                        const struct cairn_given *given, struct cairn_reaction *ret)
{
    (void)refusal;
    (void)given;
    refund(self, ret);
}
CAIRN_WHEN_REFUSED(fulfilment, pay_order, not_payable);

CAIRN_PROCESS(fulfilment, .help = "Leads an order to its payment and delivery.",
              CAIRN_SENDS(&payment_commands, &order_commands),
              CAIRN_WHEN_LIST(&fulfilment_when_order_placed, &fulfilment_when_payment_authorized,
                              &fulfilment_when_payment_declined, &fulfilment_when_deadline,
                              &fulfilment_when_order_shipped, &fulfilment_when_order_cancelled,
                              &fulfilment_when_pay_order));
