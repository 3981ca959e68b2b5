/* aggregate.h - the state that a stream's events fold to, and the last event folded into it. */
#ifndef CAIRN_COMMAND_AGGREGATE_H
#define CAIRN_COMMAND_AGGREGATE_H

#include "command/state/folding.h"
#include "store/append/append.h"
#include "store/read/snapshot.h"

struct cairn_aggregate {
    struct cairn_expected at; /* the stream, its version (0: it does not exist), its last event */
    int64_t position;         /* of the last event */
    int64_t snapshot_version; /* the newest version read or offered as a snapshot; 0: none */
    void *state;
    int64_t head; /* of a part (part.h): of the log when it was read */
    struct cairn_uuid head_id;
};

/* Reads the stream, starting at its snapshot if there is a usable one, and folds it. An unusable
 * snapshot costs time, never correctness. The state is allocated in the arena; at most three pages
 * of events are in memory at a time. Returns 0, or an error that store.h lists for reading or
 * decoding. */
int cairn_aggregate_load(struct cairn_store *store, const struct cairn_folding *folding,
                         const char *stream, struct cairn_arena *arena, struct cairn_aggregate *ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Reads and folds the events after `aggregate`. Its state is in the arena, and so is everything
 * that is allocated here. Returns 0 or an error that store.h lists. */
int cairn_aggregate_catch_up(struct cairn_store *store, const struct cairn_folding *folding,
                             struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Folds the events after `aggregate`, of which only `at.stream` has to be set, up to a version: its
 * state as it was. Without snapshots, which may be newer. Returns 0, -CAIRN_TOO_LARGE after
 * `deadline_us` (monotonic), or an error that store.h lists. */
int cairn_aggregate_read_to(struct cairn_store *store, const struct cairn_folding *folding,
                            int64_t version, int64_t deadline_us, struct cairn_arena *arena,
                            struct cairn_aggregate *aggregate,
                            struct cairn_error *error) CAIRN_CHECKED;

/* ---- many streams by one call (loader.h) ---- */

/* Returns what has to be read of the stream to bring the aggregate up to date. Version 0 means that
 * nothing is known of it. */
struct cairn_load cairn_aggregate_wants(const struct cairn_folding *folding,
                                        const struct cairn_aggregate *aggregate);

/* Folds what was read. Returns 0; 1 if that was not enough and cairn_aggregate_catch_up() is to be
 * called; or an error that store.h lists for decoding. */
int cairn_aggregate_take(const struct cairn_folding *folding, const struct cairn_load *read,
                         struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
