/* verify_rows.h - verifies a read model: folds it again from the log and compares the rows of both
 * stores with the result.
 *
 * The log is folded up to the checkpoint of a snapshot of PostgreSQL, and the rows of that snapshot
 * are compared; projector and appends continue meanwhile. The copy in Redis has no snapshots: a row
 * that differs there is compared with PostgreSQL again until both agree or `patience_us` has
 * passed, so that a concurrent change is not reported as a difference.
 *
 * Parked rows are counted, not compared: they are known to be behind. Events that an operator has
 * skipped are left out. */
#ifndef CAIRN_PROJECTION_VERIFY_ROWS_H
#define CAIRN_PROJECTION_VERIFY_ROWS_H

#include "core/report/progress.h"

#include <cairn/projection.h>

#include <stdbool.h>

struct cairn_difference {
    const char *key;
    const char *store; /* "postgres", "redis" */
    const char *what;  /* "/total is 5, should be 7" */
    int64_t position;  /* of the last event that touched the row; 0: none */
    const char *type;  /* of that event, or "" */
    const char *stream;
};

struct cairn_verify {
    const struct cairn_projection *projection;
    const char *database_url;
    const char *redis_url; /* NULL: there is no copy */
    size_t memory_bytes;   /* of folded rows; more are folded in parts */
    int64_t patience_us;   /* how long to wait for a copy that is behind; 0: ten seconds */
    /* Called for each difference, which is valid during the call. */
    void (*differs)(void *context, const struct cairn_difference *difference);
    /* Called now and then with how many positions of how many were folded; false ends it. NULL: it
     * goes on to its end. */
    bool (*goes_on)(void *context, int64_t done, int64_t total);
    void *context;                   /* of both */
    struct cairn_progress *progress; /* begun and ended here */

    /* the result */
    int64_t generation;
    int64_t position;    /* at which it was compared */
    int64_t rows;        /* existing rows that were compared */
    int64_t parked;      /* keys that were not compared */
    int64_t differences; /* in PostgreSQL */
    int64_t copied;      /* rows of the copy that were compared */
    int64_t copy_differences;
    char copy_problem[200]; /* why the copy could not be compared, or "" */
};

/* Returns 0 if it could be compared, whether or not there are differences; or
 *   -CAIRN_CONFLICT     `goes_on` has returned false
 *   -CAIRN_NOT_FOUND    no generation of this code version was built
 *   -CAIRN_DIVERGED     the read model belongs to another history than the log
 *   -CAIRN_UNREADABLE   an event stops the fold before the checkpoint
 *   -CAIRN_UNAVAILABLE  PostgreSQL cannot be reached */
int cairn_projection_verify(struct cairn_verify *verify, struct cairn_error *error) CAIRN_CHECKED;

#endif
