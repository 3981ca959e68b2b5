/* test_consuming_sql.c - tests of consumers with a real database: what a handler writes is kept
 * with its success only, and nothing of it stays after the test. The shop's notifications are
 * tested so. */
#include "../../projections/order_summary.h"
#include "../../projections/users.h"
#include "../../services/payment/payment.h"
#include "../../services/user/user.h"
#include "../support/fixture.h"
#include "../support/kit.h"

#include <cairn/consumer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char url[512];

/* ---- a domain: coins are put into a box ---- */

CAIRN_STRUCT(coin_given, INT(cents));
CAIRN_EVENTS(coin, EVENT(coin_given, "CoinGiven", 1));

static enum cairn_outcome count_coins(struct cairn_sql *sql, struct cairn_error *error)
{
    const char *const *cells = NULL;
    if (cairn_sql_get(sql, "select count(*), sum(cents) from box", NULL, 0, &cells, error) < 0)
        return CAIRN_TRY_AGAIN;
    int64_t done = cairn_sql_run(sql, "insert into counted values ($1::int, $2::int)",
                                 CAIRN_VALUES(cells[0], cells[1]), error);
    return done < 0 ? CAIRN_TRY_AGAIN : CAIRN_DONE;
}

CAIRN_CONSUMER(box, .work = count_coins);

CAIRN_CONSUME(box, coin, coin_given)
{
    struct cairn_sql *sql = delivery->sql;
    const char *cents = cairn_sql_print(sql, "%" PRId64, event->cents);
    if (cairn_sql_run(sql, "insert into box (cents) values ($1::int)", CAIRN_VALUES(cents), error) <
        0)
        return CAIRN_TRY_AGAIN;
    if (event->cents == 13)
        return CAIRN_GIVE_UP;
    if (event->cents == 14)
        return CAIRN_TRY_AGAIN;
    if (event->cents == 15) /* a statement that fails, whose failure is not noticed */
        (void)!cairn_sql_run(sql, "insert into no_box values (1)", NULL, 0, NULL);
    return CAIRN_DONE;
}

#define BOX                                                                                        \
    CAIRN_CONSUMING(box);                                                                          \
    DATABASE(url);                                                                                 \
    GIVEN_SQL("create table box (seq serial, cents int not null check (cents < 100));"             \
              " create table counted (coins int, cents int)")

static void what_a_handler_writes_is_kept_with_its_success_only(void **state)
{
    (void)state;
    BOX;
    WHEN_EVENT(coin_given, .cents = 5);
    THEN_SQL("select cents from box", "5");
    WHEN_EVENT(coin_given, .cents = 13);
    THEN_OUTCOME(CAIRN_GIVE_UP);
    WHEN_EVENT(coin_given, .cents = 14);
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    WHEN_RETRIED();
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    WHEN_EVENT(coin_given, .cents = 15);
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    WHEN_EVENT(coin_given, .cents = 100);
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    WHEN_EVENT(coin_given, .cents = 6);
    THEN_SQL("select cents, cents > 5 from box order by seq", "5|f\n6|t");
    THEN_SQL("select null, 1", "|1");
    THEN_SQL("select 1 where false", "");
    WHEN_WORKED();
    THEN_SQL("select * from counted", "2|11");
}

static void nothing_stays_after_the_test(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        BOX;
        WHEN_EVENT(coin_given, .cents = 5);
        THEN_SQL("select count(*) from box", "1");
    }
    assert_int_equal(fixture_sql_int(url, "select count(*) from pg_class where relname = 'box'"),
                     0);
    assert_int_equal(
        fixture_sql_int(url, "select count(*) from pg_stat_activity where application_name = "
                             "'test' and datname = current_database()"),
        0);
}

static void the_database_is_that_of_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("DATABASE_URL", url, 1), 0);
    CAIRN_CONSUMING(box);
    THEN_SQL("select current_database() = 'postgres'", "f");
    assert_int_equal(unsetenv("DATABASE_URL"), 0);
}

/* ---- the shop's notifications ---- */

extern const struct cairn_consumer notification_consumer;
extern const char *mail_from;

