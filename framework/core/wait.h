/* wait.h - condition variables on the monotonic clock. */
#ifndef CAIRN_CORE_WAIT_H
#define CAIRN_CORE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void cairn_cond_init(pthread_cond_t *cond);

/* Waits once, as pthread_cond_wait does, but at most until `until_us` (monotonic; INT64_MAX: no
 * limit). Returns false when that time has passed. */
bool cairn_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t until_us);

#endif
