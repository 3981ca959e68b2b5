/* test_consuming.c - tests of consumers that need no database; and the failures of tests that are
 * wrong. */
#include "../support/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a domain: arrivals are counted, whatever is known of the guest ---- */

CAIRN_STRUCT(guest_arrived, TEXT(name));
CAIRN_STRUCT(guest_left);
CAIRN_STRUCT(guest_slept);
CAIRN_EVENTS(guest, EVENT(guest_arrived, "GuestArrived", 1), EVENT(guest_left, "GuestLeft", 1),
             EVENT(guest_slept, "GuestSlept", 1));
CAIRN_STRUCT(guests, TEXT(name), INT(nights));

CAIRN_PROJECTION(guests, .version = 1);
CAIRN_CONSUMER(counting);

static char seen[200]; /* what the last handler was given */

static void see(const char *what, const char *name, const struct cairn_consumed *delivery)
{
    (void)snprintf(seen, sizeof seen, "%s %s: %s of %s, version %" PRId64 ", attempt %d", what,
                   name, delivery->type, delivery->meta->stream, delivery->meta->version,
                   delivery->attempt);
}

CAIRN_CONSUME(counting, guest, guest_arrived)
{
    see("event", event->name, delivery);
    if (strcmp(event->name, "nemo") == 0)
        (void)cairn_fail(error, CAIRN_INVALID, "there is no guest");
    return strcmp(event->name, "nemo") == 0 ? CAIRN_GIVE_UP : CAIRN_DONE;
}

CAIRN_CONSUME_STATE(counting, guest, guest_left, guests)
{
    see("state", state ? state->name : "(deleted)", delivery);
    return CAIRN_DONE;
}

CAIRN_CONSUME_THIN(counting, guest, guest_slept)
{
    see("thin", event ? "?" : "nothing", delivery);
    return cairn_sql_run(delivery->sql, "select 1", NULL, 0, error) < 0 ? CAIRN_TRY_AGAIN
                                                                        : CAIRN_DONE;
}

#define STREAM_NAME "guest-" CAIRN_TEST_KEY

/* ---- what passes ---- */

static void each_style_reaches_its_handler(void **state)
{
    (void)state;
    CAIRN_CONSUMING(counting);
    WHEN_EVENT(guest_arrived, .name = "ada");
    assert_string_equal(seen, "event ada: GuestArrived of " STREAM_NAME ", version 1, attempt 1");
    THEN_OUTCOME(CAIRN_DONE);
    WHEN_STATE(guest_left, guests, .name = "ada", .nights = 3);
    assert_string_equal(seen, "state ada: GuestLeft of " STREAM_NAME ", version 2, attempt 1");
    WHEN_DELETED(guest_left);
    assert_string_equal(seen,
                        "state (deleted): GuestLeft of " STREAM_NAME ", version 3, attempt 1");
}

static void a_failed_event_is_tried_again_under_its_key(void **state)
{
    (void)state;
    char key[100];
    CAIRN_CONSUMING(counting);
    WHEN_EVENT(guest_arrived, .name = "nemo");
    THEN_OUTCOME(CAIRN_GIVE_UP);
    (void)snprintf(key, sizeof key, "%s", EVENT_KEY());
    assert_memory_equal(key, "counting-", 9);
    WHEN_RETRIED();
    THEN_OUTCOME(CAIRN_GIVE_UP);
    assert_string_equal(seen, "event nemo: GuestArrived of " STREAM_NAME ", version 1, attempt 2");
    assert_string_equal(EVENT_KEY(), key);
}

/* ---- what fails ---- */

static void an_outcome_not_named(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_EVENT(guest_arrived, .name = "nemo");
}

static void a_state_that_is_an_event(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_STATE(guest_arrived, guests, .name = "ada");
}

static void an_event_that_is_a_state(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_EVENT(guest_left);
}

static void an_event_that_is_thin(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_EVENT(guest_slept);
}

static void another_state(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_STATE(guest_left, guest_arrived, .name = "ada");
}

static void a_state_that_breaks_its_table(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_STATE(guest_left, guests, .nights = 3);
}

static void an_event_that_is_not_consumed(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_EVENT(guests, .name = "ada");
}

static void no_work(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_WORKED();
}

static void no_database(void)
{
    CAIRN_CONSUMING(counting);
    WHEN_THIN(guest_slept);
}

static void no_database_for_the_test(void)
{
    CAIRN_CONSUMING(counting);
    THEN_SQL("select 1", "1");
}

static void a_wrong_database(void)
{
    CAIRN_CONSUMING(counting);
    DATABASE("mysql://localhost");
    GIVEN_SQL("select 1");
}

static void sql_of_a_projection(void)
{
    CAIRN_PROJECTING(guests);
    GIVEN_SQL("select 1");
}

static void wrong_tests_fail(void **state)
{
    (void)state;
    (void)unsetenv("DATABASE_URL");
    KIT_EXPECT_FAILURE(an_outcome_not_named, "an outcome that no THEN_OUTCOME names\n  seen:   "
                                             "CAIRN_GIVE_UP: invalid: there is no guest");
    KIT_EXPECT_FAILURE(a_state_that_is_an_event,
                       "counting consumes guest_arrived in another style: use WHEN_EVENT");
    KIT_EXPECT_FAILURE(an_event_that_is_a_state, "use WHEN_STATE or WHEN_DELETED");
    KIT_EXPECT_FAILURE(an_event_that_is_thin, "use WHEN_THIN");
    KIT_EXPECT_FAILURE(another_state,
                       "counting consumes guest_left with the state guests, not guest_arrived");
    KIT_EXPECT_FAILURE(a_state_that_breaks_its_table, "invalid guests: /name is missing");
    KIT_EXPECT_FAILURE(an_event_that_is_not_consumed, "counting does not consume guests");
    KIT_EXPECT_FAILURE(no_work, "counting has no .work");
    KIT_EXPECT_FAILURE(no_database,
                       "a database is needed: DATABASE_URL names none, and there was no "
                       "DATABASE(url) before");
    KIT_EXPECT_FAILURE(no_database_for_the_test, "a database is needed: DATABASE_URL names none");
    KIT_EXPECT_FAILURE(a_wrong_database, "not a PostgreSQL URL");
    KIT_EXPECT_FAILURE(sql_of_a_projection, "GIVEN_SQL does not apply to CAIRN_PROJECTING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_style_reaches_its_handler),
        cmocka_unit_test(a_failed_event_is_tried_again_under_its_key),
        cmocka_unit_test(wrong_tests_fail),
    };
    return cmocka_run_group_tests_name("consuming", tests, kit_setup, NULL);
}
