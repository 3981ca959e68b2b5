/* order.c - the rules of an order: no I/O, no clock. */
#include "order.h"

#include "../user/user.h"
#include "fulfilment.h"

#include <cairn/service.h>

/* ---- the fact about the order's user ---- */

CAIRN_FACT(order_customer, user, .state_version = 1);

CAIRN_LEARN(order_customer, user_registered)
{
    self->known = true;
    self->active = true;
}

CAIRN_LEARN(order_customer, user_deactivated)
{
    self->active = false;
}

/* ---- state ---- */

CAIRN_ENUM(order_status, (PLACED, "placed"), (PAID, "paid"), (SHIPPED, "shipped"),
           (CANCELLED, "cancelled"));
CAIRN_STRUCT(order, UUID(user_id), ENUM(status, order_status), UUID(payment_id, .optional = true),
             TEXT(currency), INT(total));

CAIRN_EVOLVE(order, order_placed)
{
    self->user_id = event->user_id;
    self->status = PLACED;
    self->currency = event->currency;
    self->total = event->total;
}

CAIRN_EVOLVE(order, order_paid)
{
    self->status = PAID;
    self->payment_id = event->payment_id;
}

CAIRN_EVOLVE(order, order_shipped)
{
    self->status = SHIPPED;
}

CAIRN_EVOLVE(order, order_cancelled)
{
    self->status = CANCELLED;
}

/* ---- decisions ---- */

/* Adds up the lines; the ranges limit each product, ORDER_TOTAL_MAX limits the sum. */
static int order_total(const struct order_line_list *lines, int64_t *ret, struct cairn_error *error)
{
    int64_t total = 0;
    for (size_t i = 0; i < lines->count; i++) {
        const struct order_line *line = &lines->items[i];
        if (!cairn_add_product(&total, line->quantity, line->unit_price) || total > ORDER_TOTAL_MAX)
            return cairn_refuse(error, "order-total-too-large",
                                "the order comes to more than %" PRId64, ORDER_TOTAL_MAX);
    }
    *ret = total;
    return 0;
}

CAIRN_DECIDE(order, place_order, NEED(order_customer, user_id))
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
               .card_token = command->card_token ? command->card_token : ORDER_TEST_CARD);
    return 0;
}

CAIRN_DECIDE(order, pay_order)
{
    if (self->status == CANCELLED)
        return cairn_refuse(error, "order-cancelled", "the order was cancelled");
    if (self->status != PLACED)
        return cairn_refuse(error, "order-already-paid", "the order was paid already");

    CAIRN_EMIT(ret, order_paid, .payment_id = command->payment_id, .currency = self->currency,
               .total = self->total);
    return 0;
}

CAIRN_DECIDE(order, ship_order)
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

CAIRN_DECIDE(order, cancel_order)
{
    if (self->status == SHIPPED)
        return cairn_refuse(error, "order-already-shipped", "the order was shipped already");
    if (self->status == CANCELLED)
        return cairn_refuse(error, "order-cancelled", "the order was cancelled already");

    CAIRN_EMIT(ret, order_cancelled, .reason = command->reason, .was_paid = self->status == PAID,
               .currency = self->currency, .total = self->total);
    return 0;
}

CAIRN_DECIDER(order, .state_version = 2, .help = "Orders, from the basket to the carrier.");

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
