/* test_cache.c - tests the cache of aggregates between commands. The numbers are those of the
 * invariants in cache.h. */
#include "../support/kit.h"

#include "command/state/cache.h"
#include "core/threads/clock.h"

#include <cairn/decider.h>

#include <stdio.h>
#include <string.h>

/* ---- a small domain ---- */

CAIRN_STRUCT(pot_filled, TEXT(with));
CAIRN_EVENTS(pot, EVENT(pot_filled, "PotFilled", 1));

CAIRN_STRUCT(pot, INT(times), TEXT(with, .optional = true));

CAIRN_EVOLVE(pot, pot_filled)
{
    self->times++;
    self->with = event->with;
}

static const struct cairn_evolves *const evolves[] = {&pot_evolves_pot_filled};
static const struct cairn_folding folding = {
    .events = &pot_events, .state = &pot_record, .evolves = evolves, .kind = "pot"};

static struct cairn_cache *cache;

static int setup(void **state)
{
    (void)state;
    cache = cairn_cache_open(3, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_cache_close(cache);
    return 0;
}

static const struct pot *pot_of(const struct cairn_cached *entry)
{
    return cairn_cached_state(entry)->state;
}

static void settle(struct cairn_cached *entry, int64_t version)
{
    char with[] = "tea";
    struct pot pot = {.times = version, .with = with};
    const struct cairn_aggregate aggregate = {
        .at = {"x", version, {{1}}}, .position = version, .state = &pot};
    cairn_cached_settle(entry, &aggregate);
    memset(with, '#', 3); /* the entry has its own copy */
}

/* Begins a turn with one event, ahead of the settled state; its text does not outlive the call. */
static int64_t begin(struct cairn_cached *entry, const char *with, int64_t *ret_branch)
{
    char text[20];
    (void)snprintf(text, sizeof text, "%s", with);
    const struct pot_filled event = {.with = text};
    const struct cairn_emitted emitted = {.type = &pot_events.types[0], .event = &event};
    int64_t turn = cairn_cached_begin(entry, &emitted, 1, cairn_uuid_make(), ret_branch);
    memset(text, '#', sizeof text - 1);
    return turn;
}

static int resumed;
static void count_resumed(struct cairn_waiter *waiter)
{
    (void)waiter;
    resumed++;
}

/* ---- tests ---- */

static void an_entry_is_found_again_until_it_makes_room(void **state)
{
    (void)state;
    struct cairn_cached *first = cairn_cache_pin(cache, &folding, "pot-1");
    assert_false(cairn_cached_is_current(first));
    settle(first, 4);
    assert_true(cairn_cached_is_current(first));
    assert_string_equal(pot_of(first)->with, "tea");
    assert_string_equal(cairn_cached_state(first)->at.stream, "pot-1");
    cairn_cache_unpin(cache, first);
    assert_ptr_equal(cairn_cache_pin(cache, &folding, "pot-1"), first);
    for (int i = 2; i < 10; i++) { /* (3): it is pinned */
        char stream[20];
        (void)snprintf(stream, sizeof stream, "pot-%d", i);
        cairn_cache_unpin(cache, cairn_cache_pin(cache, &folding, stream));
    }
    assert_int_equal(pot_of(first)->times, 4);
    cairn_cache_unpin(cache, first);
    for (int i = 10; i < 14; i++) {
        char stream[20];
        (void)snprintf(stream, sizeof stream, "pot-%d", i);
        cairn_cache_unpin(cache, cairn_cache_pin(cache, &folding, stream));
    }
    struct cairn_cached *again = cairn_cache_pin(cache, &folding, "pot-1");
    assert_false(again->loaded);
    cairn_cache_unpin(cache, again);
}

static void the_same_stream_of_another_kind_is_another_entry(void **state)
{
    (void)state;
    struct cairn_folding other = folding;
    other.kind = "kitchen:pot";
    struct cairn_cached *one = cairn_cache_pin(cache, &folding, "pot-1");
    struct cairn_cached *two = cairn_cache_pin(cache, &other, "pot-1");
    assert_ptr_not_equal(one, two);
    cairn_cache_unpin(cache, one);
    cairn_cache_unpin(cache, two);
}

static void what_is_ahead_becomes_settled_when_all_of_it_is_in_the_log(void **state)
{
    (void)state;
    int64_t branch[2];
    struct cairn_cached *entry = cairn_cache_pin(cache, &folding, "pot-1");
    settle(entry, 1);
    int64_t one = begin(entry, "milk", &branch[0]);
    int64_t two = begin(entry, "honey", &branch[1]);
    assert_int_equal(entry->under_way, 2); /* (1) */
    assert_int_equal(pot_of(entry)->times, 3);
    assert_string_equal(pot_of(entry)->with, "honey");
    assert_int_equal(cairn_cached_state(entry)->at.version, 3);
    const struct cairn_appended at[] = {{2, 20}, {3, 30}};
    assert_null(cairn_cached_end(entry, branch[0], one, true, &at[0]));
    assert_int_equal(pot_of(entry)->times, 3);
    assert_null(cairn_cached_end(entry, branch[1], two, true, &at[1]));
    assert_int_equal(entry->under_way, 0);
    assert_int_equal(pot_of(entry)->times, 3);
    assert_int_equal(cairn_cached_state(entry)->position, 30);
    assert_true(cairn_cached_is_current(entry));
    cairn_cache_unpin(cache, entry);
}

static void one_that_fails_ends_its_branch(void **state)
{
    (void)state;
    int64_t branch[3];
    const struct cairn_appended at = {2, 20};
    struct cairn_cached *entry = cairn_cache_pin(cache, &folding, "pot-1");
    settle(entry, 1);
    int64_t one = begin(entry, "milk", &branch[0]);
    int64_t two = begin(entry, "honey", &branch[1]);
    assert_null(cairn_cached_end(entry, branch[0], one, false, NULL));
    assert_int_equal(entry->under_way, 0);
    assert_int_equal(pot_of(entry)->times, 1); /* back to the settled state */
    assert_false(cairn_cached_is_current(entry));
    settle(entry, 2);
    int64_t three = begin(entry, "salt", &branch[2]);
    assert_null(cairn_cached_end(entry, branch[1], two, false, NULL)); /* (2) */
    assert_int_equal(entry->under_way, 1);
    assert_null(cairn_cached_end(entry, branch[2], three, true, &at));
    assert_int_equal(pot_of(entry)->times, 3);
    cairn_cache_unpin(cache, entry);
}

static void a_waiter_is_resumed_with_its_turn(void **state)
{
    (void)state;
    int64_t branch;
    const struct cairn_appended at = {2, 20};
    struct cairn_waiter early = {.resume = count_resumed};
    struct cairn_waiter late = {.resume = count_resumed};
    struct cairn_waiter reader = {.resume = count_resumed};
    struct cairn_cached *entry = cairn_cache_pin(cache, &folding, "pot-1");
    settle(entry, 1);
    resumed = 0;
    int64_t one = begin(entry, "milk", &branch);
    cairn_cached_wait(entry, &early, one);
    int64_t two = begin(entry, "honey", &branch);
    cairn_cached_wait(entry, &late, two);
    cairn_cached_wait(entry, &reader, 0);
    cairn_waiters_resume(cairn_cached_end(entry, branch, one, true, &at));
    assert_int_equal(resumed, 1);
    assert_int_equal(cairn_cached_standing(entry, branch, one), CAIRN_STANDS);
    assert_int_equal(cairn_cached_standing(entry, branch, two), CAIRN_UNDER_WAY);
    assert_int_equal(cairn_cached_state(entry)->position, 20);
    cairn_waiters_resume(cairn_cached_end(entry, branch, two, false, NULL));
    assert_int_equal(resumed, 2);
    assert_int_equal(cairn_cached_standing(entry, branch, two), CAIRN_UNDONE);
    assert_int_equal(cairn_cached_standing(entry, branch, 0), CAIRN_STANDS);
    cairn_waiters_resume(cairn_cached_loaded(entry));
    assert_int_equal(resumed, 3);
    assert_null(entry->waiters);
    cairn_cache_unpin(cache, entry);
}

static void what_is_not_there_takes_no_place(void **state)
{
    (void)state;
    struct cairn_cached *entry = cairn_cache_pin(cache, &folding, "pot-nowhere");
    settle(entry, 0);
    struct cairn_cached *same = cairn_cache_pin(cache, &folding, "pot-nowhere");
    assert_ptr_equal(entry, same);
    cairn_cache_unpin(cache, entry);
    assert_true(same->loaded); /* it is still pinned */
    cairn_cache_unpin(cache, same);
    entry = cairn_cache_pin(cache, &folding, "pot-nowhere");
    assert_false(entry->loaded);
    settle(entry, 1);
    cairn_cache_unpin(cache, entry);
    entry = cairn_cache_pin(cache, &folding, "pot-nowhere");
    assert_true(entry->loaded);
    cairn_cache_unpin(cache, entry);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct cairn_cache *small = cairn_cache_open(1000, 20000);
    for (int i = 0; i < 500; i++) {
        char stream[20];
        (void)snprintf(stream, sizeof stream, "pot-%d", i);
        struct cairn_cached *entry = cairn_cache_pin(small, &folding, stream);
        settle(entry, 1);
        cairn_cache_unpin(small, entry);
    }
    struct cairn_cached *newest = cairn_cache_pin(small, &folding, "pot-499");
    struct cairn_cached *oldest = cairn_cache_pin(small, &folding, "pot-0");
    assert_true(newest->loaded);
    assert_false(oldest->loaded);
    cairn_cache_unpin(small, newest);
    cairn_cache_unpin(small, oldest);
    cairn_cache_close(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_entry_is_found_again_until_it_makes_room, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_same_stream_of_another_kind_is_another_entry, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_ahead_becomes_settled_when_all_of_it_is_in_the_log,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_fails_ends_its_branch, setup, teardown),
        cmocka_unit_test_setup_teardown(a_waiter_is_resumed_with_its_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_takes_no_place, setup, teardown),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
