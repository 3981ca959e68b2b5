/* breaker.c - the circuit breaker: its three states and the transitions between them. */
#include "outbound/target/breaker.h"

static void set_state(struct cairn_breaker *breaker, enum cairn_breaker_state state)
{
    breaker->state = state;
    breaker->failures = 0;
    breaker->epoch++;
}

static void open_it(struct cairn_breaker *breaker, int64_t now_us)
{
    set_state(breaker, CAIRN_BREAKER_OPEN);
    breaker->opened_us = now_us;
}

bool cairn_breaker_refuses(const struct cairn_breaker *breaker, int64_t now_us)
{
    switch (breaker->state) {
    case CAIRN_BREAKER_CLOSED:
        return false;
    case CAIRN_BREAKER_HALF_OPEN:
        return true;
    case CAIRN_BREAKER_OPEN:
        return now_us - breaker->opened_us < breaker->open_us;
    }
    return true;
}

bool cairn_breaker_admit(struct cairn_breaker *breaker, int64_t now_us, uint64_t *ret_epoch)
{
    if (cairn_breaker_refuses(breaker, now_us))
        return false;
    if (breaker->state == CAIRN_BREAKER_OPEN)
        set_state(breaker, CAIRN_BREAKER_HALF_OPEN);
    *ret_epoch = breaker->epoch;
    return true;
}

void cairn_breaker_report(struct cairn_breaker *breaker, uint64_t epoch, bool failed,
                          int64_t now_us)
{
    if (epoch != breaker->epoch)
        return;
    if (!failed) {
        breaker->failures = 0;
        if (breaker->state == CAIRN_BREAKER_HALF_OPEN)
            set_state(breaker, CAIRN_BREAKER_CLOSED);
        return;
    }
    if (breaker->state == CAIRN_BREAKER_HALF_OPEN || ++breaker->failures >= breaker->failures_max)
        open_it(breaker, now_us);
}
