/* generation.h - finds, makes and starts the generations of a read model that this binary follows,
 * and reads their checkpoints.
 *
 * A generation is one built copy of a read model: a table, a row in cairn.generations and a
 * checkpoint. It belongs to one version of the projection's code; another version builds its own
 * generation. A generation is built (rebuild_attempt.h), followed (runner.h), read (switch.h), and
 * dropped (retire.h). */
#ifndef CAIRN_PROJECTION_GENERATION_H
#define CAIRN_PROJECTION_GENERATION_H

#include "projection/fold/fold_batch.h"

#include <stdbool.h>

/* The checkpoint of a generation. Each write of its rows compares (epoch, position, fence) in the
 * same transaction. */
struct cairn_checkpoint {
    int64_t epoch;
    int64_t position;
    int64_t fence;    /* of the lease under which it may be moved */
    int64_t revision; /* increases when rows change while the position stays */
    bool stopped;     /* cairn.checkpoints has a reason why it does not advance */
};

struct cairn_generation {
    const struct cairn_projection *projection;
    int64_t number;
    bool complete; /* queries read it, or have read it before */
    bool serving;  /* queries of its code version read it */
};

/* Finds the generation of the projection's code version that queries read, or else the newest one
 * that is followed. Returns 1, or 0 if there is none. */
int cairn_generation_look(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Compares the columns of the generation's table, names and types, with the fields of the record
 * that this binary was built with. Returns 0, or -CAIRN_BUG with a sentence that names the first
 * difference: the record was changed without a new `.version`, or the table by hand. */
int cairn_generation_check_columns(struct cairn_store *store,
                                   const struct cairn_generation *generation,
                                   struct cairn_arena *arena,
                                   struct cairn_error *error) CAIRN_CHECKED;

/* Finds a generation by its number. Returns 1, or 0 if it is not followed any more. */
int cairn_generation_get(struct cairn_store *store, const struct cairn_projection *projection,
                         int64_t number, struct cairn_arena *arena, struct cairn_generation *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Lists the followed generations, newest first, in the arena. Returns their number. */
int64_t cairn_generation_list(struct cairn_store *store, const struct cairn_projection *projection,
                              struct cairn_arena *arena, const struct cairn_generation **ret,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Makes the next generation to be built: its row, and its table without indexes. Processes that do
 * so for the same projection are serialized. Returns 0. */
int cairn_generation_make(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Changes a generation's state from building to following: stores the checkpoint that its rows
 * belong to, and its parked and skipped events. Returns 0, or -CAIRN_CONFLICT: it is not being
 * built any more, the fence is outdated, or the checkpoint is not of this log. */
struct cairn_generation_start {
    struct cairn_checkpoint at;
    const struct cairn_park *parks, *skips;
    size_t park_count, skip_count;
};
int cairn_generation_start(struct cairn_store *store, const struct cairn_generation *generation,
                           const struct cairn_generation_start *start, struct cairn_arena *arena,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Returns the name of the lease under which the generations of this code version are written. */
const char *cairn_generation_lease(const struct cairn_projection *projection,
                                   struct cairn_arena *arena);

/* Takes the generation over: from now on it can be written only with this fence. Returns 0, or
 *   -CAIRN_CONFLICT  it was taken over with a higher fence
 *   -CAIRN_BUSY      a write of another process takes too long: try again */
int cairn_generation_fence(struct cairn_store *store, const struct cairn_generation *generation,
                           int64_t fence, struct cairn_arena *arena,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Reads the checkpoint and checks it against the log. -CAIRN_DIVERGED if the log has another event
 * at its position, or none, or is of another epoch: the rows belong to another history. */
int cairn_generation_checkpoint(struct cairn_store *store,
                                const struct cairn_generation *generation,
                                struct cairn_arena *arena, struct cairn_checkpoint *ret,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Records why the generation does not advance from the checkpoint; NULL: it does. Does nothing if
 * another process has moved the checkpoint, or has taken the generation over. */
int cairn_generation_stop(struct cairn_store *store, const struct cairn_generation *generation,
                          const struct cairn_checkpoint *checkpoint, const char *why,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Makes the indexes of the generation's table and starts it, empty, at the start of the log: for a
 * log that a rebuild cannot fold in memory. */
int cairn_generation_start_empty(struct cairn_store *store,
                                 const struct cairn_generation *generation, int64_t fence,
                                 struct cairn_arena *arena,
                                 struct cairn_error *error) CAIRN_CHECKED;

#endif
