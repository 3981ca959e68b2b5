/* manager.h - runs one process manager: inputs, one event for each reaction, outgoing commands.
 *
 *     take     under a new lease: moves the fence, loads what is still to be delivered
 *     settle   outcomes of commands: delivered ones are deleted; a refusal becomes an input
 *     follow   a range of the log: events that it handles become inputs; events of the process'
 *              own streams become rows of timers and outgoing, and commands to deliver
 *     fire     at the log's end: due timers become inputs, the oldest first
 *
 * Whatever fails, the next step resumes from what is committed: the stream of a process records
 * which inputs it has reacted to.
 *
 * Invariants
 *  (1) Each input leads to at most one event in the stream of its process, in the order of the log.
 *      If two owners run at once, an append of one of them is refused, and that one looks again.
 *  (2) A command is sent only after the event that sends it is in the log.
 *  (3) A checkpoint moves only under the newest fence, in the transaction that writes its rows.
 *
 * Ownership: one thread steps. */
#ifndef CAIRN_PROCESS_MANAGER_H
#define CAIRN_PROCESS_MANAGER_H

#include "process/deliver/delivery.h"
#include "process/follow/log_cursor.h"

struct cairn_manager;

int cairn_manager_open(const struct cairn_process *process, const char *service,
                       const struct cairn_engine_parts *parts, struct cairn_manager **ret,
                       struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is allowed. */
void cairn_manager_close(struct cairn_manager *manager);

/* Performs one step, and waits for the next one. */
void cairn_manager_step(struct cairn_manager *manager);

/* Any thread may call it. */
struct cairn_follower_state cairn_manager_state(struct cairn_manager *manager);

#endif
