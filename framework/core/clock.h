/* clock.h - the two clocks, and new ids. */
#ifndef CAIRN_CORE_CLOCK_H
#define CAIRN_CORE_CLOCK_H

#include <cairn/value.h>

struct cairn_time cairn_now(void); /* what people call the time; may be set back */
int64_t cairn_monotonic_us(void);  /* for durations and deadlines; never goes back */

/* A new UUID of version 7 (RFC 9562): the millisecond, then random bits from the kernel. */
struct cairn_uuid cairn_uuid_make(void);

#endif
