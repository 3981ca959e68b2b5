/* refold.h - folds the whole log into rows, in memory, with several threads.
 *
 *     one thread supplies events in log order
 *     -> batches, which any worker decodes
 *     -> parts: the rows by the hash of their key; one worker at a time applies the batches to a
 *        part, in order
 *
 * So the events of a row are applied in log order, and different parts are folded in parallel. When
 * the rows exceed the memory limit, large parts are spilled to files, together with their later
 * events, and are folded after all others: a hybrid hash join with the log (D. DeWitt et al.,
 * Implementation Techniques for Main Memory Database Systems, SIGMOD 1984).
 *
 * An event that cannot be applied to a row parks its key, as on the live path. An event that the
 * live path would stop at ends the fold with the reason: a rebuild leaves such a log to the live
 * path.
 *
 * Threads: one supplies events, ends and closes; after the end any thread may get parts, each part
 * once. */
#ifndef CAIRN_PROJECTION_REFOLD_H
#define CAIRN_PROJECTION_REFOLD_H

#include "core/containers/map.h"
#include "projection/fold/fold_batch.h"
#include "projection/rebuild/row_table.h"

enum { CAIRN_REFOLD_PARTS = 64 };

struct cairn_refold_options {
    const struct cairn_projection *projection;
    int threads;
    size_t memory_bytes;             /* of rows, queued events and buffers, approximately */
    const char *directory;           /* of files for rows that exceed it */
    const struct cairn_map *skipped; /* "POSITION KEY": skipped instead of parked if it cannot be
                                        applied; or NULL */
};

struct cairn_refold;

int cairn_refold_open(const struct cairn_refold_options *options, struct cairn_refold **ret,
                      struct cairn_error *error) CAIRN_CHECKED;
/* Stops the threads and frees the refold. NULL is allowed. */
void cairn_refold_close(struct cairn_refold *refold);

/* Supplies the next event, which is copied. Waits while all batches are in use. Returns 0, or
 *   -CAIRN_PARKED       the live path would stop there: the message says why
 *   -CAIRN_UNAVAILABLE  the files cannot be written: the disk is full */
int cairn_refold_take(struct cairn_refold *refold, const struct cairn_stored_event *event,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Ends the input: waits until all events are folded. Fails as above. */
int cairn_refold_end(struct cairn_refold *refold, struct cairn_error *error) CAIRN_CHECKED;

/* The first returns the rows of a part, 0 to CAIRN_REFOLD_PARTS - 1, after reading them back and
 * folding them if the part was spilled; the second frees them. */
int cairn_refold_part(struct cairn_refold *refold, size_t part, const struct cairn_row_table **ret,
                      struct cairn_error *error) CAIRN_CHECKED;
void cairn_refold_done(struct cairn_refold *refold, size_t part);

/* Return the parked, or skipped, events, in log order for each key; complete after
 * cairn_refold_part() for all parts. `attempts` is 0 for events that wait for earlier ones. Valid
 * until the close. */
size_t cairn_refold_parks(struct cairn_refold *refold, const struct cairn_park **ret);
size_t cairn_refold_skips(struct cairn_refold *refold, const struct cairn_park **ret);

struct cairn_refold_state {
    int64_t events; /* applied, or parked */
    int64_t rows;
    size_t bytes;   /* of rows in memory */
    size_t spilled; /* parts that are in files */
};
/* Any thread may call it. */
void cairn_refold_state(struct cairn_refold *refold, struct cairn_refold_state *ret);

#endif
