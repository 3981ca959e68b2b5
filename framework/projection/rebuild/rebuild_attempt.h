/* rebuild_attempt.h - one attempt to build a generation: folds the log in memory, loads the rows.
 *
 *     reading    all events up to the head by COPY, folded (refold.h)
 *     loading    the rows by COPY into a table without indexes, and into Redis (bulk_load.h)
 *     copying    the rows that Redis does not have yet
 *     indexing   the indexes
 *
 * Then the generation is followed from exactly that head (generation.h), as any other. Until then
 * only the attempt uses it, so an attempt that fails leaves nothing but a generation to be dropped,
 * and is not resumed. A log with an event that the live path would stop at, or with a row that
 * PostgreSQL refuses, is left to the live path: the generation starts empty and is followed from
 * the start of the log. */
#ifndef CAIRN_PROJECTION_REBUILD_ATTEMPT_H
#define CAIRN_PROJECTION_REBUILD_ATTEMPT_H

#include "projection/tables/generation.h"
#include "store/lease.h"

#include <pthread.h>
#include <stdatomic.h>

struct cairn_rebuild_limits {
    size_t memory_bytes;
    int threads;
    const char *directory; /* of files for rows that do not fit into memory */
    int64_t window_ms;     /* how long the generation that was read before is kept */
};

/* The progress of an attempt. */
struct cairn_rebuild_progress {
    const char *phase;
    int64_t generation;
    int64_t done, total; /* of the phase */
    int64_t events, rows;
};

struct cairn_rebuild {
    const struct cairn_projection *projection;
    const char *database_url;
    const char *redis_url; /* NULL: there is no copy */
    struct cairn_rebuild_limits limits;
    struct cairn_store *store; /* used only by the building thread */
    struct cairn_lease *lease;
    int64_t fence;
    int64_t id;                  /* in cairn.rebuilds */
    const atomic_bool *stopping; /* set: fail with -CAIRN_CONFLICT */
    /* Called about every 250 ms, and at each phase, by the building thread. */
    void (*tell)(void *context, const struct cairn_rebuild_progress *progress);
    void *context;
};

/* Returns 0 when the generation is followed, or
 *   -CAIRN_CONFLICT     another process has the lease, or it was cancelled, or `stopping` is set
 *   -CAIRN_UNAVAILABLE  PostgreSQL cannot be reached, or the disk is full: try again
 * An attempt that fails leaves a generation to be dropped. */
int cairn_rebuild_run(struct cairn_rebuild *rebuild, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
