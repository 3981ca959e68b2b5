/* snapshots.h - writes snapshots of long streams in the background.
 *
 *     a load that folded many events ----------\
 *     a cached state that many events changed --+-> bounded queue -> thread -> cairn.snapshots
 *
 * No command waits for it: a state for which the queue has no room is dropped, and a later one is
 * offered after the stream's next `every` events.
 *
 * Threads: any thread may offer; the connection belongs to the thread that writes. */
#ifndef CAIRN_COMMAND_SNAPSHOTS_H
#define CAIRN_COMMAND_SNAPSHOTS_H

#include "command/state/aggregate.h"
#include "store/read/snapshot.h"

/* Starts the thread. A state is stored when it is more than `every` events beyond the stream's last
 * known snapshot. Returns 0, or -CAIRN_CONFIG if the URL is malformed or no more threads can be
 * created. */
int cairn_snapshots_open(const char *database_url, const char *label, int64_t every,
                         struct cairn_snapshots **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Discards states that have not been written yet. NULL is fine. */
void cairn_snapshots_close(struct cairn_snapshots *snapshots);

/* Offers a state whose last event is in the log, if it is more than `every` events beyond its
 * `snapshot_version`, which is then set to its version; with `mends`, however many they are. */
void cairn_snapshots_offer(const struct cairn_folding *folding, struct cairn_aggregate *aggregate,
                           bool mends);

/* The same in two steps, for a state whose events are still being appended: the copy made now is
 * submitted once they are in the log, or else dropped. */
struct cairn_snapshot_offer;

/* Returns NULL if none is due, or if the state cannot be stored. */
struct cairn_snapshot_offer *cairn_snapshots_prepare(const struct cairn_folding *folding,
                                                     struct cairn_aggregate *aggregate, bool mends);
/* Takes ownership of `offer`. */
void cairn_snapshots_submit(const struct cairn_folding *folding,
                            struct cairn_snapshot_offer *offer);
/* NULL is fine. */
void cairn_snapshots_drop(struct cairn_snapshot_offer *offer);

/* Counts what a load found, and logs it if it is broken. Returns whether the snapshot is broken and
 * should be replaced by the loaded state. */
bool cairn_snapshots_found(const struct cairn_snapshot_key *key, enum cairn_snapshot_found found);

#endif
