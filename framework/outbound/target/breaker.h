/* breaker.h - the circuit breaker of one target: calls to a target that does not answer are refused
 * for a while.
 *
 *     CLOSED     a success            failures = 0
 *     CLOSED     failures_max in a row                                 -> OPEN
 *     OPEN       open_us have passed and a caller asks: the probe      -> HALF_OPEN
 *     HALF_OPEN  the probe fails                                       -> OPEN
 *     HALF_OPEN  the probe succeeds                                    -> CLOSED
 *
 * Invariants
 *  (1) OPEN admits no call; HALF_OPEN has admitted one, and no other until its outcome is reported.
 *  (2) Every transition begins a new epoch, and an outcome of an older one is ignored: a call that
 *      began before the breaker opened neither closes nor opens it.
 *
 * The breaker reads no clock and has no lock: the caller provides both. */
#ifndef CAIRN_OUTBOUND_BREAKER_H
#define CAIRN_OUTBOUND_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* The values are those of the metric. */
enum cairn_breaker_state { CAIRN_BREAKER_CLOSED, CAIRN_BREAKER_HALF_OPEN, CAIRN_BREAKER_OPEN };

/* Zeroed at first, except for the two limits. */
struct cairn_breaker {
    int failures_max;
    int64_t open_us;
    enum cairn_breaker_state state;
    int failures; /* in a row */
    int64_t opened_us;
    uint64_t epoch;
};

/* Returns whether a call may be made. The caller must report its outcome then, with the epoch
 * returned. */
bool cairn_breaker_admit(struct cairn_breaker *breaker, int64_t now_us, uint64_t *ret_epoch);
/* Returns whether admit would refuse; changes nothing. */
bool cairn_breaker_refuses(const struct cairn_breaker *breaker, int64_t now_us);
void cairn_breaker_report(struct cairn_breaker *breaker, uint64_t epoch, bool failed,
                          int64_t now_us);

#endif
