/* lock.h - locks and condition variables, on the monotonic clock.
 *
 * The calls of pthread(7) that are wrapped here fail only if the program is wrong (a lock that is
 * not held, or destroyed): such a failure is an assertion, not a result. Waits may wake spuriously,
 * so that a wait is in a loop over its condition. */
#ifndef CAIRN_CORE_LOCK_H
#define CAIRN_CORE_LOCK_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

static inline void cairn_lock_init(pthread_mutex_t *lock)
{
    int wrong = pthread_mutex_init(lock, NULL);
    assert(!wrong);
    (void)wrong;
}

static inline void cairn_lock_destroy(pthread_mutex_t *lock)
{
    int wrong = pthread_mutex_destroy(lock);
    assert(!wrong);
    (void)wrong;
}

static inline void cairn_lock(pthread_mutex_t *lock)
{
    int wrong = pthread_mutex_lock(lock);
    assert(!wrong);
    (void)wrong;
}

static inline void cairn_unlock(pthread_mutex_t *lock)
{
    int wrong = pthread_mutex_unlock(lock);
    assert(!wrong);
    (void)wrong;
}

/* The condition variable's clock is the monotonic one. */
void cairn_cond_init(pthread_cond_t *cond);

static inline void cairn_cond_destroy(pthread_cond_t *cond)
{
    int wrong = pthread_cond_destroy(cond);
    assert(!wrong);
    (void)wrong;
}

static inline void cairn_cond_signal(pthread_cond_t *cond)
{
    int wrong = pthread_cond_signal(cond);
    assert(!wrong);
    (void)wrong;
}

static inline void cairn_cond_broadcast(pthread_cond_t *cond)
{
    int wrong = pthread_cond_broadcast(cond);
    assert(!wrong);
    (void)wrong;
}

static inline void cairn_cond_wait(pthread_cond_t *cond, pthread_mutex_t *lock)
{
    int wrong = pthread_cond_wait(cond, lock);
    assert(!wrong);
    (void)wrong;
}

/* Waits once, but at most until `until_us` (monotonic; INT64_MAX: no limit). Returns false when
 * that time has passed. */
bool cairn_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

#endif
