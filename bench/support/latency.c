/* latency.c - collects durations in a growing array. */
#include "support/latency.h"

#include "core/containers/arena.h"

#include <stdlib.h>

void latency_add(struct latency *latency, int64_t us)
{
    if (latency->count == latency->room) {
        latency->room = latency->room ? 2 * latency->room : 65536;
        latency->taken_us =
            cairn_reallocate(latency->taken_us, latency->room * sizeof *latency->taken_us);
    }
    latency->taken_us[latency->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

void latency_close(struct latency *latency)
{
    free(latency->taken_us);
    *latency = (struct latency){0};
}

static int compare(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return (*left > *right) - (*left < *right);
}

void latency_sort(struct latency *latency)
{
    if (latency->count)
        qsort(latency->taken_us, latency->count, sizeof *latency->taken_us, compare);
}

uint32_t latency_at(const struct latency *latency, unsigned thousandth)
{
    if (latency->count == 0)
        return 0;
    size_t rank = (latency->count * thousandth + 999) / 1000;
    return latency->taken_us[rank ? rank - 1 : 0];
}
