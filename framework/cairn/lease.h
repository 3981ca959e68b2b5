/* lease.h - duties: work that one process at a time does, whichever of them, and whatever happens
 * to it.
 *
 *     static enum cairn_outcome tidy(const struct cairn_turn *turn, struct cairn_error *error)
 *     {
 *         int64_t gone = cairn_sql_run(turn->sql, "delete from baskets where left_at < now() -"
 *                                      " interval '30 days'", NULL, 0, error);
 *         return gone < 0 ? CAIRN_TRY_AGAIN : CAIRN_DONE;
 *     }
 *     static const struct cairn_duty duties[] = {{"tidy", tidy, .every_us = 60000000}, {0}};
 *     CAIRN_MAIN({.name = "tidier", .port = 8090, .duties = duties});
 *
 * Any number of processes may run the service. One of them has the lease of the duty (table
 * cairn.leases) and takes a turn every `every_us`; the others stand by. After its end they take
 * over at once, after a crash or a freeze within 4 seconds: a lease lasts 3 seconds without a
 * heartbeat. One that is frozen in the middle of a turn is waited for as long as `idle_us`.
 *
 * That a process believes to have the lease proves nothing: it may have been frozen just then. So
 * each turn is a transaction that begins by comparing its fence, a number that is greater with
 * each owner, with the greatest one that has had a turn (table cairn.duties), and keeps that row
 * locked until it commits:
 *
 *     frozen before its turn      the turn is refused: a later owner has had one; nothing is called
 *     frozen during its turn      the server ends its session after `idle_us`, which rolls the turn
 *                                 back; the next owner has its turn then. Waking up, the statement
 *                                 or the commit fails
 *     killed                      the turn is rolled back
 *     the database is away        no turn; the lease is lost after 3 seconds
 *
 * What a turn writes through turn->sql is therefore written by one owner at a time, and all or
 * nothing. What it does elsewhere is not undone: pass turn->fence along, and let the other side
 * refuse a number that is less than one that it has seen.
 *
 * Ownership: the table and its names live as long as the process. Each duty has a thread and a
 * connection. Units: microseconds. */
#ifndef CAIRN_LEASE_H
#define CAIRN_LEASE_H

#include <cairn/error.h>
#include <cairn/reactor.h>
#include <cairn/sql.h>

CAIRN_BEGIN_C

/* One turn. It lives as long as the call. */
struct cairn_turn {
    int64_t fence;         /* fencing token: never less than that of any earlier turn */
    struct cairn_sql *sql; /* in the transaction of the turn (sql.h); of this thread only */
};

/* Does a turn's work. CAIRN_DONE commits what was written; anything else rolls it back, and an
 * error that is set is logged if it differs from the previous one. In either case the next turn
 * comes after `every_us`. A commit that fails, since the turn was lost, is logged; the work comes
 * again, at the next owner. */
typedef enum cairn_outcome cairn_duty_work(const struct cairn_turn *turn,
                                           struct cairn_error *error);

struct cairn_duty {
    /* Of the lease, "duty/NAME", for all services of the store: a-z, 0-9 and -, at most 100; NULL
     * at the table's end. */
    const char *name;
    cairn_duty_work *work;
    int64_t every_us; /* from the end of a turn to the next one; 0 means 1 s */
    /* For how long a turn may go without a statement before the server ends it; 0 means 10 s. */
    int64_t idle_us;
};

CAIRN_END_C

#endif
