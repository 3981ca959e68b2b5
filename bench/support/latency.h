/* latency.h - how long things took: each one is kept, so that percentiles are exact.
 *
 * Units: microseconds. */
#ifndef CAIRN_BENCH_LATENCY_H
#define CAIRN_BENCH_LATENCY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed is empty. */
struct latency {
    uint32_t *taken_us;
    size_t count;
    size_t room;
};

void latency_add(struct latency *latency, int64_t us);
void latency_close(struct latency *latency);

/* Puts them into order; what latency_at() says holds until the next is added. */
void latency_sort(struct latency *latency);
/* So many of a thousand were as fast or faster: 500 is the median. 0 if there are none. */
uint32_t latency_at(const struct latency *latency, unsigned thousandth);

#endif
