/* latency.h - collects durations; every one is kept, so that percentiles are exact.
 *
 * Units: microseconds. */
#ifndef CAIRN_BENCH_LATENCY_H
#define CAIRN_BENCH_LATENCY_H

#include <stddef.h>
#include <stdint.h>

/* A zeroed struct is empty. */
struct latency {
    uint32_t *taken_us;
    size_t count;
    size_t room;
};

void latency_add(struct latency *latency, int64_t us);
void latency_close(struct latency *latency);

/* Sorts the durations; latency_at() is valid until the next latency_add(). */
void latency_sort(struct latency *latency);
/* Returns the duration that so many of a thousand do not exceed: 500 is the median. 0 if there are
 * none. */
uint32_t latency_at(const struct latency *latency, unsigned thousandth);

#endif
