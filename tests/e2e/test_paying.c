/* test_paying.c - an order and its payment, connected by events alone: success, and a participant
 * that declines, is slow, is unavailable, or is asked twice. */
#include "../support/cairn.h"
#include "../support/fixture.h"
#include "../support/shop.h"
#include "../support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct shop shop;
static char user[SHOP_ID_SIZE];

static int setup(void **state)
{
    (void)state;
#ifdef MONOLITH
    shop_start(&shop, true);
#else
    shop_start(&shop, false);
#endif
    shop_register(&shop, user);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    shop_stop(&shop);
    return 0;
}

static const char ship[] = "{\"carrier\":\"Post\",\"tracking\":\"1\"}";
static const char changed_my_mind[] = "{\"reason\":\"changed my mind\"}";

static void turn_clock(const char *by)
{
    char sql[100];
    (void)snprintf(sql, sizeof sql, "select cairn.turn_clock('%s')", by);
    fixture_sql(shop.url, sql);
}

/* Checks that the derived tables agree with the streams. */
static void expect_all_proved(void)
{
    shop_wait_quiet(&shop);
    assert_int_equal(fixture_sql_int(shop.url, "select count(*) from cairn.verify_processes()"), 0);
    cairn_expect(shop.url, 0, "verify", "");
}

static void an_order_is_paid_and_its_money_taken_when_it_ships(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    shop_place(&shop, user, NULL, order);
    shop_wait_event(&shop, "order", order, "OrderPaid");
    shop_payment_of(&shop, order, payment);
    assert_int_equal(shop_charges(&shop, "0100", payment), 1);
    assert_int_equal(shop_charges(&shop, "0220", payment), 0);
    shop_do(&shop, 200, order, "ship", ship);
    shop_wait_event(&shop, "payment", payment, "PaymentCaptured");
    expect_all_proved();
    assert_int_equal(shop_charges(&shop, "0220", payment), 1);
    assert_int_equal(shop_charges(&shop, "0420", payment), 0);
}

static void a_declined_card_cancels_the_order(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    char reason[100];
    char sql[300];
    shop_place(&shop, user, "tok_no_funds", order);
    shop_wait_event(&shop, "order", order, "OrderCancelled");
    shop_payment_of(&shop, order, payment);
    (void)snprintf(sql, sizeof sql,
                   "select data ->> 'reason' from cairn.events where stream = 'payment-%s'"
                   " and type = 'PaymentDeclined'",
                   payment);
    fixture_sql_text(shop.url, sql, reason, sizeof reason);
    assert_string_equal(reason, "insufficient-funds");
    expect_all_proved();
    assert_int_equal(shop_charges(&shop, "0100", payment), 0);
}

static void an_acquirer_that_is_down_delays_a_payment_and_no_more(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    shop_kill(&shop, SHOP_ACQUIRER);
    shop_place(&shop, user, NULL, order);
    shop_payment_of(&shop, order, payment);
    shop_restart(&shop, SHOP_ACQUIRER);
    shop_wait_ready(&shop, SHOP_ACQUIRER);
    shop_acquirer(&shop, "mode=down&count=3");
    shop_wait_event(&shop, "order", order, "OrderPaid");
    assert_int_equal(shop_charges(&shop, "0100", payment), 1);
    expect_all_proved();
}

static void a_payment_that_takes_too_long_cancels_the_order(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    shop_place(&shop, user, "tok_error", order);
    shop_payment_of(&shop, order, payment);
    turn_clock("14 minutes");
    assert_int_equal(shop_count(&shop, "order", order, "OrderCancelled"), 0);
    turn_clock("2 minutes");
    shop_wait_event(&shop, "order", order, "OrderCancelled");
    shop_wait_event(&shop, "payment", payment, "PaymentDeclined"); /* the payment is given up */
    assert_int_equal(shop_count(&shop, "order", order, "OrderPaid"), 0);
    assert_int_equal(shop_charges(&shop, "0100", payment), 0);
    assert_int_equal(fixture_sql_int(shop.url, "select count(*) from cairn.timers"), 0);
}

static void an_order_cancelled_after_its_payment_is_refunded(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    shop_place(&shop, user, "tok_visa", order);
    shop_wait_event(&shop, "order", order, "OrderPaid");
    shop_payment_of(&shop, order, payment);
    shop_do(&shop, 200, order, "cancel", changed_my_mind);
    shop_wait_event(&shop, "payment", payment, "PaymentRefunded");
    shop_wait_quiet(&shop);
    assert_int_equal(shop_charges(&shop, "0100", payment), 1);
    assert_int_equal(shop_charges(&shop, "0420", payment), 1);
}

/* The customer is faster than the bank: whichever is first, no money is kept. */
static void an_order_cancelled_while_the_bank_thinks_keeps_no_money(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    shop_place(&shop, user, "tok_slow", order);
    shop_payment_of(&shop, order, payment);
    shop_do(&shop, 200, order, "cancel", changed_my_mind);
    shop_wait_event(&shop, "payment", payment, "PaymentDeclined");
    shop_wait_quiet(&shop);
    assert_int_equal(shop_charges(&shop, "0100", payment), shop_charges(&shop, "0420", payment));
    assert_int_equal(shop_count(&shop, "payment", payment, "PaymentAuthorized"), 0);
}

static void orders_are_accepted_while_no_payment_can_be_made(void **state)
{
    (void)state;
    char order[3][SHOP_ID_SIZE];
    shop_kill(&shop, SHOP_ACQUIRER);
    if (!shop.monolith)
        shop_kill(&shop, SHOP_PAYMENT);
    for (int i = 0; i < 3; i++)
        shop_place(&shop, user, NULL, order[i]);
    shop_restart(&shop, SHOP_PAYMENT);
    shop_restart(&shop, SHOP_ACQUIRER);
    for (int i = 0; i < 3; i++)
        shop_wait_event(&shop, "order", order[i], "OrderPaid");
}

