/* load.h - the rows of a rebuild on their way into both stores: COPY into a table without indexes,
 * and the copy in Redis, page by page. */
#ifndef CAIRN_PROJECTION_LOAD_H
#define CAIRN_PROJECTION_LOAD_H

#include "projection/copy.h"
#include "projection/refold.h"

struct cairn_load;

struct cairn_load_options {
    struct cairn_refold *refold; /* ended */
    const struct cairn_generation *generation;
    const struct cairn_timeline *timeline;
    struct cairn_checkpoint at; /* of the rows */
    const char *database_url;
    const char *redis_url; /* NULL: there is no copy */
    int threads;
};

/* Starts to load: `threads` connections to PostgreSQL and one to Redis, each with a thread. The
 * options are borrowed until the close. */
int cairn_load_open(const struct cairn_load_options *options, struct cairn_load **ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Waits until all is loaded, at most until `until_us` (monotonic). Returns 1 when it is, 0 when it
 * goes on; or why PostgreSQL does not have the rows: -CAIRN_UNAVAILABLE, or that it refuses one, or
 * what a part that was spilled fails with. A copy that Redis does not take is no failure: it will
 * be repaired. */
int cairn_load_wait(struct cairn_load *load, int64_t until_us,
                    struct cairn_error *error) CAIRN_CHECKED;

/* How far it is. Any thread may ask. */
struct cairn_load_state {
    int64_t rows;   /* that PostgreSQL was sent */
    int64_t copied; /* that Redis has */
    bool loaded;    /* PostgreSQL has all */
};
void cairn_load_state(struct cairn_load *load, struct cairn_load_state *ret);

/* Stops what goes on still. NULL is fine. */
void cairn_load_close(struct cairn_load *load);

#endif
