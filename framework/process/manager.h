/* manager.h - runs one process manager: what comes in, one event for each reaction, what goes out.
 *
 *     take     the lease is held: move the fence, load what is to be delivered yet
 *     settle   what became of commands: strike them off; a refusal becomes an input
 *     follow   a range of the log: events that are waited for become inputs; events of the process'
 *              own streams become rows of timers and outgoing, and commands on their way
 *     fire     at the log's end: timers that are due become inputs, the oldest first
 *
 * Whatever fails, the next step begins again from what is committed: an input that was reacted to
 * is known by the stream of the process that it was for.
 *
 * Invariants
 *  (1) Each input leads to at most one event in the stream of its process, in the order of the log.
 *      Where two run at once, an append of one of them is refused, and it looks again.
 *  (2) A command goes out only after the event that sends it is in the log.
 *  (3) A checkpoint moves only under the newest fence, in the transaction that writes its rows.
 *
 * Ownership: one thread steps. */
#ifndef CAIRN_PROCESS_MANAGER_H
#define CAIRN_PROCESS_MANAGER_H

#include "process/delivery.h"
#include "process/place.h"

struct cairn_manager;

int cairn_manager_open(const struct cairn_process *process, const char *service,
                       const struct cairn_engine_parts *parts, struct cairn_manager **ret,
                       struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is fine. */
void cairn_manager_close(struct cairn_manager *manager);

/* One step, and the wait for the next one. */
void cairn_manager_step(struct cairn_manager *manager);

/* From any thread. */
struct cairn_follower_state cairn_manager_state(struct cairn_manager *manager);

#endif
