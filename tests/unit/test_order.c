/* test_order.c - tests the business rules of an order. */
#include "../../services/order/order.h"
#include "../support/kit.h"

#define ALICE CAIRN_UUID("01890000-0000-7000-8000-00000000a11c")
#define PAYMENT CAIRN_UUID("01890000-0000-7000-8000-0000000000ca")

#define ONE_LINE .lines = CAIRN_ITEMS(order_line, {"tea-100", 2, 450})
#define AN_ORDER .user_id = ALICE, .currency = "EUR", ONE_LINE
#define PLACED order_placed, AN_ORDER, .total = 900, .card_token = "tok_visa"
#define PAID order_paid, .payment_id = PAYMENT, .currency = "EUR", .total = 900
#define SHIPPED order_shipped, .carrier = "Post", .tracking = "1"
#define CANCELLED(paid)                                                                            \
    order_cancelled, .reason = "changed my mind", .was_paid = (paid), .currency = "EUR",           \
                     .total = 900

/* ---- placing ---- */

static void an_active_user_places_an_order(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN_FACT(order_customer, .known = true, .active = true);
    WHEN(place_order, AN_ORDER);
    THEN(order_placed, AN_ORDER, .total = 900, .card_token = "tok_visa");
}

static void the_card_that_was_given_is_taken(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN_FACT(order_customer, .known = true, .active = true);
    WHEN(place_order, AN_ORDER, .card_token = "tok_declined");
    THEN(order_placed, AN_ORDER, .total = 900, .card_token = "tok_declined");
}

static void all_lines_are_added_up(void **state)
{
    (void)state;
    static const struct order_line lines[] = {{"a", 1000, 3}, {"b", 1, 0}, {"c", 7, 11}};
    CAIRN_DECIDING(order);
    GIVEN_FACT(order_customer, .known = true, .active = true);
    WHEN(place_order, .user_id = ALICE, .currency = "EUR", .lines = {lines, 3});
    THEN(order_placed, .user_id = ALICE, .currency = "EUR", .lines = {lines, 3}, .total = 3077,
         .card_token = "tok_visa");
}

static void an_unknown_user_places_nothing(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    WHEN(place_order, AN_ORDER);
    THEN_REFUSED("user-unknown");
}

static void a_deactivated_user_places_no_order(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN_FACT(order_customer, .known = true);
    WHEN(place_order, AN_ORDER);
    THEN_REFUSED("user-not-active");
}

static void a_total_beyond_the_limit_is_refused(void **state)
{
    (void)state;
    static const struct order_line just[] = {{"a", 1, INT64_C(1000000000000)}};
    static const struct order_line more[] = {{"a", 1, INT64_C(1000000000000)}, {"b", 1, 1}};
    CAIRN_DECIDING(order);
    GIVEN_FACT(order_customer, .known = true, .active = true);
    WHEN(place_order, .user_id = ALICE, .currency = "EUR", .lines = {just, 1});
    THEN(order_placed, .user_id = ALICE, .currency = "EUR", .lines = {just, 1},
         .total = INT64_C(1000000000000), .card_token = "tok_visa");
    WHEN(place_order, .user_id = ALICE, .currency = "EUR", .lines = {more, 2});
    THEN_REFUSED("order-total-too-large");
}

/* ---- paying ---- */

static void a_placed_order_is_paid(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    WHEN(pay_order, .payment_id = PAYMENT);
    THEN(PAID);
}

static void an_order_is_paid_once(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    GIVEN(PAID);
    WHEN(pay_order, .payment_id = PAYMENT);
    THEN_REFUSED("order-already-paid");
    GIVEN(SHIPPED);
    WHEN(pay_order, .payment_id = PAYMENT);
    THEN_REFUSED("order-already-paid");
}

static void a_cancelled_order_is_not_paid(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    GIVEN(CANCELLED(false));
    WHEN(pay_order, .payment_id = PAYMENT);
    THEN_REFUSED("order-cancelled");
}

/* ---- shipping ---- */

static void a_paid_order_is_shipped_once(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    GIVEN(PAID);
    WHEN(ship_order, .carrier = "Post", .tracking = "1");
    THEN(SHIPPED);
    WHEN(ship_order, .carrier = "Post", .tracking = "2");
    THEN_REFUSED("order-already-shipped");
}

static void an_order_is_not_shipped_before_it_is_paid(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    WHEN(ship_order, .carrier = "Post", .tracking = "1");
    THEN_REFUSED("order-not-paid");
}

static void a_cancelled_order_is_not_shipped(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    GIVEN(CANCELLED(false));
    WHEN(ship_order, .carrier = "Post", .tracking = "1");
    THEN_REFUSED("order-cancelled");
}

/* ---- cancelling ---- */

static void an_order_is_cancelled_until_it_is_shipped(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    WHEN(cancel_order, .reason = "changed my mind");
    THEN(CANCELLED(false));
    WHEN(cancel_order, .reason = "again");
    THEN_REFUSED("order-cancelled");
}

static void a_paid_order_that_is_cancelled_says_so(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    GIVEN(PAID);
    WHEN(cancel_order, .reason = "changed my mind");
    THEN(CANCELLED(true));
}

static void a_shipped_order_is_not_cancelled(void **state)
{
    (void)state;
    CAIRN_DECIDING(order);
    GIVEN(PLACED);
    GIVEN(PAID);
    GIVEN(SHIPPED);
    WHEN(cancel_order, .reason = "late");
    THEN_REFUSED("order-already-shipped");
}

/* ---- any sequence of commands ---- */

CAIRN_INVARIANT(order, goods_leave_once_and_paid)
{
    int paid = 0;
    int shipped = 0;
    CAIRN_FOR_EACH (at, *history) {
        paid += CAIRN_EVENT_AS(at, order_paid) != NULL;
        shipped += CAIRN_EVENT_AS(at, order_shipped) != NULL;
        if (paid > 1 || shipped > paid)
            return cairn_broken(error, "paid %d times, shipped %d times", paid, shipped);
    }
    return 0;
}

static void no_commands_ship_an_order_unpaid_or_twice(void **state)
{
    (void)state;
    CAIRN_PROPERTY(order, goods_leave_once_and_paid, .takes_all = true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_active_user_places_an_order),
        cmocka_unit_test(the_card_that_was_given_is_taken),
        cmocka_unit_test(all_lines_are_added_up),
        cmocka_unit_test(an_unknown_user_places_nothing),
        cmocka_unit_test(a_deactivated_user_places_no_order),
        cmocka_unit_test(a_total_beyond_the_limit_is_refused),
        cmocka_unit_test(a_placed_order_is_paid),
        cmocka_unit_test(an_order_is_paid_once),
        cmocka_unit_test(a_cancelled_order_is_not_paid),
        cmocka_unit_test(a_paid_order_is_shipped_once),
        cmocka_unit_test(an_order_is_not_shipped_before_it_is_paid),
        cmocka_unit_test(a_cancelled_order_is_not_shipped),
        cmocka_unit_test(an_order_is_cancelled_until_it_is_shipped),
        cmocka_unit_test(a_paid_order_that_is_cancelled_says_so),
        cmocka_unit_test(a_shipped_order_is_not_cancelled),
        cmocka_unit_test(no_commands_ship_an_order_unpaid_or_twice),
    };
    return cmocka_run_group_tests_name("order", tests, kit_setup, NULL);
}
