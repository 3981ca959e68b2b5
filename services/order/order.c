/* order.c - the rules of an order: no I/O, no clock, no allocation. */
#include "order.h"

#include "../user/user.h"
#include "fulfilment.h"

#include <cairn/service.h>

#define TEST_CARD "tok_visa"
#define TOTAL_MAX INT64_C(1000000000000) /* minor units: limit of one order */

/* ---- events and commands ---- */

#define CURRENCY .max_bytes = 3, .format = CAIRN_FORMAT_CURRENCY, .example = "\"EUR\""

CAIRN_RECORD(order_line, CAIRN_FIELD(order_line, sku, .max_bytes = 40, .example = "\"tea-100\""),
             CAIRN_FIELD(order_line, quantity, CAIRN_RANGE(1, 1000), .example = "2"),
             CAIRN_FIELD(order_line, unit_price, CAIRN_RANGE(0, TOTAL_MAX), .example = "450",
                         .help = "Minor units of the order's currency."));

CAIRN_RECORD(order_placed, CAIRN_FIELD(order_placed, user_id),
             CAIRN_FIELD(order_placed, currency, CURRENCY),
             CAIRN_LIST_FIELD(order_placed, lines, order_line, .max_count = 100),
             CAIRN_FIELD(order_placed, total), CAIRN_FIELD(order_placed, card_token));
CAIRN_RECORD(order_paid, CAIRN_FIELD(order_paid, payment_id),
             CAIRN_FIELD(order_paid, currency, CURRENCY), CAIRN_FIELD(order_paid, total));
CAIRN_RECORD(order_shipped, CAIRN_FIELD(order_shipped, carrier),
             CAIRN_FIELD(order_shipped, tracking));
CAIRN_RECORD(order_cancelled, CAIRN_FIELD(order_cancelled, reason),
             CAIRN_FIELD(order_cancelled, was_paid),
             CAIRN_FIELD(order_cancelled, currency, CURRENCY), CAIRN_FIELD(order_cancelled, total));

CAIRN_EVENTS(order, CAIRN_EVENT(order, ORDER_PLACED, order_placed, "OrderPlaced", 1),
             CAIRN_EVENT(order, ORDER_PAID, order_paid, "OrderPaid", 1),
             CAIRN_EVENT(order, ORDER_SHIPPED, order_shipped, "OrderShipped", 1),
             CAIRN_EVENT(order, ORDER_CANCELLED, order_cancelled, "OrderCancelled", 1));

CAIRN_RECORD(place_order, CAIRN_FIELD(place_order, user_id),
             CAIRN_FIELD(place_order, currency, CURRENCY),
             CAIRN_LIST_FIELD(place_order, lines, order_line, .min_count = 1, .max_count = 100),
             CAIRN_FIELD(place_order, card_token, .optional = true, .max_bytes = 100,
                         .format = CAIRN_FORMAT_TOKEN, .example = "\"" TEST_CARD "\""));
CAIRN_RECORD(pay_order, CAIRN_FIELD(pay_order, payment_id));
CAIRN_RECORD(ship_order,
             CAIRN_FIELD(ship_order, carrier, .max_bytes = 100, .example = "\"Northern Post\""),
             CAIRN_FIELD(ship_order, tracking, .max_bytes = 100, .example = "\"NP-4711\""));
CAIRN_RECORD(cancel_order,
             CAIRN_FIELD(cancel_order, reason, .max_bytes = 500, .example = "\"changed my mind\""));

/* ---- the fact about the order's user ---- */

CAIRN_RECORD(order_customer, CAIRN_FIELD(order_customer, known),
             CAIRN_FIELD(order_customer, active));

static void order_customer_evolve(struct order_customer *self, const struct user_event *event)
{
    switch (event->type) {
    case USER_REGISTERED:
        self->known = true;
        self->active = true;
        break;
    case USER_DEACTIVATED:
        self->active = false;
        break;
    case USER_EMAIL_CHANGED:
        break;
    }
}
CAIRN_FACT(order_customer, user, .state_version = 1);

CAIRN_COMMANDS(order,
               CAIRN_COMMAND(order, PLACE_ORDER, place_order, "POST /orders",
                             .needs = {CAIRN_NEED(order_customer, place_order, user_id)},
                             .help = "Places an order for an active user."),
               CAIRN_COMMAND(order, PAY_ORDER, pay_order, "POST /orders/{id}/pay",
                             .help = "Records the payment that covers the order."),
               CAIRN_COMMAND(order, SHIP_ORDER, ship_order, "POST /orders/{id}/ship",
                             .help = "Hands a paid order to a carrier."),
               CAIRN_COMMAND(order, CANCEL_ORDER, cancel_order, "POST /orders/{id}/cancel",
                             .help = "Cancels an order that was not shipped."));

/* ---- state ---- */

static const char *const order_status_names[] = {
    NULL, "placed", "paid", "shipped", "cancelled",
};

struct order {
    enum order_status { PLACED = 1, PAID, SHIPPED, CANCELLED } status;
    struct cairn_uuid payment_id;
    const char *currency;
    int64_t total;
};
CAIRN_RECORD(order, CAIRN_ENUM_FIELD(order, status, order_status_names),
             CAIRN_FIELD(order, payment_id, .optional = true), CAIRN_FIELD(order, currency),
             CAIRN_FIELD(order, total));

