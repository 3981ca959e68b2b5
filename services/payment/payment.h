/* payment.h - public interface of the payment service: its events and commands.
 *
 *     requested --authorize--> authorized --capture--> captured
 *         \                         \                     \
 *          `--decline--> declined    `-------refund--------`--> refunded
 *
 * Finance asks for money and refunds it. The roles order-service and payment-service are those of
 * the process fulfilment and of this service's reactor, charging (docs/guide/policies.md). */
#ifndef PAYMENT_H
#define PAYMENT_H

#include <cairn/decider.h>

/* Amounts are in minor units of the currency. */
CAIRN_STRUCT(payment_requested, UUID(order_id), INT(amount), TEXT(currency, CAIRN_CURRENCY),
             TEXT(card_token));
CAIRN_STRUCT(payment_authorized, UUID(order_id), TEXT(reference));
CAIRN_STRUCT(payment_declined, UUID(order_id), TEXT(reason));
CAIRN_STRUCT(payment_captured, UUID(order_id), INT(amount), TEXT(currency, CAIRN_CURRENCY));
CAIRN_STRUCT(payment_refunded, UUID(order_id), INT(amount), TEXT(currency, CAIRN_CURRENCY),
             TEXT(reason));

CAIRN_EVENTS(payment, EVENT(payment_requested, "PaymentRequested", 1),
             EVENT(payment_authorized, "PaymentAuthorized", 1),
             EVENT(payment_declined, "PaymentDeclined", 1),
             EVENT(payment_captured, "PaymentCaptured", 1),
             EVENT(payment_refunded, "PaymentRefunded", 1));

CAIRN_STRUCT(request_payment, UUID(order_id),
             INT(amount, CAIRN_RANGE(1, 1000000000000), .example = "900",
                 .help = "Minor units of the currency."),
             TEXT(currency, CAIRN_CURRENCY),
             TEXT(card_token, .max_bytes = 100, .format = CAIRN_FORMAT_TOKEN,
                  .example = "\"tok_visa\""));
CAIRN_STRUCT(authorize_payment, TEXT(reference, .max_bytes = 100, .example = "\"A-1907\""));
CAIRN_STRUCT(decline_payment, TEXT(reason, .max_bytes = 500, .example = "\"insufficient funds\""));
CAIRN_STRUCT(capture_payment);
CAIRN_STRUCT(refund_payment, TEXT(reason, .max_bytes = 500, .example = "\"the parcel was lost\""));

CAIRN_COMMANDS(payment,
               COMMAND(request_payment, "POST /payments",
                       .allow = CAIRN_ROLE("order-service", "finance"),
                       .help = "Asks for money from a card."),
               COMMAND(authorize_payment, "POST /payments/{id}/authorize",
                       .allow = CAIRN_ROLE("payment-service"),
                       .help = "The card's bank has reserved the amount."),
               COMMAND(decline_payment, "POST /payments/{id}/decline",
                       .allow = CAIRN_ROLE("payment-service", "order-service"),
                       .help = "The card's bank has declined."),
               COMMAND(capture_payment, "POST /payments/{id}/capture",
                       .allow = CAIRN_ROLE("order-service"),
                       .help = "Takes the money that is held."),
               COMMAND(refund_payment, "POST /payments/{id}/refund",
                       .allow = CAIRN_ROLE("finance", "order-service"),
                       .help = "Refunds the amount, reserved or captured."));

#endif
