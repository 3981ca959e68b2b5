/* payment.c - the rules of a payment: money is captured once, and given back at most once. */
#include "payment.h"

#include "cards.h"
#include "charging.h"

#include <cairn/service.h>

#include <stdio.h>

CAIRN_ENUM(payment_status, (REQUESTED, "requested"), (AUTHORIZED, "authorized"),
           (DECLINED, "declined"), (CAPTURED, "captured"), (REFUNDED, "refunded"));
CAIRN_STRUCT(payment, ENUM(status, payment_status), UUID(order_id), INT(amount), TEXT(currency));

CAIRN_EVOLVE(payment, payment_requested)
{
    self->status = REQUESTED;
    self->order_id = event->order_id;
    self->amount = event->amount;
    self->currency = event->currency;
}

CAIRN_EVOLVE(payment, payment_authorized)
{
    self->status = AUTHORIZED;
}

CAIRN_EVOLVE(payment, payment_declined)
{
    self->status = DECLINED;
}

CAIRN_EVOLVE(payment, payment_captured)
{
    self->status = CAPTURED;
}

CAIRN_EVOLVE(payment, payment_refunded)
{
    self->status = REFUNDED;
}

/* Refuses with the code of the state that the payment is in: "payment-captured". */
static int refuse_in_state(const struct payment *self, const char *wanted,
                           struct cairn_error *error)
{
    char reason[32];
    const char *status = payment_status_names_[self->status];
    (void)snprintf(reason, sizeof reason, "payment-%s", status);
    return cairn_refuse(error, reason, "the payment is %s and cannot be %s", status, wanted);
}

CAIRN_DECIDE(payment, request_payment)
{
    CAIRN_EMIT(ret, payment_requested, .order_id = command->order_id, .amount = command->amount,
               .currency = command->currency, .card_token = command->card_token);
    return 0;
}

CAIRN_DECIDE(payment, authorize_payment)
{
    if (self->status != REQUESTED)
        return refuse_in_state(self, "authorized", error);
    CAIRN_EMIT(ret, payment_authorized, .order_id = self->order_id,
               .reference = command->reference);
    return 0;
}

CAIRN_DECIDE(payment, decline_payment)
{
    if (self->status != REQUESTED)
        return refuse_in_state(self, "declined", error);
    CAIRN_EMIT(ret, payment_declined, .order_id = self->order_id, .reason = command->reason);
    return 0;
}

CAIRN_DECIDE(payment, capture_payment)
{
    if (self->status != AUTHORIZED)
        return refuse_in_state(self, "captured", error);
    CAIRN_EMIT(ret, payment_captured, .order_id = self->order_id, .amount = self->amount,
               .currency = self->currency);
    return 0;
}

CAIRN_DECIDE(payment, refund_payment)
{
    if (self->status != AUTHORIZED && self->status != CAPTURED)
        return refuse_in_state(self, "refunded", error);
    CAIRN_EMIT(ret, payment_refunded, .order_id = self->order_id, .amount = self->amount,
               .currency = self->currency, .reason = command->reason);
    return 0;
}

CAIRN_DECIDER(payment, .state_version = 1, .help = "Payments by card.");

const struct cairn_service payment_service = {
    .name = "payment",
    .port = 8003,
    .help = "requests, captures and refunds payments",
    .deciders = {&payment_decider},
    .reactors = {&charging_reactor},
    .settings = cards_settings,
};
