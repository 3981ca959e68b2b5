/* test_server_history.c - which servers a process accepts, after those that it has seen. */
#include "../support/support.h"

#include "store/server_history.h"

static bool is_current(int64_t system, int64_t timeline, int64_t epoch)
{
    const struct cairn_server server = {system, timeline, epoch};
    return cairn_server_is_current(&server);
}

static void a_primary_of_before_is_not_accepted_after_its_successor(void **state)
{
    (void)state;
    assert_true(is_current(1, 3, 1));
    assert_true(is_current(1, 4, 1));
    assert_false(is_current(1, 3, 1));
    assert_true(is_current(1, 4, 1));
    assert_true(is_current(2, 1, 1)); /* another system */
}

static void a_standby_is_accepted(void **state)
{
    (void)state;
    assert_true(is_current(3, 5, 1));
    assert_true(is_current(3, 0, 1));
    assert_false(is_current(3, 4, 1));
}

static void a_restored_server_is_accepted_in_its_new_epoch(void **state)
{
    (void)state;
    assert_true(is_current(4, 5, 1));
    assert_false(is_current(4, 2, 1));
    assert_true(is_current(4, 2, 2));
    assert_false(is_current(4, 1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_primary_of_before_is_not_accepted_after_its_successor),
        cmocka_unit_test(a_standby_is_accepted),
        cmocka_unit_test(a_restored_server_is_accepted_in_its_new_epoch),
    };
    return cmocka_run_group_tests_name("server_history", tests, NULL, NULL);
}
