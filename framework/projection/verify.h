/* verify.h - folds a read model again from the log and holds what is stored against it, row by row,
 * in both stores.
 *
 * The log is folded up to the checkpoint that one snapshot of PostgreSQL shows, and the rows of
 * that snapshot are compared; projector and appends go on meanwhile. The copy in Redis has no
 * snapshots: a row there that is not what it should be is held against PostgreSQL again until both
 * agree or the patience is over, so that what changes meanwhile is no difference.
 *
 * What is parked is not compared but counted: those rows are known to be behind. Events that
 * somebody has skipped are left out. */
#ifndef CAIRN_PROJECTION_VERIFY_H
#define CAIRN_PROJECTION_VERIFY_H

#include "core/progress.h"

#include <cairn/projection.h>

#include <stdbool.h>

struct cairn_difference {
    const char *key;
    const char *store; /* "postgres", "redis" */
    const char *what;  /* "/total is 5, should be 7" */
    int64_t position;  /* of the event that touched the row last; 0: none did */
    const char *type;  /* of that event, or "" */
    const char *stream;
};

struct cairn_verify {
    const struct cairn_projection *projection;
    const char *database_url;
    const char *redis_url; /* NULL: there is no copy */
    size_t memory_bytes;   /* of folded rows; more are folded in parts */
    int64_t patience_us;   /* with a copy that is behind; 0: ten seconds */
    /* Told of each; what it points to is valid for the call. */
    void (*differs)(void *context, const struct cairn_difference *difference);
    void *context;
    struct cairn_progress *progress; /* begun and ended here */

    /* what came of it */
    int64_t generation;
    int64_t position;    /* at which it was compared */
    int64_t rows;        /* that there are */
    int64_t parked;      /* keys that were not compared */
    int64_t differences; /* in PostgreSQL */
    int64_t copied;      /* rows of the copy that were compared */
    int64_t copy_differences;
    char copy_problem[200]; /* why the copy could not be compared, or "" */
};

/* Returns 0 if it could be compared, whatever was found; or
 *   -CAIRN_NOT_FOUND    no generation of this code version was built
 *   -CAIRN_DIVERGED     the read model belongs to another history than the log
 *   -CAIRN_UNREADABLE   an event stops the fold before the checkpoint
 *   -CAIRN_UNAVAILABLE  PostgreSQL is away */
int cairn_projection_verify(struct cairn_verify *verify, struct cairn_error *error) CAIRN_CHECKED;

#endif
