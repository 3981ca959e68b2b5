/* test_fulfilment.c - tests the process manager that leads an order to its payment and delivery. */
#include "../../services/order/fulfilment.h"
#include "../../services/order/order.h"
#include "../../services/payment/payment.h"
#include "../support/kit.h"

#define ALICE CAIRN_UUID("01890000-0000-7000-8000-00000000a11c")
#define ORDER CAIRN_TEST_ID
#define DEADLINE "payment-deadline"

#define PLACED                                                                                     \
    order_placed, .user_id = ALICE, .currency = "EUR", .total = 900, .card_token = "tok_visa",     \
                  .lines = {(const struct order_line[]){{"tea-100", 2, 450}}, 1}
#define AUTHORIZED payment_authorized, .order_id = ORDER, .reference = "A-1"
#define DECLINED payment_declined, .order_id = ORDER, .reason = "no funds"
#define SHIPPED order_shipped, .carrier = "Post", .tracking = "1"
#define CANCELLED order_cancelled, .reason = "changed my mind", .currency = "EUR", .total = 900

static void a_placed_order_asks_for_its_money_within_15_minutes(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    AT("2026-11-21T07:00:00Z");
    WHEN_EVENT(PLACED);
    THEN_SENT(request_payment, .order_id = ORDER, .amount = 900, .currency = "EUR",
              .card_token = "tok_visa");
    THEN_TIMER(DEADLINE, "2026-11-21T07:15:00Z");
}

static void an_authorised_payment_pays_the_order(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    WHEN_EVENT(AUTHORIZED);
    THEN_SENT(pay_order, .payment_id = NEW_ID("payment"));
    THEN_CANCELLED(DEADLINE);
}

static void a_declined_payment_cancels_the_order(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    WHEN_EVENT(DECLINED);
    THEN_SENT(cancel_order, .reason = "the payment was declined");
    THEN_CANCELLED(DEADLINE);
}

static void a_payment_that_takes_too_long_cancels_the_order(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    WHEN_TIMER(DEADLINE);
    THEN_SENT(cancel_order, .reason = "the payment took too long");
}

static void a_deadline_that_comes_late_changes_nothing(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    GIVEN(AUTHORIZED);
    WHEN_TIMER(DEADLINE);
    THEN_NOTHING();
}

static void a_shipped_order_takes_its_money(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    GIVEN(AUTHORIZED);
    WHEN_EVENT(SHIPPED);
    THEN_SENT(capture_payment);
}

static void an_order_cancelled_after_its_payment_is_refunded(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    GIVEN(AUTHORIZED);
    WHEN_EVENT(CANCELLED);
    THEN_SENT(refund_payment, .reason = "the order was cancelled");
    THEN_CANCELLED(DEADLINE);
}

static void a_payment_authorised_after_the_cancellation_is_refunded(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    WHEN_EVENT(CANCELLED);
    THEN_SENT(decline_payment, .reason = "the order was cancelled");
    THEN_CANCELLED(DEADLINE);
    WHEN_EVENT(AUTHORIZED);
    THEN_SENT(refund_payment, .reason = "the order was cancelled");
    THEN_CANCELLED(DEADLINE);
}

static void money_goes_back_once_whichever_comes_first(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    GIVEN(AUTHORIZED);
    WHEN_REFUSED(pay_order, "order-cancelled");
    THEN_SENT(refund_payment, .reason = "the order was cancelled");
    WHEN_EVENT(CANCELLED);
    THEN_CANCELLED(DEADLINE);
}

static void a_decline_after_the_cancellation_changes_nothing_more(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    GIVEN(CANCELLED);
    WHEN_EVENT(DECLINED);
    THEN_CANCELLED(DEADLINE);
}

static void an_order_cancelled_after_a_decline_gives_nothing_up(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    GIVEN(DECLINED);
    WHEN_EVENT(CANCELLED);
    THEN_CANCELLED(DEADLINE);
}

static void a_payment_that_cannot_be_given_up_any_more_is_refunded_when_it_is_known(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    GIVEN(PLACED);
    WHEN_EVENT(CANCELLED);
    THEN_SENT(decline_payment, .reason = "the order was cancelled");
    THEN_CANCELLED(DEADLINE);
    WHEN_EVENT(AUTHORIZED);
    THEN_SENT(refund_payment, .reason = "the order was cancelled");
    THEN_CANCELLED(DEADLINE);
}

static void what_was_not_led_from_its_placing_is_left_alone(void **state)
{
    (void)state;
    CAIRN_PROCESSING(fulfilment);
    WHEN_EVENT(AUTHORIZED);
    THEN_NOTHING();
    WHEN_EVENT(DECLINED);
    THEN_NOTHING();
    WHEN_EVENT(CANCELLED);
    THEN_NOTHING();
    WHEN_EVENT(SHIPPED);
    THEN_NOTHING();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_placed_order_asks_for_its_money_within_15_minutes),
        cmocka_unit_test(an_authorised_payment_pays_the_order),
        cmocka_unit_test(a_declined_payment_cancels_the_order),
        cmocka_unit_test(a_payment_that_takes_too_long_cancels_the_order),
        cmocka_unit_test(a_deadline_that_comes_late_changes_nothing),
        cmocka_unit_test(a_shipped_order_takes_its_money),
        cmocka_unit_test(an_order_cancelled_after_its_payment_is_refunded),
        cmocka_unit_test(a_payment_authorised_after_the_cancellation_is_refunded),
        cmocka_unit_test(money_goes_back_once_whichever_comes_first),
        cmocka_unit_test(an_order_cancelled_after_a_decline_gives_nothing_up),
        cmocka_unit_test(a_payment_that_cannot_be_given_up_any_more_is_refunded_when_it_is_known),
        cmocka_unit_test(what_was_not_led_from_its_placing_is_left_alone),
        cmocka_unit_test(a_decline_after_the_cancellation_changes_nothing_more),
    };
    return cmocka_run_group_tests_name("fulfilment", tests, kit_setup, NULL);
}
