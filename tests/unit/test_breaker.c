/* test_breaker.c - tests the circuit breaker: its states, with a clock that the test sets. */
#include "../support/support.h"

#include "outbound/target/breaker.h"

enum { OPEN_US = 1000 };

static struct cairn_breaker fresh(void)
{
    return (struct cairn_breaker){.failures_max = 3, .open_us = OPEN_US};
}

/* Makes one complete call. Returns whether it was admitted. */
static bool call(struct cairn_breaker *breaker, int64_t now_us, bool fails)
{
    uint64_t epoch = 0;
    if (!cairn_breaker_admit(breaker, now_us, &epoch))
        return false;
    cairn_breaker_report(breaker, epoch, fails, now_us);
    return true;
}

static void failures_in_a_row_open_it(void **state)
{
    (void)state;
    struct cairn_breaker breaker = fresh();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(breaker.state, CAIRN_BREAKER_CLOSED);
        assert_true(call(&breaker, 5, true));
    }
    assert_int_equal(breaker.state, CAIRN_BREAKER_OPEN);
    assert_false(call(&breaker, 5 + OPEN_US - 1, false));
    assert_true(cairn_breaker_refuses(&breaker, 5 + OPEN_US - 1));
    assert_false(cairn_breaker_refuses(&breaker, 5 + OPEN_US));
    assert_int_equal(breaker.state, CAIRN_BREAKER_OPEN);
}

static void a_success_in_between_begins_the_count_again(void **state)
{
    (void)state;
    struct cairn_breaker breaker = fresh();
    for (int i = 0; i < 10; i++)
        assert_true(call(&breaker, i, i % 3 != 0));
    assert_int_equal(breaker.state, CAIRN_BREAKER_CLOSED);
}

static struct cairn_breaker opened(void)
{
    struct cairn_breaker breaker = fresh();
    for (int i = 0; i < 3; i++)
        assert_true(call(&breaker, 0, true));
    return breaker;
}

static void one_probe_is_let_through_and_closes_it(void **state)
{
    (void)state;
    struct cairn_breaker breaker = opened();
    uint64_t probe = 0, other = 0;
    assert_true(cairn_breaker_admit(&breaker, OPEN_US, &probe));
    assert_int_equal(breaker.state, CAIRN_BREAKER_HALF_OPEN);
    for (int i = 0; i < 5; i++)
        assert_false(cairn_breaker_admit(&breaker, 100 * OPEN_US, &other));
    cairn_breaker_report(&breaker, probe, false, 100 * OPEN_US);
    assert_int_equal(breaker.state, CAIRN_BREAKER_CLOSED);
    assert_true(call(&breaker, 100 * OPEN_US, true));
    assert_int_equal(breaker.state, CAIRN_BREAKER_CLOSED);
}

static void a_probe_that_fails_opens_it_for_as_long_again(void **state)
{
    (void)state;
    struct cairn_breaker breaker = opened();
    assert_true(call(&breaker, OPEN_US, true));
    assert_int_equal(breaker.state, CAIRN_BREAKER_OPEN);
    assert_false(call(&breaker, 2 * OPEN_US - 1, false));
    assert_true(call(&breaker, 2 * OPEN_US, false));
    assert_int_equal(breaker.state, CAIRN_BREAKER_CLOSED);
}

static void outcomes_of_an_older_epoch_do_not_count(void **state)
{
    (void)state;
    struct cairn_breaker breaker = fresh();
    uint64_t early = 0, probe = 0;
    assert_true(cairn_breaker_admit(&breaker, 0, &early));
    for (int i = 0; i < 3; i++)
        assert_true(call(&breaker, 0, true));
    cairn_breaker_report(&breaker, early, false, 1);
    assert_int_equal(breaker.state, CAIRN_BREAKER_OPEN);
    assert_true(cairn_breaker_admit(&breaker, OPEN_US, &probe));
    cairn_breaker_report(&breaker, early, false, OPEN_US);
    assert_int_equal(breaker.state, CAIRN_BREAKER_HALF_OPEN);
    cairn_breaker_report(&breaker, early, true, OPEN_US);
    assert_int_equal(breaker.state, CAIRN_BREAKER_HALF_OPEN);
    cairn_breaker_report(&breaker, probe, false, OPEN_US);
    assert_int_equal(breaker.state, CAIRN_BREAKER_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_in_a_row_open_it),
        cmocka_unit_test(a_success_in_between_begins_the_count_again),
        cmocka_unit_test(one_probe_is_let_through_and_closes_it),
        cmocka_unit_test(a_probe_that_fails_opens_it_for_as_long_again),
        cmocka_unit_test(outcomes_of_an_older_epoch_do_not_count),
    };
    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
