/* compare.h - the rows of a generation held against those of the one that is read, before queries
 * go there. */
#ifndef CAIRN_PROJECTION_COMPARE_H
#define CAIRN_PROJECTION_COMPARE_H

#include "projection/generation.h"

#include <stdatomic.h>

enum { CAIRN_COMPARE_EXAMPLES = 20 };

struct cairn_compared {
    int64_t other;        /* the generation it was compared with; 0: there is none */
    int64_t rows;         /* that were */
    int64_t differences;  /* rows that differ */
    const char *columns;  /* those that only one of them has and were not compared; "" for none */
    const char *examples; /* JSON: [{"key":…,"read":{…},"new":{…}}] of some that differ */
};

/* Compares them at the same position: rows that one of them has changed since are looked at again
 * until both are past that. What it returns lies in the arena. Returns 0, or
 *   -CAIRN_BUSY         rows change faster than both can follow, or it is time to stop: try again
 *   -CAIRN_UNAVAILABLE  PostgreSQL is away */
int cairn_compare(struct cairn_store *store, const struct cairn_generation *generation,
                  const atomic_bool *stopping, struct cairn_arena *arena,
                  struct cairn_compared *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
