/* generate.h - makes random values of records, within their tables, such that values collide. */
#ifndef CAIRN_TESTKIT_GENERATE_H
#define CAIRN_TESTKIT_GENERATE_H

#include "core/containers/arena.h"
#include "testkit/property/random.h"
#include "testkit/property/seen.h"

enum { CAIRN_POOL_IDS = 3 };

struct cairn_generator {
    struct cairn_random random;
    struct cairn_arena *arena; /* of the values */
    struct cairn_time now;     /* times and days are around it */
    struct cairn_seen seen;
};

/* Returns one of the ids that values are made of: 0 .. CAIRN_POOL_IDS - 1. */
struct cairn_uuid cairn_pool_id(size_t at);

/* Returns a value of the record. It satisfies its table. */
void *cairn_generate_record(struct cairn_generator *generator, const struct cairn_record *record);

#endif
