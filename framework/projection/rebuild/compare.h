/* compare.h - compares the rows of a new generation with those of the one that queries read, before
 * queries are switched to it. */
#ifndef CAIRN_PROJECTION_COMPARE_H
#define CAIRN_PROJECTION_COMPARE_H

#include "projection/tables/generation.h"

#include <stdatomic.h>

enum { CAIRN_COMPARE_EXAMPLES = 20 };

struct cairn_compared {
    int64_t other;        /* the generation it was compared with; 0: there is none */
    int64_t rows;         /* rows that were compared */
    int64_t differences;  /* rows that differ */
    const char *columns;  /* not compared, since they are not the same in both; "" for none */
    const char *examples; /* JSON: [{"key":…,"read":{…},"new":{…}}] of some that differ */
};

/* Compares both generations at the same position: rows that one of them has changed later are
 * compared again until both are past that change. Results are allocated in the arena. Returns 0, or
 *   -CAIRN_BUSY         rows change faster than both can follow, or `stopping` was set: try again
 *   -CAIRN_UNAVAILABLE  PostgreSQL cannot be reached */
int cairn_compare(struct cairn_store *store, const struct cairn_generation *generation,
                  const atomic_bool *stopping, struct cairn_arena *arena,
                  struct cairn_compared *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
