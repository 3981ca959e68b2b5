/* test_payment.c - tests the business rules of a payment: every command in every state. */
#include "../../services/payment/payment.h"
#include "../support/kit.h"

#define ORDER CAIRN_UUID("01890000-0000-7000-8000-0000000000b1")
#define MONEY .amount = 900, .currency = "EUR"
#define REQUESTED payment_requested, .order_id = ORDER, MONEY, .card_token = "tok_visa"
#define AUTHORIZED payment_authorized, .order_id = ORDER, .reference = "A-1"
#define DECLINED payment_declined, .order_id = ORDER, .reason = "no funds"
#define CAPTURED payment_captured, .order_id = ORDER, MONEY
#define REFUNDED payment_refunded, .order_id = ORDER, MONEY, .reason = "lost"

static void a_payment_is_requested(void **state)
{
    (void)state;
    CAIRN_DECIDING(payment);
    WHEN(request_payment, .order_id = ORDER, MONEY, .card_token = "tok_visa");
    THEN(REQUESTED);
}

static void a_requested_payment_is_authorized_or_declined(void **state)
{
    (void)state;
    {
        CAIRN_DECIDING(payment);
        GIVEN(REQUESTED);
        WHEN(authorize_payment, .reference = "A-1");
        THEN(AUTHORIZED);
    }
    {
        CAIRN_DECIDING(payment);
        GIVEN(REQUESTED);
        WHEN(decline_payment, .reason = "no funds");
        THEN(DECLINED);
    }
}

static void a_requested_payment_is_neither_captured_nor_refunded(void **state)
{
    (void)state;
    CAIRN_DECIDING(payment);
    GIVEN(REQUESTED);
    WHEN(capture_payment);
    THEN_REFUSED("payment-requested");
    WHEN(refund_payment, .reason = "lost");
    THEN_REFUSED("payment-requested");
}

static void an_authorized_payment_is_captured_then_refunded(void **state)
{
    (void)state;
    CAIRN_DECIDING(payment);
    GIVEN(REQUESTED);
    GIVEN(AUTHORIZED);
    WHEN(authorize_payment, .reference = "A-2");
    THEN_REFUSED("payment-authorized");
    WHEN(decline_payment, .reason = "late");
    THEN_REFUSED("payment-authorized");
    WHEN(capture_payment);
    THEN(CAPTURED);
    WHEN(capture_payment);
    THEN_REFUSED("payment-captured");
    WHEN(refund_payment, .reason = "lost");
    THEN(REFUNDED);
    WHEN(refund_payment, .reason = "again");
    THEN_REFUSED("payment-refunded");
}

static void money_that_is_only_held_is_given_back(void **state)
{
    (void)state;
    CAIRN_DECIDING(payment);
    GIVEN(REQUESTED);
    GIVEN(AUTHORIZED);
    WHEN(refund_payment, .reason = "lost");
    THEN(REFUNDED);
    WHEN(capture_payment);
    THEN_REFUSED("payment-refunded");
}

static void a_declined_payment_stays_declined(void **state)
{
    (void)state;
    CAIRN_DECIDING(payment);
    GIVEN(REQUESTED);
    GIVEN(DECLINED);
    WHEN(authorize_payment, .reference = "A-1");
    THEN_REFUSED("payment-declined");
    WHEN(capture_payment);
    THEN_REFUSED("payment-declined");
    WHEN(refund_payment, .reason = "lost");
    THEN_REFUSED("payment-declined");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_is_requested),
        cmocka_unit_test(a_requested_payment_is_authorized_or_declined),
        cmocka_unit_test(a_requested_payment_is_neither_captured_nor_refunded),
        cmocka_unit_test(an_authorized_payment_is_captured_then_refunded),
        cmocka_unit_test(money_that_is_only_held_is_given_back),
        cmocka_unit_test(a_declined_payment_stays_declined),
    };
    return cmocka_run_group_tests_name("payment", tests, kit_setup, NULL);
}
