/* payment.c - the rules of a payment: money is captured once, and given back at most once. */
#include "payment.h"

#include "cards.h"
#include "charging.h"

#include <cairn/service.h>

#include <stdio.h>

#define CURRENCY .max_bytes = 3, .format = CAIRN_FORMAT_CURRENCY, .example = "\"EUR\""

CAIRN_RECORD(payment_requested, CAIRN_FIELD(payment_requested, order_id),
             CAIRN_FIELD(payment_requested, amount),
             CAIRN_FIELD(payment_requested, currency, CURRENCY),
             CAIRN_FIELD(payment_requested, card_token));
CAIRN_RECORD(payment_authorized, CAIRN_FIELD(payment_authorized, order_id),
             CAIRN_FIELD(payment_authorized, reference));
CAIRN_RECORD(payment_declined, CAIRN_FIELD(payment_declined, order_id),
             CAIRN_FIELD(payment_declined, reason));
CAIRN_RECORD(payment_captured, CAIRN_FIELD(payment_captured, order_id),
             CAIRN_FIELD(payment_captured, amount),
             CAIRN_FIELD(payment_captured, currency, CURRENCY));
CAIRN_RECORD(payment_refunded, CAIRN_FIELD(payment_refunded, order_id),
             CAIRN_FIELD(payment_refunded, amount),
             CAIRN_FIELD(payment_refunded, currency, CURRENCY),
             CAIRN_FIELD(payment_refunded, reason));

CAIRN_EVENTS(payment,
             CAIRN_EVENT(payment, PAYMENT_REQUESTED, payment_requested, "PaymentRequested", 1),
             CAIRN_EVENT(payment, PAYMENT_AUTHORIZED, payment_authorized, "PaymentAuthorized", 1),
             CAIRN_EVENT(payment, PAYMENT_DECLINED, payment_declined, "PaymentDeclined", 1),
             CAIRN_EVENT(payment, PAYMENT_CAPTURED, payment_captured, "PaymentCaptured", 1),
             CAIRN_EVENT(payment, PAYMENT_REFUNDED, payment_refunded, "PaymentRefunded", 1));

CAIRN_RECORD(request_payment, CAIRN_FIELD(request_payment, order_id),
             CAIRN_FIELD(request_payment, amount, CAIRN_RANGE(1, 1000000000000), .example = "900",
                         .help = "Minor units of the currency."),
             CAIRN_FIELD(request_payment, currency, CURRENCY),
             CAIRN_FIELD(request_payment, card_token, .max_bytes = 100,
                         .format = CAIRN_FORMAT_TOKEN, .example = "\"tok_visa\""));
CAIRN_RECORD(authorize_payment,
             CAIRN_FIELD(authorize_payment, reference, .max_bytes = 100, .example = "\"A-1907\""));
CAIRN_RECORD(decline_payment, CAIRN_FIELD(decline_payment, reason, .max_bytes = 500,
                                          .example = "\"insufficient funds\""));
CAIRN_EMPTY_RECORD(capture_payment);
CAIRN_RECORD(refund_payment, CAIRN_FIELD(refund_payment, reason, .max_bytes = 500,
                                         .example = "\"the parcel was lost\""));

CAIRN_COMMANDS(
    payment,
    CAIRN_COMMAND(payment, REQUEST_PAYMENT, request_payment, "POST /payments",
                  .help = "Asks for money from a card."),
    CAIRN_COMMAND(payment, AUTHORIZE_PAYMENT, authorize_payment, "POST /payments/{id}/authorize",
                  .help = "The card's bank has reserved the amount."),
    CAIRN_COMMAND(payment, DECLINE_PAYMENT, decline_payment, "POST /payments/{id}/decline",
                  .help = "The card's bank has declined."),
    CAIRN_COMMAND(payment, CAPTURE_PAYMENT, capture_payment, "POST /payments/{id}/capture",
                  .help = "Takes the money that is held."),
    CAIRN_COMMAND(payment, REFUND_PAYMENT, refund_payment, "POST /payments/{id}/refund",
                  .help = "Refunds the amount, reserved or captured."));

static const char *const payment_status_names[] = {
    NULL, "requested", "authorized", "declined", "captured", "refunded",
};

struct payment {
    enum payment_status { REQUESTED = 1, AUTHORIZED, DECLINED, CAPTURED, REFUNDED } status;
    struct cairn_uuid order_id;
    int64_t amount;
    const char *currency;
};
CAIRN_RECORD(payment, CAIRN_ENUM_FIELD(payment, status, payment_status_names),
             CAIRN_FIELD(payment, order_id), CAIRN_FIELD(payment, amount),
             CAIRN_FIELD(payment, currency));

static void payment_evolve(struct payment *self, const struct payment_event *event)
{
    switch (event->type) {
    case PAYMENT_REQUESTED:
        self->status = REQUESTED;
        self->order_id = event->as.payment_requested.order_id;
        self->amount = event->as.payment_requested.amount;
        self->currency = event->as.payment_requested.currency;
        break;
    case PAYMENT_AUTHORIZED:
        self->status = AUTHORIZED;
        break;
    case PAYMENT_DECLINED:
        self->status = DECLINED;
        break;
    case PAYMENT_CAPTURED:
        self->status = CAPTURED;
        break;
    case PAYMENT_REFUNDED:
        self->status = REFUNDED;
        break;
    }
}

/* Refuses with the code of the state that the payment is in: "payment-captured". */
static int refuse_in_state(const struct payment *self, const char *wanted,
                           struct cairn_error *error)
{
    char reason[32];
    const char *status = payment_status_names[self->status];
    (void)snprintf(reason, sizeof reason, "payment-%s", status);
    return cairn_refuse(error, reason, "the payment is %s and cannot be %s", status, wanted);
}

static int payment_decide(const struct payment *self, const struct payment_command *command,
                          const struct cairn_given *given, struct cairn_decision *ret,
                          struct cairn_error *error)
{
    (void)given;
    switch (command->type) {
    case REQUEST_PAYMENT: {
        const struct request_payment *request = &command->as.request_payment;
        CAIRN_EMIT(ret, payment_requested, .order_id = request->order_id, .amount = request->amount,
                   .currency = request->currency, .card_token = request->card_token);
        return 0;
    }
    case AUTHORIZE_PAYMENT:
        if (self->status != REQUESTED)
            return refuse_in_state(self, "authorized", error);
        CAIRN_EMIT(ret, payment_authorized, .order_id = self->order_id,
                   .reference = command->as.authorize_payment.reference);
        return 0;
    case DECLINE_PAYMENT:
        if (self->status != REQUESTED)
            return refuse_in_state(self, "declined", error);
        CAIRN_EMIT(ret, payment_declined, .order_id = self->order_id,
                   .reason = command->as.decline_payment.reason);
        return 0;
    case CAPTURE_PAYMENT:
        if (self->status != AUTHORIZED)
            return refuse_in_state(self, "captured", error);
        CAIRN_EMIT(ret, payment_captured, .order_id = self->order_id, .amount = self->amount,
                   .currency = self->currency);
        return 0;
    case REFUND_PAYMENT:
        if (self->status != AUTHORIZED && self->status != CAPTURED)
            return refuse_in_state(self, "refunded", error);
        CAIRN_EMIT(ret, payment_refunded, .order_id = self->order_id, .amount = self->amount,
                   .currency = self->currency, .reason = command->as.refund_payment.reason);
        return 0;
    }
    return cairn_fail(error, CAIRN_BUG, "no such command: %d", (int)command->type);
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
