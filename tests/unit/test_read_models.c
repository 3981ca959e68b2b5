/* test_read_models.c - tests the rows that each projection makes of the events. */
#include "../../projections/order_summary.h"
#include "../../projections/payments.h"
#include "../../projections/sales_by_day.h"
#include "../../projections/users.h"
#include "../../services/payment/payment.h"
#include "../../services/user/user.h"
#include "../support/kit.h"

#define ID CAIRN_TEST_ID
#define KEY "01890000-0000-7000-8000-000000000001"
#define ALICE CAIRN_UUID("01890000-0000-7000-8000-00000000a11c")
#define OTHER CAIRN_UUID("01890000-0000-7000-8000-0000000000b2")

static struct cairn_time at(const char *text)
{
    struct cairn_time time = {0};
    assert_int_equal(cairn_time_parse(text, &time), 0);
    return time;
}

static struct cairn_day day(const char *text)
{
    struct cairn_day ret = {0};
    assert_int_equal(cairn_day_parse(text, &ret), 0);
    return ret;
}

#define MORNING "2026-11-21T08:00:00Z"
#define NOON "2026-11-21T12:00:00Z"
#define NEXT_DAY "2026-11-22T00:00:00Z"

static const struct order_line lines[] = {{"tea-100", 2, 450}};
#define PLACED(money, amount)                                                                      \
    order_placed, .user_id = ALICE, .currency = (money), .lines = {lines, 1}, .total = (amount),   \
                  .card_token = "tok_visa"
#define PAID order_paid, .payment_id = OTHER, .currency = "EUR", .total = 900

/* ---- order_summary ---- */

static void an_order_is_followed_to_its_shipping(void **state)
{
    (void)state;
    CAIRN_PROJECTING(order_summary);
    AT(MORNING);
    GIVEN(PLACED("EUR", 900));
    THEN_ROW(KEY, order_summary, .order_id = ID, .user_id = ALICE, .status = ORDER_IS_PLACED,
             .currency = "EUR", .total = 900, .lines = {lines, 1}, .placed_at = at(MORNING));
    AT(NOON);
    GIVEN(PAID);
    GIVEN(order_shipped, .carrier = "Post", .tracking = "1");
    THEN_ROW(KEY, order_summary, .order_id = ID, .user_id = ALICE, .status = ORDER_IS_SHIPPED,
             .currency = "EUR", .total = 900, .lines = {lines, 1}, .placed_at = at(MORNING),
             .payment_id = OTHER, .paid_at = at(NOON), .carrier = "Post", .tracking = "1",
             .shipped_at = at(NOON));
}

static void a_cancelled_order_says_why(void **state)
{
    (void)state;
    CAIRN_PROJECTING(order_summary);
    AT(MORNING);
    GIVEN(PLACED("EUR", 900));
    GIVEN(order_cancelled, .reason = "rain", .currency = "EUR", .total = 900);
    THEN_ROW(KEY, order_summary, .order_id = ID, .user_id = ALICE, .status = ORDER_IS_CANCELLED,
             .currency = "EUR", .total = 900, .lines = {lines, 1}, .placed_at = at(MORNING),
             .cancel_reason = "rain", .cancelled_at = at(MORNING));
}

/* ---- users ---- */

static void a_user_is_followed_until_they_leave(void **state)
{
    (void)state;
    CAIRN_PROJECTING(users);
    AT(MORNING);
    GIVEN(user_registered, .email = "a@example.com", .name = "Ada");
    THEN_ROW(KEY, users, .user_id = ID, .email = "a@example.com", .name = "Ada", .active = true,
             .registered_at = at(MORNING));
    AT(NOON);
    GIVEN(user_email_changed, .email = "b@example.com", .previous_email = "a@example.com");
    GIVEN(user_deactivated, .email = "b@example.com");
    THEN_ROW(KEY, users, .user_id = ID, .email = "b@example.com", .name = "Ada",
             .registered_at = at(MORNING), .deactivated_at = at(NOON));
}

/* ---- payments ---- */

static void a_payment_is_followed_to_its_refund(void **state)
{
    (void)state;
    CAIRN_PROJECTING(payments);
    AT(MORNING);
    GIVEN(payment_requested, .order_id = OTHER, .amount = 900, .currency = "EUR",
          .card_token = "tok_visa");
    GIVEN(payment_authorized, .order_id = OTHER, .reference = "A-1");
    GIVEN(payment_captured, .order_id = OTHER, .amount = 900, .currency = "EUR");
    AT(NOON);
    GIVEN(payment_refunded, .order_id = OTHER, .amount = 900, .currency = "EUR", .reason = "lost");
    THEN_ROW(KEY, payments, .payment_id = ID, .order_id = OTHER, .status = PAYMENT_IS_REFUNDED,
             .amount = 900, .currency = "EUR", .reference = "A-1", .reason = "lost",
             .requested_at = at(MORNING), .changed_at = at(NOON));
}

static void a_declined_payment_says_why(void **state)
{
    (void)state;
    CAIRN_PROJECTING(payments);
    AT(MORNING);
    GIVEN(payment_requested, .order_id = OTHER, .amount = 900, .currency = "EUR",
          .card_token = "tok_visa");
    GIVEN(payment_declined, .order_id = OTHER, .reason = "no funds");
    THEN_ROW(KEY, payments, .payment_id = ID, .order_id = OTHER, .status = PAYMENT_IS_DECLINED,
             .amount = 900, .currency = "EUR", .reason = "no funds", .requested_at = at(MORNING),
             .changed_at = at(MORNING));
}

/* ---- sales_by_day ---- */

static void sales_are_counted_by_day_and_currency(void **state)
{
    (void)state;
    CAIRN_PROJECTING(sales_by_day);
    AT(MORNING);
    GIVEN(PLACED("EUR", 900));
    GIVEN(PLACED("EUR", 100));
    GIVEN(PLACED("USD", 7));
    GIVEN(PAID);
    AT(NEXT_DAY);
    GIVEN(order_cancelled, .reason = "rain", .was_paid = true, .currency = "EUR", .total = 900);
    GIVEN(order_cancelled, .reason = "rain", .was_paid = false, .currency = "EUR", .total = 100);
    THEN_ROW("2026-11-21:EUR", sales_by_day, .day = day("2026-11-21"), .currency = "EUR",
             .orders_placed = 2, .orders_paid = 1, .paid = 900);
    THEN_ROW("2026-11-21:USD", sales_by_day, .day = day("2026-11-21"), .currency = "USD",
             .orders_placed = 1);
    THEN_ROW("2026-11-22:EUR", sales_by_day, .day = day("2026-11-22"), .currency = "EUR",
             .orders_cancelled = 2, .cancelled = 900);
    THEN_NO_ROW("2026-11-22:USD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_followed_to_its_shipping),
        cmocka_unit_test(a_cancelled_order_says_why),
        cmocka_unit_test(a_user_is_followed_until_they_leave),
        cmocka_unit_test(a_payment_is_followed_to_its_refund),
        cmocka_unit_test(a_declined_payment_says_why),
        cmocka_unit_test(sales_are_counted_by_day_and_currency),
    };
    return cmocka_run_group_tests_name("read models", tests, kit_setup, NULL);
}
