/* test_thing.c - the rules of a thing, its read model, its expiry, and the compatibility of its
 * events. */
#include "../../projections/things.h"
#include "../../services/thing/thing.h"
#include "../../services/thing/thing_expiry.h"
#include "../support/kit.h"

/* The time shown by the test's clock. */
#define NEW_YEAR CAIRN_TIME("2026-01-01T00:00:00Z")

/* ---- rules ---- */

static void one_is_opened(void **state)
{
    (void)state;
    CAIRN_DECIDING(thing);
    WHEN(open_thing, .title = "first");
    THEN(thing_opened, .title = "first");
}

static void one_is_closed_once(void **state)
{
    (void)state;
    CAIRN_DECIDING(thing);
    GIVEN(thing_opened, .title = "first");
    WHEN(close_thing, .reason = "done");
    THEN(thing_closed, .reason = "done");
    WHEN(close_thing, .reason = "again");
    THEN_REFUSED("thing-closed");
}

static void a_caller_has_to_be_signed_in(void **state)
{
    (void)state;
    CAIRN_DECIDING(thing);
    AS_NO_ONE();
    WHEN(open_thing, .title = "first");
    THEN_FORBIDDEN();
    AS("ada");
    WHEN(open_thing, .title = "first");
    THEN(thing_opened, .title = "first");
}

/* ---- read model ---- */

static void a_row_shows_the_state(void **state)
{
    (void)state;
    CAIRN_PROJECTING(things);
    GIVEN(thing_opened, .title = "first");
    GIVEN(thing_closed, .reason = "done");
    THEN_ROW(CAIRN_TEST_KEY, things, .thing_id = CAIRN_TEST_ID, .title = "first", .closed = true,
             .closed_because = "done", .opened_at = NEW_YEAR);
}

/* ---- process ---- */

static void one_that_stays_open_is_closed_after_thirty_days(void **state)
{
    (void)state;
    CAIRN_PROCESSING(thing_expiry);
    WHEN_EVENT(thing_opened, .title = "first");
    THEN_TIMER("expiry", "2026-01-31T00:00:00Z");
    WHEN_TIMER("expiry");
    THEN_SENT(close_thing, .reason = "it was open for too long");
}

static void one_that_was_closed_has_no_timer_any_more(void **state)
{
    (void)state;
    CAIRN_PROCESSING(thing_expiry);
    GIVEN(thing_opened, .title = "first");
    WHEN_EVENT(thing_closed, .reason = "done");
    THEN_CANCELLED("expiry");
}

/* ---- compatibility ---- */

/* A changed field needs a new version of its event: <cairn/upcaster.h>. */
static void its_events_stay_readable(void **state)
{
    (void)state;
    CAIRN_GOLDEN("tests/golden", thing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_opened),
        cmocka_unit_test(one_is_closed_once),
        cmocka_unit_test(a_caller_has_to_be_signed_in),
        cmocka_unit_test(a_row_shows_the_state),
        cmocka_unit_test(one_that_stays_open_is_closed_after_thirty_days),
        cmocka_unit_test(one_that_was_closed_has_no_timer_any_more),
        cmocka_unit_test(its_events_stay_readable),
    };
    return cmocka_run_group_tests_name("thing", tests, kit_setup, NULL);
}
