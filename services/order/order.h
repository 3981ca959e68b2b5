/* order.h - public interface of the order service: its events and commands.
 *
 *     placed --pay--> paid --ship--> shipped
 *        \              \
 *         `---cancel-----`--> cancelled */
#ifndef ORDER_H
#define ORDER_H

#include <cairn/decider.h>

struct order_line {
    const char *sku;
    int64_t quantity;
    int64_t unit_price; /* minor units of the order's currency */
};
struct order_lines CAIRN_LIST(struct order_line);
CAIRN_DECLARE(order_line);

struct order_placed {
    struct cairn_uuid user_id;
    const char *currency;
    struct order_lines lines;
    int64_t total; /* minor units */
    const char *card_token;
};
struct order_paid {
    struct cairn_uuid payment_id;
    const char *currency;
    int64_t total;
};
struct order_shipped {
    const char *carrier;
    const char *tracking;
};
struct order_cancelled {
    const char *reason;
    bool was_paid;
    const char *currency;
    int64_t total;
};
CAIRN_DECLARE(order_placed);
CAIRN_DECLARE(order_paid);
CAIRN_DECLARE(order_shipped);
CAIRN_DECLARE(order_cancelled);

struct order_event {
    enum order_event_type { ORDER_PLACED = 1, ORDER_PAID, ORDER_SHIPPED, ORDER_CANCELLED } type;
    union {
        struct order_placed order_placed;
        struct order_paid order_paid;
        struct order_shipped order_shipped;
        struct order_cancelled order_cancelled;
    } as;
};

struct place_order {
    struct cairn_uuid user_id;
    const char *currency;
    struct order_lines lines;
    const char *card_token; /* optional: defaults to a test card */
};
struct pay_order {
    struct cairn_uuid payment_id;
};
struct ship_order {
    const char *carrier;
    const char *tracking;
};
struct cancel_order {
    const char *reason;
};
CAIRN_DECLARE(place_order);
CAIRN_DECLARE(pay_order);
CAIRN_DECLARE(ship_order);
CAIRN_DECLARE(cancel_order);

struct order_command {
    enum order_command_type { PLACE_ORDER = 1, PAY_ORDER, SHIP_ORDER, CANCEL_ORDER } type;
    union {
        struct place_order place_order;
        struct pay_order pay_order;
        struct ship_order ship_order;
        struct cancel_order cancel_order;
    } as;
};

/* The fact that place_order needs about its user. */
struct order_customer {
    bool known;
    bool active;
};
CAIRN_DECLARE(order_customer);

CAIRN_PUBLISH(order);

#endif
