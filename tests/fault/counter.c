/* counter.c - users, orders and payments in one service, whose name is not that of any of its
 * deciders. Every second seed runs it in place of the three services, to reveal code that mistakes
 * the name of a service for that of a category. */
#include "../../services/order/fulfilment.h"
#include "../../services/order/order.h"
#include "../../services/payment/cards.h"
#include "../../services/payment/charging.h"
#include "../../services/payment/payment.h"
#include "../../services/user/user.h"

#include <cairn/service.h>

static const struct cairn_service counter_service = {
    .name = "counter",
    .port = 8001,
    .help = "users, orders and payments, by one service",
    .deciders = {&user_decider, &order_decider, &payment_decider},
    .processes = {&fulfilment_process},
    .reactors = {&charging_reactor},
    .settings = cards_settings,
};

int main(int argc, char **argv)
{
    return cairn_main(argc, argv, (const struct cairn_service *const[]){&counter_service, NULL});
}
