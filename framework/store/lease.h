/* lease.h - leases: for what only one process may do at a time, such as running a projection, a
 * process manager, the bus.
 *
 *     struct cairn_lease *lease = cairn_lease_want(leases, "projection/order_summary/2");
 *     …
 *     int64_t fence = cairn_lease_fence(lease);
 *     if (fence == 0)  another process does it: wait, check again
 *     else             write, and pass the fence with the write
 *
 * A keeper has a thread and one connection; it sends heartbeats for all leases of the process,
 * several within the TTL of a lease (table cairn.leases, by the database's clock). A process that
 * was frozen or cut off finds out by itself: a lease counts as held only for the TTL after its last
 * answered beat was sent, by the clock of the process.
 *
 * That is no guarantee. Between reading the fence and writing, the process may be frozen for any
 * time, so a write has to be refused where a higher fence has been: the new holder of a lease first
 * raises the fence of the checkpoint that it will write, in each store, and each write compares it
 * in its own transaction (M. Kleppmann, Designing Data-Intensive Applications, chapter 8, "Fencing
 * tokens").
 *
 * Threads: any thread may check and wait; one opens and closes. */
#ifndef CAIRN_STORE_LEASE_H
#define CAIRN_STORE_LEASE_H

#include <cairn/error.h>

#include <stdbool.h>

struct cairn_leases;
struct cairn_lease;

/* How long a lease lasts without a beat. Failover takes at most the TTL plus one beat. */
enum { CAIRN_LEASE_TTL_MS = 3000, CAIRN_LEASE_HEARTBEAT_MS = 750 };

/* Starts the keeper. `label` names the process in cairn.leases, with its host and pid. An
 * unreachable database is not an error here. Returns 0, or -CAIRN_CONFIG. */
int cairn_leases_open(const char *url, const char *label, struct cairn_leases **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Ends all waits for leases at once, current and later ones. Held leases stay held, so that work
 * under way can be finished. */
void cairn_leases_stop(struct cairn_leases *leases);

/* Releases held leases, so that other processes need not wait until they expire, and frees all
 * leases. NULL is fine. */
void cairn_leases_close(struct cairn_leases *leases);

/* Requests a lease from now on; returns the same one if it was requested before. The name is
 * copied, at most 200 bytes. The lease lives as long as its keeper. */
struct cairn_lease *cairn_lease_want(struct cairn_leases *leases, const char *name);

/* Returns the number of this tenure, greater than that of all before it; 0 while another process
 * holds the lease, or the holder is not known. */
int64_t cairn_lease_fence(struct cairn_lease *lease);

/* Waits until the lease is held. Returns its fence, or 0 at `until_us` (monotonic), or when it is
 * time to stop. */
int64_t cairn_lease_wait(struct cairn_lease *lease, int64_t until_us);

/* Releases the lease and requests it again `for_us` later; INT64_MAX: never. For a holder that
 * cannot do the work while another process may. */
void cairn_lease_yield(struct cairn_lease *lease, int64_t for_us);

struct cairn_lease_state {
    int64_t fence;   /* of the holder; 0: not known */
    bool mine;       /* this process is the holder */
    char owner[201]; /* "" while it is not known */
};
void cairn_lease_state(struct cairn_lease *lease, struct cairn_lease_state *ret);

#endif
