/* projector.h - runs projections: follows the log and keeps their read models up to date.
 *
 *     the log -> a range of positions -> the rows it touches -> fold -> rows and checkpoint in one
 *     transaction -> the same rows copied to Redis
 *
 * Each projection of a code version is run by one process at a time: the one that has its lease
 * (store/lease.h). Who gets it first moves the fence of the checkpoint, in PostgreSQL and then in
 * Redis, and every write compares it, so a process that was frozen and wakes up writes nothing.
 *
 * For each projection a steward (steward.h), and for each generation that is followed a thread,
 * each with a connection to PostgreSQL and to Redis; and two threads more for all of them: one
 * listens for new events, one tells those who wait for a read model that it has moved.
 * PostgreSQL is the truth: a kill at any moment leaves rows and checkpoint together. The copy in
 * Redis is compared by its checkpoint before each write and repaired from the rows when it does not
 * match; a Redis that is away holds nothing up. */
#ifndef CAIRN_PROJECTION_PROJECTOR_H
#define CAIRN_PROJECTION_PROJECTOR_H

#include "projection/rebuild.h"
#include "store/lease.h"

#include <cairn/projection.h>

struct cairn_projector;

struct cairn_projector_options {
    const char *database_url;
    const char *redis_url;       /* NULL: there is no copy */
    struct cairn_leases *leases; /* keeps one for each projection */
    const struct cairn_projection *const *projections;
    size_t count;
    struct cairn_rebuild_limits rebuild;
};

/* Of several projectors one writes, the others stand by and take over within 5 seconds of its end.
 * The options are borrowed. Servers that are away are no failure here: the states tell. Returns 0,
 * or
 *   -CAIRN_BUG     a definition makes no sense: the message names projection and cause
 *   -CAIRN_CONFIG  a URL makes no sense, or there can be no more threads */
int cairn_projector_start(const struct cairn_projector_options *options,
                          struct cairn_projector **ret, struct cairn_error *error) CAIRN_CHECKED;

/* Lets each batch that is under way finish, then frees all. Waits for those who wait for a lease:
 * cairn_leases_stop() first makes that short. */
void cairn_projector_stop(struct cairn_projector *projector);

/* Where a projection stands, for /readyz and /metrics. */
struct cairn_projector_state {
    const char *name;
    int generation;
    int64_t position;    /* its checkpoint */
    int64_t head;        /* of the log, when it last looked */
    bool serving;        /* queries read the generation */
    bool leading;        /* it has the lease; else it stands by */
    bool following;      /* it looked within the last seconds, and nothing is in its way */
    bool copy_current;   /* Redis has what PostgreSQL has; one that has not is in nobody's way */
    int64_t parked_keys; /* rows that wait for a person: cairn parked */
    char owner[201];     /* who has the lease; "" while it is not known */
    char problem[200];   /* what is in its way, or "" */

    int building;        /* a generation that this process builds beside it; 0: none */
    const char *phase;   /* of that */
    int64_t done, total; /* of the phase */
};
/* Fills in at most `count` states; returns how many there are. Any thread may ask. */
size_t cairn_projector_states(struct cairn_projector *projector, struct cairn_projector_state *ret,
                              size_t count);

#endif
