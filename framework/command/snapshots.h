/* snapshots.h - keeps the states of long streams, off the way of the commands.
 *
 *     a load that folded many events -> offer -> a bounded queue -> one thread -> cairn.snapshots
 *
 * Nobody waits: what the queue has no room for is forgotten, and offered again by the next load.
 *
 * Threads: any thread may offer; the connection belongs to the thread that writes. */
#ifndef CAIRN_COMMAND_SNAPSHOTS_H
#define CAIRN_COMMAND_SNAPSHOTS_H

#include "command/aggregate.h"
#include "store/snapshot.h"

/* Starts the thread. A state is kept when its load folded more than `every` events. Returns 0, or
 * -CAIRN_CONFIG if the URL makes no sense or there can be no more threads. */
int cairn_snapshots_open(const char *database_url, const char *label, int64_t every,
                         struct cairn_snapshots **ret, struct cairn_error *error) CAIRN_CHECKED;
/* What has not been written yet is forgotten. NULL is fine. */
void cairn_snapshots_close(struct cairn_snapshots *snapshots);

/* Offers a state that was just loaded, by folding so many events; `mends`: whatever their number.
 */
void cairn_snapshots_offer(const struct cairn_folding *folding,
                           const struct cairn_aggregate *aggregate, int64_t folded, bool mends);

/* Counts, and logs where it is strange, what a load found. Returns whether it had better be
 * replaced by what the load comes to. */
bool cairn_snapshots_found(const struct cairn_snapshot_key *key, enum cairn_snapshot_found found);

#endif