/* Every sent command is delivered again, and every event is processed again. */
static void what_is_delivered_and_seen_twice_has_one_effect(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    shop_place(&shop, user, NULL, order);
    shop_wait_event(&shop, "order", order, "OrderPaid");
    shop_payment_of(&shop, order, payment);
    shop_wait_quiet(&shop);
    shop_kill(&shop, SHOP_ORDER);
    shop_kill(&shop, SHOP_PAYMENT);
    char before[40];
    char after[40];
    char *ledger = shop_ledger(&shop);
    fixture_sql_text(shop.url, "select cairn.head()", before, sizeof before);
    fixture_sql(shop.url,
                "update cairn.followers set position = 0;"
                "insert into cairn.outgoing (process, stream, version, number, position, target,"
                " command, method, path, body)"
                " select 'fulfilment', stream, version, number, position, target, command, method,"
                " path, body from cairn.sent_in_log('fulfilment', 0, cairn.head())");
    assert_true(fixture_sql_int(shop.url, "select count(*) from cairn.outgoing") >= 2);
    shop_restart(&shop, SHOP_ORDER);
    shop_restart(&shop, SHOP_PAYMENT);
    shop_wait_ready(&shop, SHOP_ORDER);
    shop_wait_quiet(&shop);
    fixture_sql_text(shop.url, "select cairn.head()", after, sizeof after);
    char *again = shop_ledger(&shop);
    assert_string_equal(before, after);
    assert_string_equal(ledger, again);
    free(ledger);
    free(again);
    expect_all_proved();
}

/* The order service is down while deadlines pass. */
static void late_timers_fire_in_their_order(void **state)
{
    (void)state;
    enum { ORDERS = 5 };
    char order[ORDERS][SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    for (int i = 0; i < ORDERS; i++) {
        shop_place(&shop, user, "tok_error", order[i]);
        shop_payment_of(&shop, order[i], payment);
    }
    shop_kill(&shop, SHOP_ORDER);
    /* the last is due first */
    fixture_sql(shop.url,
                "select cairn.change_timer(stream, name,"
                " cairn.now() + interval '1 hour' - interval '1 minute' * row_number() over"
                " (order by due_at)) from cairn.timers order by due_at");
    turn_clock("2 hours");
    shop_restart(&shop, SHOP_ORDER);
    for (int i = 0; i < ORDERS; i++)
        shop_wait_event(&shop, "order", order[i], "OrderCancelled");
    assert_int_equal(
        fixture_sql_int(shop.url,
                        "select count(*) from (select data #>> '{input,due}' as due,"
                        " lag(data #>> '{input,due}') over (order by position) as before"
                        " from cairn.events where type = 'ProcessAdvanced'"
                        " and data #>> '{input,kind}' = 'timer' order by position desc limit 5) f"
                        " where due < before"),
        0);
}

static bool is_moved(void *context)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.timers where stream = 'fulfilment-%s'"
                   " and due_at > cairn.now() + interval '2 hours'",
                   (const char *)context);
    return fixture_sql_int(shop.url, sql) == 1;
}

static void a_person_moves_and_cancels_a_timer(void **state)
{
    (void)state;
    char order[SHOP_ID_SIZE];
    char payment[SHOP_ID_SIZE];
    char arguments[200];
    shop_place(&shop, user, "tok_error", order);
    shop_payment_of(&shop, order, payment);
    (void)snprintf(arguments, sizeof arguments, "timers move fulfilment-%s payment-deadline '3 h'",
                   order);
    cairn_expect(shop.url, 0, arguments, "");
    fixture_wait(is_moved, order, SHOP_PATIENCE_MS, "the timer to be moved");
    turn_clock("1 hour");
    cairn_expect(shop.url, 0, "timers", order);
    cairn_expect(shop.url, 0, "processes", "process/fulfilment");
    cairn_expect(shop.url, 0, "processes", "reactor/charging");
    cairn_expect(shop.url, 1, "processes retry charging", "nothing of charging is parked there");
    cairn_expect(shop.url, 64, "processes rubbish", "Usage");
    assert_int_equal(shop_count(&shop, "order", order, "OrderCancelled"), 0);
    (void)snprintf(arguments, sizeof arguments, "timers move fulfilment-%s payment-deadline '0 s'",
                   order);
    cairn_expect(shop.url, 0, arguments, "");
    shop_wait_event(&shop, "order", order, "OrderCancelled");
    (void)snprintf(arguments, sizeof arguments, "timers cancel fulfilment-%s payment-deadline",
                   order);
    cairn_expect(shop.url, 1, arguments, "no timer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_paid_and_its_money_taken_when_it_ships),
        cmocka_unit_test(a_declined_card_cancels_the_order),
        cmocka_unit_test(an_acquirer_that_is_down_delays_a_payment_and_no_more),
        cmocka_unit_test(an_order_cancelled_after_its_payment_is_refunded),
        cmocka_unit_test(an_order_cancelled_while_the_bank_thinks_keeps_no_money),
        cmocka_unit_test(orders_are_accepted_while_no_payment_can_be_made),
        cmocka_unit_test(what_is_delivered_and_seen_twice_has_one_effect),
        cmocka_unit_test(a_payment_that_takes_too_long_cancels_the_order),
        cmocka_unit_test(late_timers_fire_in_their_order),
        cmocka_unit_test(a_person_moves_and_cancels_a_timer),
    };
    return cmocka_run_group_tests_name("paying", tests, setup, teardown);
}
