/* bulk_load.h - loads the rows of a rebuild into both stores: by COPY into a table without indexes,
 * and page by page into the copy in Redis. */
#ifndef CAIRN_PROJECTION_BULK_LOAD_H
#define CAIRN_PROJECTION_BULK_LOAD_H

#include "projection/rebuild/refold.h"
#include "projection/tables/redis_copy.h"

struct cairn_bulk_load;

struct cairn_bulk_load_options {
    struct cairn_refold *refold; /* after cairn_refold_end() */
    const struct cairn_generation *generation;
    const struct cairn_timeline *timeline;
    struct cairn_checkpoint at; /* of the rows */
    const char *database_url;
    const char *redis_url; /* NULL: there is no copy */
    int threads;
};

/* Starts loading: `threads` connections to PostgreSQL and one to Redis, each with its own thread.
 * The objects that the options point to are borrowed until the close. */
int cairn_bulk_load_open(const struct cairn_bulk_load_options *options,
                         struct cairn_bulk_load **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Waits until everything is loaded, at most until `until_us` (monotonic). Returns 1 if it is, 0 if
 * loading continues; or why PostgreSQL does not have the rows: -CAIRN_UNAVAILABLE, the error of a
 * row that it refuses, or the error of a spilled part. A copy that cannot be filled is no failure:
 * it will be repaired. */
int cairn_bulk_load_wait(struct cairn_bulk_load *load, int64_t until_us,
                         struct cairn_error *error) CAIRN_CHECKED;

/* The progress of the load. Any thread may call it. */
struct cairn_bulk_load_state {
    int64_t rows;   /* rows sent to PostgreSQL */
    int64_t copied; /* rows sent to Redis */
    bool loaded;    /* the threads that load PostgreSQL have ended */
};
void cairn_bulk_load_state(struct cairn_bulk_load *load, struct cairn_bulk_load_state *ret);

/* Stops threads that are still running and frees the load. NULL is allowed. */
void cairn_bulk_load_close(struct cairn_bulk_load *load);

#endif
