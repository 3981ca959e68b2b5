/* refold.h - the whole log folded into rows, in memory, by several threads.
 *
 *     one thread gives events in the order of the log
 *     -> batches, which any worker decodes
 *     -> parts: the rows by the hash of their key; of each part one worker at a time applies the
 *        batches, in order
 *
 * So the events of a row are applied in the order of the log, and all else at once. When the rows
 * are more than the memory may hold, large parts go into files, with the events that come for them
 * later, and are folded when all else is done: a hybrid hash join with the log (D. DeWitt et al.,
 * Implementation Techniques for Main Memory Database Systems, SIGMOD 1984).
 *
 * An event that cannot be applied to a row parks its key, as on the live path. What the live path
 * would stop at ends the fold with the reason: whoever rebuilds leaves such a log to the live path.
 *
 * Threads: one gives events, ends and closes; afterwards any may take parts, each once. */
#ifndef CAIRN_PROJECTION_REFOLD_H
#define CAIRN_PROJECTION_REFOLD_H

#include "core/map.h"
#include "projection/batch.h"
#include "projection/shelf.h"

enum { CAIRN_REFOLD_PARTS = 64 };

struct cairn_refold_options {
    const struct cairn_projection *projection;
    int threads;
    size_t memory_bytes;             /* of rows, events under way and buffers, about */
    const char *directory;           /* of files for what is more */
    const struct cairn_map *skipped; /* "POSITION KEY": left out if it cannot be applied, not
                                        parked; or NULL */
};

struct cairn_refold;

int cairn_refold_open(const struct cairn_refold_options *options, struct cairn_refold **ret,
                      struct cairn_error *error) CAIRN_CHECKED;
/* Ends the threads, gives all back. NULL is fine. */
void cairn_refold_close(struct cairn_refold *refold);

/* Gives the next event, which is copied. Waits while the workers are behind. Returns 0, or
 *   -CAIRN_PARKED       the live path would stop there: the message says why
 *   -CAIRN_UNAVAILABLE  the files have no room */
int cairn_refold_take(struct cairn_refold *refold, const struct cairn_stored_event *event,
                      struct cairn_error *error) CAIRN_CHECKED;

/* There are no more events: waits until all are folded. Fails as above. */
int cairn_refold_end(struct cairn_refold *refold, struct cairn_error *error) CAIRN_CHECKED;

/* The rows of a part, 0 to CAIRN_REFOLD_PARTS - 1, read back and folded if it was spilled; and
 * gives their memory back. */
int cairn_refold_part(struct cairn_refold *refold, size_t part, const struct cairn_shelf **ret,
                      struct cairn_error *error) CAIRN_CHECKED;
void cairn_refold_done(struct cairn_refold *refold, size_t part);

/* What was parked, or skipped, in the order of the log for each key; complete when all parts were
 * taken. `attempts` is 0 for those that wait. Valid until the close. */
size_t cairn_refold_parks(struct cairn_refold *refold, const struct cairn_park **ret);
size_t cairn_refold_skips(struct cairn_refold *refold, const struct cairn_park **ret);

struct cairn_refold_state {
    int64_t events; /* applied, or parked */
    int64_t rows;
    size_t bytes;   /* of rows in memory */
    size_t spilled; /* parts that are in files */
};
/* Any thread may ask. */
void cairn_refold_state(struct cairn_refold *refold, struct cairn_refold_state *ret);

#endif