#define ADA CAIRN_UUID("01890000-0000-7000-8000-0000000000ad")
#define ORDER CAIRN_UUID("01890000-0000-7000-8000-0000000000b2")
#define ADA_IS users, .user_id = ADA, .email = "ada@example.com", .name = "Ada"
#define ORDER_IS                                                                                   \
    order_summary, .order_id = ORDER, .user_id = ADA, .status = ORDER_IS_PLACED,                   \
                   .currency = "EUR", .total = 1250,                                               \
                   .placed_at = CAIRN_TIME("2026-01-01T00:00:00Z")

static void an_order_is_confirmed_to_its_customer(void **state)
{
    (void)state;
    CAIRN_CONSUMING(notification);
    DATABASE(url);
    STREAM(ORDER);
    WHEN_STATE(order_placed, ORDER_IS); /* the user's registration comes later */
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    STREAM(ADA);
    WHEN_STATE(user_registered, ADA_IS, .registered_at = CAIRN_TIME("2026-01-01T00:00:00Z"));
    STREAM(ORDER);
    WHEN_STATE(order_placed, ORDER_IS);
    THEN_SQL("select kind, about, email, status from notification.messages",
             "placed|order-01890000-0000-7000-8000-0000000000b2|ada@example.com|waiting");
    STREAM(CAIRN_TEST_ID);
    WHEN_EVENT(payment_declined, .order_id = ORDER, .reason = "no funds");
    THEN_SQL("select kind from notification.messages order by seq", "placed\ndeclined");
    THEN_SQL("select message like '%was declined: no funds%' from notification.messages"
             " where kind = 'declined'",
             "t");
}

/* ---- what fails ---- */

static void other_rows(void)
{
    BOX;
    WHEN_EVENT(coin_given, .cents = 5);
    THEN_SQL("select cents from box", "6");
}

static void no_rows(void)
{
    BOX;
    THEN_SQL("select cents from box", "6");
}

static void a_query_that_is_wrong(void)
{
    BOX;
    THEN_SQL("select euros from box", "6");
}

static void statements_that_are_wrong(void)
{
    BOX;
    GIVEN_SQL("insert into box (cents) values (1), (100)");
}

static void a_statement_that_failed_unnoticed(void)
{
    BOX;
    WHEN_EVENT(coin_given, .cents = 15);
}

static void a_database_that_comes_late(void)
{
    BOX;
    DATABASE(url);
}

static void a_database_that_is_away(void)
{
    CAIRN_CONSUMING(box);
    DATABASE("postgresql://nemo@127.0.0.1:9/nothing");
    WHEN_EVENT(coin_given, .cents = 5);
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
}

static void wrong_tests_fail(void **state)
{
    (void)state;
    KIT_EXPECT_FAILURE(other_rows, "the rows differ\n  wanted: 6\n  seen:   5");
    KIT_EXPECT_FAILURE(no_rows, "the rows differ\n  wanted: 6\n  seen:   no row");
    KIT_EXPECT_FAILURE(a_query_that_is_wrong, "THEN_SQL: ");
    KIT_EXPECT_FAILURE(a_query_that_is_wrong, "euros");
    KIT_EXPECT_FAILURE(statements_that_are_wrong, "GIVEN_SQL: ");
    KIT_EXPECT_FAILURE(
        a_statement_that_failed_unnoticed,
        "CAIRN_TRY_AGAIN: internal-error: a statement has failed, so that nothing is");
    KIT_EXPECT_FAILURE(a_database_that_comes_late, "DATABASE comes before what uses the database");
    KIT_EXPECT_FAILURE(a_database_that_is_away, "127.0.0.1");
}

static int setup(void **state)
{
    fixture_database(url, sizeof url);
    mail_from = "shop@example.com";
    return kit_setup(state);
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_handler_writes_is_kept_with_its_success_only),
        cmocka_unit_test(nothing_stays_after_the_test),
        cmocka_unit_test(the_database_is_that_of_the_environment),
        cmocka_unit_test(an_order_is_confirmed_to_its_customer),
        cmocka_unit_test(wrong_tests_fail),
    };
    return cmocka_run_group_tests_name("consuming_sql", tests, setup, teardown);
}
