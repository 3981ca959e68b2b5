/* order.h - public interface of the order service: its events and commands.
 *
 *     placed --pay--> paid --ship--> shipped
 *        \              \
 *         `---cancel-----`--> cancelled
 *
 * Customers place and cancel orders of their own, clerks ship. The role order-service is that of
 * this service's process, fulfilment (docs/guide/policies.md). */
#ifndef ORDER_H
#define ORDER_H

#include <cairn/decider.h>

#define ORDER_TEST_CARD "tok_visa"
#define ORDER_TOTAL_MAX INT64_C(1000000000000) /* minor units: limit of one order */

CAIRN_STRUCT(order_line, TEXT(sku, .max_bytes = 40, .example = "\"tea-100\""),
             INT(quantity, CAIRN_RANGE(1, 1000), .example = "2"),
             INT(unit_price, CAIRN_RANGE(0, ORDER_TOTAL_MAX), .example = "450",
                 .help = "Minor units of the order's currency."));

/* Totals are in minor units of the currency. */
CAIRN_STRUCT(order_placed, UUID(user_id), TEXT(currency, CAIRN_CURRENCY),
             LIST(lines, order_line, .max_count = 100), INT(total), TEXT(card_token));
CAIRN_STRUCT(order_paid, UUID(payment_id), TEXT(currency, CAIRN_CURRENCY), INT(total));
CAIRN_STRUCT(order_shipped, TEXT(carrier), TEXT(tracking));
CAIRN_STRUCT(order_cancelled, TEXT(reason), BOOL(was_paid), TEXT(currency, CAIRN_CURRENCY),
             INT(total));

CAIRN_EVENTS(order, EVENT(order_placed, "OrderPlaced", 1), EVENT(order_paid, "OrderPaid", 1),
             EVENT(order_shipped, "OrderShipped", 1), EVENT(order_cancelled, "OrderCancelled", 1));

/* Without a card token, a test card is charged. */
CAIRN_STRUCT(place_order, UUID(user_id), TEXT(currency, CAIRN_CURRENCY),
             LIST(lines, order_line, .min_count = 1, .max_count = 100),
             TEXT(card_token, .optional = true, .max_bytes = 100, .format = CAIRN_FORMAT_TOKEN,
                  .example = "\"" ORDER_TEST_CARD "\""));
CAIRN_STRUCT(pay_order, UUID(payment_id));
CAIRN_STRUCT(ship_order, TEXT(carrier, .max_bytes = 100, .example = "\"Northern Post\""),
             TEXT(tracking, .max_bytes = 100, .example = "\"NP-4711\""));
CAIRN_STRUCT(cancel_order, TEXT(reason, .max_bytes = 500, .example = "\"changed my mind\""));

/* The fact that place_order needs about its user. */
CAIRN_STRUCT(order_customer, BOOL(known), BOOL(active));

CAIRN_COMMANDS(order,
               COMMAND(place_order, "POST /orders", .allow = CAIRN_OWNER(place_order, user_id),
                       .help = "Places an order for an active user."),
               COMMAND(pay_order, "POST /orders/{id}/pay", .allow = CAIRN_ROLE("order-service"),
                       .help = "Records the payment that covers the order."),
               COMMAND(ship_order, "POST /orders/{id}/ship", .allow = CAIRN_ROLE("clerk"),
                       .help = "Hands a paid order to a carrier."),
               COMMAND(cancel_order, "POST /orders/{id}/cancel",
                       .allow = CAIRN_OWNER(order, user_id, "order-service"),
                       .help = "Cancels an order that was not shipped."));

#endif
