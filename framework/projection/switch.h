/* switch.h - which generation queries read.
 *
 * A generation is fit to be read when it is at or past the one that is read, has no more parked
 * keys than that, and - where somebody asked for it - has been compared with it. Then one
 * transaction has queries go there: the row in cairn.generations, and the view. What was read
 * before is followed on for a while, so that people can go back. */
#ifndef CAIRN_PROJECTION_SWITCH_H
#define CAIRN_PROJECTION_SWITCH_H

#include "projection/generation.h"

struct cairn_switch_terms {
    int64_t fence;     /* of the lease */
    int64_t window_ms; /* for which the one before is kept */
};

/* Has queries of this code version read the generation, and the view show it unless a later code
 * version is shown already. Returns 1, or 0 if it is not fit to be read yet: cairn.rebuilds says
 * why; or
 *   -CAIRN_CONFLICT  the generation was taken over since
 *   -CAIRN_BUSY      somebody reads the view for too long: try again */
int cairn_switch_to(struct cairn_store *store, struct cairn_generation *generation,
                    const struct cairn_switch_terms *terms, struct cairn_arena *arena,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Does what somebody asked for with `cairn rollback`, if it is about a generation of this code
 * version. Returns 1 if it was done or refused, 0 if there is nothing to do, 2 if it has to wait
 * until the generation has caught up. */
int cairn_switch_back(struct cairn_store *store, const struct cairn_projection *projection,
                      const struct cairn_switch_terms *terms, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
