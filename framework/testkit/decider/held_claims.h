/* held_claims.h - the claims that the streams of a test hold, as the store would keep them. */
#ifndef CAIRN_TESTKIT_HELD_CLAIMS_H
#define CAIRN_TESTKIT_HELD_CLAIMS_H

#include "store/append/append.h"

/* A claim; a range covers the numbers from `from` up to, not including, `to` of its key. */
struct cairn_held_claim {
    struct cairn_uuid holder;
    bool is_range;
    const char *scope;
    const char *key; /* of a range: without the range */
    int64_t from, to;
};

struct cairn_held_claims {
    struct cairn_arena *arena;
    struct cairn_held_claim *items;
    size_t count, capacity;
};

/* Returns a stream's claim as it is held. A range's key is copied into the arena. */
struct cairn_held_claim cairn_held_claim_of(struct cairn_arena *arena, struct cairn_uuid stream,
                                            const struct cairn_claim *claim);

/* Changes the claims as one append of this stream does. Returns 0, or -CAIRN_CLAIMED, with the
 * message that a client gets, and nothing is changed. Texts are borrowed. */
int cairn_held_claims_change(struct cairn_held_claims *held, struct cairn_uuid stream,
                             const struct cairn_claim *claims, size_t count,
                             struct cairn_error *error) CAIRN_CHECKED;

#endif
