/* projector.h - runs projections: follows the log and keeps their read models up to date.
 *
 *     the log -> a range of positions -> the rows it touches -> fold -> rows and checkpoint in one
 *     transaction -> the same rows copied to Redis
 *
 * Each projection of a code version is run by one process at a time: the one that has its lease
 * (store/lease.h). A new owner first moves the fence of the checkpoint, in PostgreSQL and then in
 * Redis, and every write compares it, so a process that resumes after a freeze writes nothing.
 *
 * Each projection has a supervisor (supervisor.h), and each followed generation a thread, each with
 * a connection to PostgreSQL and to Redis. Two more threads are shared: one listens for new events,
 * one notifies clients that wait for a read model that its checkpoint has moved. PostgreSQL is the
 * source of truth: after a crash at any moment, rows and checkpoint match. The copy in Redis is
 * compared by its checkpoint before each write and repaired from the rows when it does not match;
 * an unavailable Redis delays nothing. */
#ifndef CAIRN_PROJECTION_PROJECTOR_H
#define CAIRN_PROJECTION_PROJECTOR_H

#include "projection/follow/projector_state.h"
#include "projection/rebuild/rebuild_attempt.h"
#include "store/lease.h"

#include <cairn/projection.h>

struct cairn_projector;

struct cairn_projector_options {
    const char *database_url;
    const char *redis_url;       /* NULL: there is no copy */
    struct cairn_leases *leases; /* keeps a lease per projection */
    const struct cairn_projection *const *projections;
    size_t count;
    struct cairn_rebuild_limits rebuild;
};

/* Of several projectors one writes; the others stand by and take over within 5 seconds after it has
 * ended. The options are borrowed. A server that cannot be reached is no failure here:
 * cairn_projector_states() reports it. Returns 0, or
 *   -CAIRN_BUG     a definition is invalid: the message names projection and cause
 *   -CAIRN_CONFIG  a URL is invalid, or no more threads can be created */
int cairn_projector_start(const struct cairn_projector_options *options,
                          struct cairn_projector **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Lets each batch that is under way finish, then frees the projector. Waits for threads that wait
 * for a lease: call cairn_leases_stop() first to keep that short. */
void cairn_projector_stop(struct cairn_projector *projector);

/* Fills in at most `count` states; returns the number of projections. Any thread may call it. */
size_t cairn_projector_states(struct cairn_projector *projector, struct cairn_projector_state *ret,
                              size_t count);

#endif
