/* generation.h - which generation of a read model this binary follows, and how far it has come.
 *
 * A generation is one built copy of a read model: a table, a row in cairn.generations and a
 * checkpoint. It belongs to one version of the projection's code; another version builds its own
 * beside it. */
#ifndef CAIRN_PROJECTION_GENERATION_H
#define CAIRN_PROJECTION_GENERATION_H

#include "store/store.h"

#include <cairn/projection.h>

#include <stdbool.h>

/* Where a generation stands. Whoever writes its rows compares (epoch, position, fence) in the same
 * transaction. */
struct cairn_checkpoint {
    int64_t epoch;
    int64_t position;
    int64_t fence;    /* of the lease under which it may be moved */
    int64_t revision; /* goes up when rows change while the position stays */
    bool stopped;     /* people are told that it does not go on, and why */
};

struct cairn_generation {
    const struct cairn_projection *projection;
    int64_t number;
    bool complete; /* it has reached the head of the log once */
};

/* Finds the newest generation of the projection's code version: which generation a projector works
 * on is decided here and nowhere else. Returns 1, or 0 if there is none. */
int cairn_generation_look(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* The same, or makes it: its row, its checkpoint at 0 and its table. One process at a time makes
 * one. Returns 0. */
int cairn_generation_find(struct cairn_store *store, const struct cairn_projection *projection,
                          struct cairn_arena *arena, struct cairn_generation *ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* The name of the lease under which the generations of this code version are written. */
const char *cairn_generation_lease(const struct cairn_projection *projection,
                                   struct cairn_arena *arena);

/* Takes the generation over: from now on nobody writes it but with this fence. Returns 0, or
 *   -CAIRN_CONFLICT  it was taken with a higher one
 *   -CAIRN_BUSY      a write of somebody else is under way for too long: try again */
int cairn_generation_fence(struct cairn_store *store, const struct cairn_generation *generation,
                           int64_t fence, struct cairn_arena *arena,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Reads the checkpoint and holds it against the log. -CAIRN_DIVERGED if the log has another event
 * at its position, or none, or is of another epoch: the rows belong to another history. */
int cairn_generation_checkpoint(struct cairn_store *store,
                                const struct cairn_generation *generation,
                                struct cairn_arena *arena, struct cairn_checkpoint *ret,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Tells people why the generation does not go on from the checkpoint; NULL: it does. Says nothing
 * if somebody else has moved it from there, or has taken it over. */
int cairn_generation_stop(struct cairn_store *store, const struct cairn_generation *generation,
                          const struct cairn_checkpoint *checkpoint, const char *why,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* It has reached the head: from now on queries read it, and the view shows it unless a later code
 * version is shown already. -CAIRN_CONFLICT if it was taken over since `fence`; -CAIRN_BUSY if
 * somebody reads the view for too long: try again. */
int cairn_generation_complete(struct cairn_store *store, struct cairn_generation *generation,
                              int64_t fence, struct cairn_arena *arena,
                              struct cairn_error *error) CAIRN_CHECKED;

#endif
