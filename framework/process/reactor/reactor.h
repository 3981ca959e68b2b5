/* reactor.h - runs one reactor: handles its events in order for each stream, concurrently for
 * different streams, each retried until it is done or parked.
 *
 * Invariants
 *  (1) Everything at or below the checkpoint is done or parked. Events above it are handled again
 *      after a crash: hence the idempotency key.
 *  (2) The checkpoint moves, and events are parked, only under the newest fence.
 *
 * Ownership: one thread steps. */
#ifndef CAIRN_PROCESS_REACTOR_H
#define CAIRN_PROCESS_REACTOR_H

#include "process/follow/log_cursor.h"

#include <cairn/reactor.h>

struct cairn_reactor_runner;

int cairn_reactor_open(const struct cairn_reactor *reactor, const struct cairn_engine_parts *parts,
                       struct cairn_reactor_runner **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is allowed. */
void cairn_reactor_close(struct cairn_reactor_runner *runner);

/* Performs one step, and waits for the next one. */
void cairn_reactor_step(struct cairn_reactor_runner *runner);

/* Any thread may call it. */
struct cairn_follower_state cairn_reactor_state(struct cairn_reactor_runner *runner);

#endif
