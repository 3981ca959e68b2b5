/* breaker.h - the circuit breaker of one target: who is not answered stops asking for a while.
 *
 *     CLOSED     a success            failures = 0
 *     CLOSED     failures_max in a row                                 -> OPEN
 *     OPEN       open_us have passed, somebody asks: he is the probe   -> HALF_OPEN
 *     HALF_OPEN  the probe fails                                       -> OPEN
 *     HALF_OPEN  the probe succeeds                                    -> CLOSED
 *
 * Invariants
 *  (1) OPEN lets nobody through; HALF_OPEN one, until his outcome is reported.
 *  (2) Every arrow begins a new epoch, and an outcome of an older one is ignored: a call that began
 *      before the breaker opened neither closes nor opens it.
 *
 * It reads no clock and has no lock: both are the caller's. */
#ifndef CAIRN_OUTBOUND_BREAKER_H
#define CAIRN_OUTBOUND_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers are those of the metric. */
enum cairn_breaker_state { CAIRN_BREAKER_CLOSED, CAIRN_BREAKER_HALF_OPEN, CAIRN_BREAKER_OPEN };

/* Begins zeroed but for its two limits. */
struct cairn_breaker {
    int failures_max;
    int64_t open_us;
    enum cairn_breaker_state state;
    int failures; /* in a row */
    int64_t opened_us;
    uint64_t epoch;
};

/* Whether somebody may call. If so he has to report how it went, with the epoch he was given. */
bool cairn_breaker_admit(struct cairn_breaker *breaker, int64_t now_us, uint64_t *ret_epoch);
/* Whether admit would say no; it changes nothing. */
bool cairn_breaker_refuses(const struct cairn_breaker *breaker, int64_t now_us);
void cairn_breaker_report(struct cairn_breaker *breaker, uint64_t epoch, bool failed,
                          int64_t now_us);

#endif
