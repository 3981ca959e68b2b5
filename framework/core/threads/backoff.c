/* backoff.c - computes pauses before retries. */
#include "core/threads/backoff.h"

#include "core/threads/clock.h"

int64_t cairn_jitter_us(int64_t from_us, int64_t to_us)
{
    struct cairn_uuid random = cairn_uuid_make();
    uint64_t bits = 0;
    for (int i = 10; i < 16; i++) /* these are random in version 7 (RFC 9562 section 5.7) */
        bits = bits << 8 | random.bytes[i];
    return to_us > from_us ? from_us + (int64_t)(bits % (uint64_t)(to_us - from_us + 1)) : from_us;
}

int64_t cairn_backoff_us(int64_t attempts, int64_t first_us, int64_t most_us)
{
    int64_t pause_us = first_us;
    for (int64_t i = 1; i < attempts && pause_us < most_us; i++)
        pause_us *= 2;
    if (pause_us > most_us)
        pause_us = most_us;
    return cairn_jitter_us(pause_us / 2, pause_us);
}
