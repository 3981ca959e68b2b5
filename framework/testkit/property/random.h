/* random.h - random numbers that depend on their seed only. */
#ifndef CAIRN_TESTKIT_RANDOM_H
#define CAIRN_TESTKIT_RANDOM_H

#include <cairn/test_property.h>

struct cairn_random {
    uint64_t state;
};

/* Returns the numbers of one sequence of a run. */
struct cairn_random cairn_random_of(uint64_t seed, uint64_t sequence);

/* Returns one of 0 .. count - 1; count is at least 1. */
size_t cairn_random_index(struct cairn_random *random, size_t count);

#endif
