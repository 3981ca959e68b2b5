/* switch.h - selects the generation that queries read.
 *
 * A generation is fit to be read when it is at or past the one that is read, has no more parked
 * keys than that, and - if a comparison was requested - does not differ from it. Then one
 * transaction switches queries to it: the row in cairn.generations, and the view. The previous
 * generation is followed for a while longer, so that an operator can roll back to it. */
#ifndef CAIRN_PROJECTION_SWITCH_H
#define CAIRN_PROJECTION_SWITCH_H

#include "projection/tables/generation.h"

struct cairn_switch_terms {
    int64_t fence;     /* of the lease */
    int64_t window_ms; /* how long the previous one is kept */
};

/* Switches queries of this code version to the generation, and the view unless it shows a later
 * code version already. Returns 1, or 0 if the generation is not fit to be read yet:
 * cairn.rebuilds says why; or
 *   -CAIRN_CONFLICT  the generation was taken over since
 *   -CAIRN_BUSY      a query reads the view for too long: try again */
int cairn_switch_to(struct cairn_store *store, struct cairn_generation *generation,
                    const struct cairn_switch_terms *terms, struct cairn_arena *arena,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Carries out the next request of `cairn rollback` for a generation of this code version. Returns 1
 * if it was done or refused, 0 if there is none, 2 if it must wait until the generation has caught
 * up or has been taken over. */
int cairn_switch_back(struct cairn_store *store, const struct cairn_projection *projection,
                      const struct cairn_switch_terms *terms, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
