/* aggregate.h - a stream folded into a state, and the event that state stands on. */
#ifndef CAIRN_COMMAND_AGGREGATE_H
#define CAIRN_COMMAND_AGGREGATE_H

#include "store/append.h"
#include "store/snapshot.h"

struct cairn_snapshots;

/* What a fold needs: the decider's own, or a fact's. */
struct cairn_folding {
    const struct cairn_events *events;
    const struct cairn_record *state;
    cairn_evolve *evolve;
    const char *kind; /* who folds, for snapshots and metrics: "order", "order:order_customer" */
    int state_version;
    struct cairn_snapshots *snapshots; /* NULL: the stream is read from its first event */
};

struct cairn_aggregate {
    struct cairn_expected at; /* the stream, its version (0: there is none), its last event */
    int64_t position;         /* of its last event */
    int64_t snapshot_version; /* the newest that was read or offered as a snapshot; 0: none */
    void *state;
};

/* Reads the stream, from its snapshot on if there is one that can be used, and folds it. A snapshot
 * that cannot be costs time, never the right answer. The state lies in the arena; of the events at
 * most two pages are in memory at a time. Returns 0 or what store.h says of reading and decoding.
 */
int cairn_aggregate_load(struct cairn_store *store, const struct cairn_folding *folding,
                         const char *stream, struct cairn_arena *arena, struct cairn_aggregate *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Reads and folds what the stream has beyond `aggregate`, which lies in the arena, as all that
 * comes to it. Returns 0 or what store.h says. */
int cairn_aggregate_catch_up(struct cairn_store *store, const struct cairn_folding *folding,
                             struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                             struct cairn_error *error) CAIRN_CHECKED;

/* ---- many at once (loader.h) ---- */

/* What has to be read of the stream to bring the aggregate up to date: version 0 is an aggregate of
 * which nothing is known. */
struct cairn_load cairn_aggregate_wants(const struct cairn_folding *folding,
                                        const struct cairn_aggregate *aggregate);

/* Folds what was read. Returns 0; 1 if there is more to it:
 * cairn_aggregate_catch_up() is to be called; or what store.h says of decoding. */
int cairn_aggregate_take(const struct cairn_folding *folding, const struct cairn_load *read,
                         struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
