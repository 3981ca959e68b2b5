/* random.c - SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
 * 2014). */
#include "testkit/property/random.h"

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t next(struct cairn_random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random->state);
}

struct cairn_random cairn_random_of(uint64_t seed, uint64_t sequence)
{
    return (struct cairn_random){.state = mix(seed) + mix(sequence + 1)};
}

/* The remainder's bias is at most count / 2^64. */
size_t cairn_random_index(struct cairn_random *random, size_t count)
{
    return (size_t)(next(random) % count);
}

int64_t cairn_random_between(struct cairn_random *random, int64_t least, int64_t most)
{
    if (most <= least)
        return least;
    uint64_t span = (uint64_t)most - (uint64_t)least + 1; /* 0: all numbers */
    uint64_t offset = span ? next(random) % span : next(random);
    return (int64_t)((uint64_t)least + offset);
}

bool cairn_random_chance(struct cairn_random *random, int percent)
{
    return cairn_random_between(random, 1, 100) <= percent;
}
