/* lease.h - who does what only one process may do at a time: run a projection, a process manager,
 * the bus.
 *
 *     struct cairn_lease *lease = cairn_lease_want(leases, "projection/order_summary/2");
 *     …
 *     int64_t fence = cairn_lease_fence(lease);
 *     if (fence == 0)  somebody else does it: wait, look again
 *     else             write, and let the write carry the fence
 *
 * A keeper has a thread and one connection; it beats for all leases of the process several times
 * within the time that a lease lasts (table cairn.leases, by the database's clock). A process that
 * was frozen or cut off finds out by itself: a lease counts as held only as long as it lasts after
 * the last beat that was sent and answered, by the clock of the process.
 *
 * That is no proof. Between the look at the fence and the write the process may be frozen for any
 * time, so the write has to be refused where a higher fence has been: whoever takes a lease first
 * moves the fence of the checkpoint that it will write, in each store, and each write compares it
 * in its own transaction (M. Kleppmann, Designing Data-Intensive Applications, chapter 8, "Fencing
 * tokens").
 *
 * Threads: any thread may ask and wait; one opens and closes. */
#ifndef CAIRN_STORE_LEASE_H
#define CAIRN_STORE_LEASE_H

#include <cairn/error.h>

#include <stdbool.h>

struct cairn_leases;
struct cairn_lease;

/* How long a lease lasts without a beat. Somebody else has it at most so long, and a beat, later.
 */
enum { CAIRN_LEASE_TTL_MS = 3000, CAIRN_LEASE_BEAT_MS = 750 };

/* Starts to keep. `label` names the process in cairn.leases, with its host and number. A database
 * that is away is no failure here. Returns 0, or -CAIRN_CONFIG. */
int cairn_leases_open(const char *url, const char *label, struct cairn_leases **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Everybody who waits for a lease goes on at once, now and from now on. What is held stays held, so
 * that work under way can be finished. */
void cairn_leases_stop(struct cairn_leases *leases);

/* Gives back what is held, so that others need not wait for its end, and frees all leases. NULL is
 * fine. */
void cairn_leases_close(struct cairn_leases *leases);

/* A lease that the process would like to have from now on; the same one if it was asked for before.
 * The name is copied, at most 200 bytes. Lives as long as its keeper. */
struct cairn_lease *cairn_lease_want(struct cairn_leases *leases, const char *name);

/* The number of this tenure, greater than that of all before it; 0 while somebody else has it, or
 * it is not known. */
int64_t cairn_lease_fence(struct cairn_lease *lease);

/* Waits until the lease is held. Returns its fence, or 0 at `until_us` (monotonic), or when it is
 * time to stop. */
int64_t cairn_lease_wait(struct cairn_lease *lease, int64_t until_us);

/* Gives the lease back and asks for it again `for_us` later; INT64_MAX: never. For an owner that
 * cannot do the work while somebody else may. */
void cairn_lease_yield(struct cairn_lease *lease, int64_t for_us);

struct cairn_lease_state {
    int64_t fence;   /* of whoever holds it; 0: not known */
    bool mine;       /* it is this process */
    char owner[201]; /* "" while it is not known */
};
void cairn_lease_state(struct cairn_lease *lease, struct cairn_lease_state *ret);

#endif
