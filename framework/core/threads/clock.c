/* clock.c - the wall clock, the monotonic clock and new UUIDs. */
#include "core/threads/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

struct cairn_time cairn_now(void)
{
    return cairn_time_of_unix(read_us(CLOCK_REALTIME));
}

int64_t cairn_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

/* ---- random bytes from the kernel, fetched for 256 UUIDs at a time ---- */

static _Thread_local uint8_t pool[4096];
static _Thread_local size_t left; /* unused bytes, at the end of the pool */

/* Empties the pool in a forked child, which must not use the same bytes as its parent. */
static void drop_pool(void)
{
    left = 0;
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, drop_pool);
}

static void fill_pool(void)
{
    static pthread_once_t watching = PTHREAD_ONCE_INIT;
    (void)pthread_once(&watching, watch_forks);
    for (size_t got = 0; got < sizeof pool;) {
        ssize_t n = getrandom(pool + got, sizeof pool - got, 0);
        if (n < 0 && errno != EINTR) {
            perror("getrandom");
            abort();
        }
        got += n > 0 ? (size_t)n : 0;
    }
    left = sizeof pool;
}

static void random_bytes(uint8_t *ret, size_t count)
{
    if (left < count)
        fill_pool();
    memcpy(ret, pool + sizeof pool - left, count);
    left -= count;
}

/* RFC 9562 section 5.7: 48 bits of milliseconds, version, random bits, variant, random bits. */
struct cairn_uuid cairn_uuid_make(void)
{
    struct cairn_uuid id;
    random_bytes(id.bytes, sizeof id.bytes);
    uint64_t ms = (uint64_t)read_us(CLOCK_REALTIME) / 1000;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}