static void order_evolve(struct order *self, const struct order_event *event)
{
    switch (event->type) {
    case ORDER_PLACED:
        self->status = PLACED;
        self->currency = event->as.order_placed.currency;
        self->total = event->as.order_placed.total;
        break;
    case ORDER_PAID:
        self->status = PAID;
        self->payment_id = event->as.order_paid.payment_id;
        break;
    case ORDER_SHIPPED:
        self->status = SHIPPED;
        break;
    case ORDER_CANCELLED:
        self->status = CANCELLED;
        break;
    }
}

/* ---- decisions ---- */

/* Adds up the lines; the ranges limit each product, TOTAL_MAX limits the sum. */
static int order_total(const struct order_lines *lines, int64_t *ret, struct cairn_error *error)
{
    int64_t total = 0;
    for (size_t i = 0; i < lines->count; i++) {
        const struct order_line *line = &lines->items[i];
        if (!cairn_add_product(&total, line->quantity, line->unit_price) || total > TOTAL_MAX)
            return cairn_refuse(error, "order-total-too-large",
                                "the order comes to more than %" PRId64, TOTAL_MAX);
    }
    *ret = total;
    return 0;
}

static int place(const struct place_order *command, const struct cairn_given *given,
                 struct cairn_decision *ret, struct cairn_error *error)
{
    const struct order_customer *customer = CAIRN_KNOWN(given, order_customer);
    if (!customer->known)
        return cairn_refuse(error, "user-unknown", "no user has this id");
    if (!customer->active)
        return cairn_refuse(error, "user-not-active", "the user was deactivated");

    int64_t total = 0;
    int failed = order_total(&command->lines, &total, error);
    if (failed)
        return failed;

    CAIRN_EMIT(ret, order_placed, .user_id = command->user_id, .currency = command->currency,
               .lines = command->lines, .total = total,
               .card_token = command->card_token ? command->card_token : TEST_CARD);
    return 0;
}

static int pay(const struct order *self, const struct pay_order *command,
               struct cairn_decision *ret, struct cairn_error *error)
{
    if (self->status == CANCELLED)
        return cairn_refuse(error, "order-cancelled", "the order was cancelled");
    if (self->status != PLACED)
        return cairn_refuse(error, "order-already-paid", "the order was paid already");

    CAIRN_EMIT(ret, order_paid, .payment_id = command->payment_id, .currency = self->currency,
               .total = self->total);
    return 0;
}

static int ship(const struct order *self, const struct ship_order *command,
                struct cairn_decision *ret, struct cairn_error *error)
{
    switch (self->status) {
    case PAID:
        CAIRN_EMIT(ret, order_shipped, .carrier = command->carrier, .tracking = command->tracking);
        return 0;
    case PLACED:
        return cairn_refuse(error, "order-not-paid", "the order has not been paid");
    case SHIPPED:
        return cairn_refuse(error, "order-already-shipped", "the order was shipped already");
    case CANCELLED:
        return cairn_refuse(error, "order-cancelled", "the order was cancelled");
    }
    return cairn_fail(error, CAIRN_BUG, "an order in state %d", (int)self->status);
}

static int cancel(const struct order *self, const struct cancel_order *command,
                  struct cairn_decision *ret, struct cairn_error *error)
{
    if (self->status == SHIPPED)
        return cairn_refuse(error, "order-already-shipped", "the order was shipped already");
    if (self->status == CANCELLED)
        return cairn_refuse(error, "order-cancelled", "the order was cancelled already");

    CAIRN_EMIT(ret, order_cancelled, .reason = command->reason, .was_paid = self->status == PAID,
               .currency = self->currency, .total = self->total);
    return 0;
}

static int order_decide(const struct order *self, const struct order_command *command,
                        const struct cairn_given *given, struct cairn_decision *ret,
                        struct cairn_error *error)
{
    switch (command->type) {
    case PLACE_ORDER:
        return place(&command->as.place_order, given, ret, error);
    case PAY_ORDER:
        return pay(self, &command->as.pay_order, ret, error);
    case SHIP_ORDER:
        return ship(self, &command->as.ship_order, ret, error);
    case CANCEL_ORDER:
        return cancel(self, &command->as.cancel_order, ret, error);
    }
    return cairn_fail(error, CAIRN_BUG, "no such command: %d", (int)command->type);
}

CAIRN_DECIDER(order, .state_version = 1, .help = "Orders, from the basket to the carrier.");

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_PAYMENT_DEADLINE_S",
     .fallback = "900",
     .unit = "s",
     .number = &fulfilment_deadline_s,
     .min = 1,
     .max = 31536000,
     .help = "how long a payment may take before its order is cancelled"},
    {.name = NULL},
};

const struct cairn_service order_service = {
    .name = "order",
    .port = 8002,
    .help = "accepts orders, and decides what may happen to them",
    .deciders = {&order_decider},
    .processes = {&fulfilment_process},
    .peers = {{"payment", "http://127.0.0.1:8003"}},
    .settings = settings,
};
