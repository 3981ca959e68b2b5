/* snapshots.h - keeps the states of long streams, off the way of the commands.
 *
 *     a load that folded many events ----------\
 *     a cached state that many events changed --+-> bounded queue -> thread -> cairn.snapshots
 *
 * No command waits for it: a state for which the queue has no room is dropped; the stream's next
 * `every` events offer a later one.
 *
 * Threads: any thread may offer; the connection belongs to the thread that writes. */
#ifndef CAIRN_COMMAND_SNAPSHOTS_H
#define CAIRN_COMMAND_SNAPSHOTS_H

#include "command/aggregate.h"
#include "store/snapshot.h"

/* Starts the thread. A state is kept when it is more than `every` events beyond the snapshot that
 * is known of its stream. Returns 0, or -CAIRN_CONFIG if the URL makes no sense or there can be no
 * more threads. */
int cairn_snapshots_open(const char *database_url, const char *label, int64_t every,
                         struct cairn_snapshots **ret, struct cairn_error *error) CAIRN_CHECKED;
/* What has not been written yet is forgotten. NULL is fine. */
void cairn_snapshots_close(struct cairn_snapshots *snapshots);

/* Offers a state that stands on an event of the log, if it is more than `every` events beyond its
 * `snapshot_version`, which then becomes its own version; `mends`: however many they are. */
void cairn_snapshots_offer(const struct cairn_folding *folding, struct cairn_aggregate *aggregate,
                           bool mends);

/* The same in two steps, for a state whose events are still being appended: a copy is made now, and
 * is submitted once they are in the log, or dropped. */
struct cairn_snapshot_offer;

/* Returns NULL if none is due. */
struct cairn_snapshot_offer *cairn_snapshots_prepare(const struct cairn_folding *folding,
                                                     struct cairn_aggregate *aggregate, bool mends);
/* Ownership moves. */
void cairn_snapshots_submit(const struct cairn_folding *folding,
                            struct cairn_snapshot_offer *offer);
/* NULL is fine. */
void cairn_snapshots_drop(struct cairn_snapshot_offer *offer);

/* Counts, and logs where it is strange, what a load found. Returns whether it had better be
 * replaced by what the load comes to. */
bool cairn_snapshots_found(const struct cairn_snapshot_key *key, enum cairn_snapshot_found found);

#endif
