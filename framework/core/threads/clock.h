/* clock.h - the wall clock, the monotonic clock and new UUIDs. */
#ifndef CAIRN_CORE_CLOCK_H
#define CAIRN_CORE_CLOCK_H

#include <cairn/value.h>

struct cairn_time cairn_now(void); /* the wall clock; may be set back */
int64_t cairn_monotonic_us(void);  /* for durations and deadlines; never goes back */

/* Returns the earlier of two times on the same clock, or the shorter of two durations. */
static inline int64_t cairn_earlier_us(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

/* Returns a new UUID of version 7 (RFC 9562): the millisecond, then random bits from the kernel. */
struct cairn_uuid cairn_uuid_make(void);

#endif
