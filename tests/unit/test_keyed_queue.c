/* test_keyed_queue.c - tests keyed queues: tasks in order for each key, at once for different keys,
 * retried. */
#include "../support/support.h"
#include "core/containers/arena.h"
#include "core/threads/backoff.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "process/deliver/keyed_queue.h"

#include <cairn/value.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 7, EACH = 300, THREADS = 4 };

struct item {
    struct cairn_task task;
    char key[16];
    int number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int next_of[KEYS], out_of_order, done, disposed, under_way, most_under_way, held;

static void begin(void)
{
    memset(next_of, 0, sizeof next_of);
    out_of_order = done = disposed = under_way = most_under_way = held = 0;
}

static void push(struct cairn_keyed_queue *lanes, int key, int number)
{
    struct item *item = cairn_allocate(sizeof *item);
    (void)snprintf(item->key, sizeof item->key, "key-%d", key);
    item->task.key = item->key;
    item->number = number;
    cairn_keyed_queue_push(lanes, &item->task);
}

static void dispose(struct cairn_task *task)
{
    cairn_lock(&lock);
    disposed++;
    cairn_cond_broadcast(&changed);
    cairn_unlock(&lock);
    free(task);
}

/* Every third item is done at its second attempt only. */
static int64_t work(void *context, struct cairn_task *task)
{
    struct item *item = (struct item *)(void *)task;
    (void)context;
    if (item->number % 3 == 0 && task->attempts == 0)
        return 1;
    cairn_lock(&lock);
    int *next = &next_of[atoi(item->key + 4)];
    out_of_order += *next != item->number;
    *next = item->number + 1;
    done++;
    cairn_cond_broadcast(&changed);
    cairn_unlock(&lock);
    free(item);
    return CAIRN_TASK_DONE;
}

static void wait_for(const int *number, int wanted)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    cairn_lock(&lock);
    int late = 0;
    while (*number < wanted && !late)
        late = pthread_cond_timedwait(&changed, &lock, &until);
    cairn_unlock(&lock);
    assert_int_equal(late, 0);
}

static void each_key_is_worked_off_in_order(void **state)
{
    (void)state;
    struct cairn_keyed_queue *lanes = NULL;
    begin();
    assert_int_equal(cairn_keyed_queue_open(THREADS, work, dispose, NULL, &lanes, NULL), 0);
    for (int i = 0; i < EACH; i++) {
        for (int key = 0; key < KEYS; key++)
            push(lanes, key, i);
    }
    wait_for(&done, KEYS * EACH);
    cairn_keyed_queue_close(lanes);
    assert_int_equal(out_of_order, 0);
    assert_int_equal(disposed, 0);
}

/* Blocks its thread until let_go(). */
static int64_t hold(void *context, struct cairn_task *task)
{
    (void)context;
    cairn_lock(&lock);
    under_way++;
    held++;
    if (under_way > most_under_way)
        most_under_way = under_way;
    cairn_cond_broadcast(&changed);
    while (held > 0)
        cairn_cond_wait(&changed, &lock);
    under_way--;
    done++;
    cairn_unlock(&lock);
    return task->attempts == 0 ? CAIRN_SECONDS(3600) : CAIRN_TASK_DONE;
}

static void let_go(void)
{
    cairn_lock(&lock);
    held = -1000;
    cairn_cond_broadcast(&changed);
    cairn_unlock(&lock);
}

static void a_key_has_one_thread_and_others_do_not_wait_for_it(void **state)
{
    (void)state;
    struct cairn_keyed_queue *lanes = NULL;
    begin();
    assert_int_equal(cairn_keyed_queue_open(THREADS, hold, dispose, NULL, &lanes, NULL), 0);
    for (int i = 0; i < 3; i++)
        push(lanes, 0, i);
    push(lanes, 1, 0);
    wait_for(&held, 2);
    assert_int_equal(cairn_keyed_queue_count(lanes), 4);
    let_go();
    cairn_keyed_queue_close(lanes);
    assert_int_equal(most_under_way, 2);
    assert_int_equal(disposed, 4); /* none of them was completed */
}

static void what_is_cleared_is_not_tried_again_and_what_comes_after_is_done(void **state)
{
    (void)state;
    struct cairn_keyed_queue *lanes = NULL;
    begin();
    assert_int_equal(cairn_keyed_queue_open(1, hold, dispose, NULL, &lanes, NULL), 0);
    push(lanes, 0, 0);
    push(lanes, 0, 1);
    wait_for(&held, 1);
    cairn_keyed_queue_clear(lanes);
    assert_int_equal(disposed, 1); /* the waiting one */
    push(lanes, 0, 2);
    let_go();
    wait_for(&done, 2);
    cairn_keyed_queue_close(lanes);
    assert_int_equal(done, 2);
    assert_int_equal(disposed, 3);
}

static void pauses_grow_up_to_a_limit_and_are_spread(void **state)
{
    (void)state;
    for (int64_t attempts = 0; attempts < 200; attempts++) {
        int64_t pause_us = cairn_backoff_us(attempts + 1, 100, 10000);
        int64_t full_us = attempts < 7 ? INT64_C(100) << attempts : 10000;
        assert_in_range(pause_us, full_us / 2, full_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_is_worked_off_in_order),
        cmocka_unit_test(a_key_has_one_thread_and_others_do_not_wait_for_it),
        cmocka_unit_test(what_is_cleared_is_not_tried_again_and_what_comes_after_is_done),
        cmocka_unit_test(pauses_grow_up_to_a_limit_and_are_spread),
    };
    return cmocka_run_group_tests_name("keyed_queue", tests, NULL, NULL);
}
