/* rebuild.h - one attempt to build a generation: the log folded in memory, the rows loaded.
 *
 *     reading    all events up to the head by COPY, folded (refold.h)
 *     loading    the rows by COPY into a table without indexes, and into Redis (load.h)
 *     copying    what Redis has not taken yet
 *     indexing   the indexes
 *
 * Then it is followed from exactly there (generation.h), as every other. Until then nobody but the
 * attempt knows it, so an attempt that ends early leaves nothing but a generation to be dropped,
 * and is not resumed. What the live path would stop at, or PostgreSQL refuses, is left to the live
 * path: the generation starts empty and is followed from the start of the log. */
#ifndef CAIRN_PROJECTION_REBUILD_H
#define CAIRN_PROJECTION_REBUILD_H

#include "projection/generation.h"
#include "store/lease.h"

#include <pthread.h>
#include <stdatomic.h>

struct cairn_rebuild_limits {
    size_t memory_bytes;
    int threads;
    const char *directory; /* of files for what does not fit into the memory */
    int64_t window_ms;     /* for which the generation that was read before is kept */
};

/* How far an attempt has come. */
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
    struct cairn_store *store; /* whoever builds has it for himself */
    struct cairn_lease *lease;
    int64_t fence;
    int64_t id;                  /* in cairn.rebuilds */
    const atomic_bool *stopping; /* give up */
    /* Told now and then; by the thread that builds. */
    void (*tell)(void *context, const struct cairn_rebuild_progress *progress);
    void *context;
};

/* Returns 0 when the generation is followed, or
 *   -CAIRN_CONFLICT     somebody else has the lease, or it was cancelled, or it is time to stop
 *   -CAIRN_UNAVAILABLE  PostgreSQL is away, or there is no room for files: try again
 * and leaves a generation to be dropped then. */
int cairn_rebuild_run(struct cairn_rebuild *rebuild, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
