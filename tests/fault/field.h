/* field.h - the system under fault: the native system on a small disk of its own, with bad wires
 * between its parts and a clock that can be set, and the actors on it.
 *
 *     clients ──proxy──▶ services ──proxy──▶ PostgreSQL ◀──proxy── its synchronous standby
 *                                 ──proxy──▶ Redis
 *
 * All of it is in one directory, a tmpfs where we may mount one, but for the standby (standby.c),
 * without whose word nothing is committed. By every second seed users, orders and payments are
 * three processes of one service (counter.c).
 *
 * Those who use the database directly (load_ledger.c, load_people.c) go by the proxy, too. */
#ifndef FIELD_H
#define FIELD_H

#include "load.h"
#include "proxy.h"

#include "../support/system.h"

#include <libpq-fe.h>

struct field {
    struct system_under_test shop;
    struct stage stage;
    struct proxy services[SERVICES];
    struct proxy postgres, redis;
    struct proxy replication; /* by it the standby reaches PostgreSQL */
    char files[300];          /* the directory of history and logs */
    char via[300];            /* of the proxy's socket */
    char standby[300];        /* the standby's directory */
    int64_t *clock;           /* offsets, clock_shim.c */
    bool disk;                /* the system's directory is a mount that we may shrink */
    unsigned random;          /* of the faults */
    int victim;               /* what the running fault has hit: a pid, or a service */
    int rebuilt;              /* so many read models were built anew: they take turns */
    PGconn *holder;           /* of a lock */
    char log[200];            /* what the running fault has done, for people */
};

/* Starts the system, with a rollback window of seconds; the load is not on yet. Fails the test if
 * it cannot. */
void field_open(struct field *ret, unsigned seed);
/* Ends the load and writes down what is left behind, once no read model is being built any more and
 * every one has followed the log to its end: fails the test if either takes minutes. */
void field_finish(struct field *field);
void field_close(struct field *field);

/* SQL as the superuser, not by the proxy, without the standby, for some seconds at most. Returns
 * whether there was an answer; its first value. */
bool field_sql(struct field *field, const char *sql, char *ret, size_t size);

/* standby.c: the standby is made, or started again if it has ended; fails the test if it cannot be.
 * standby_witness() writes down in the history how far it has come, while nothing reaches it. */
void standby_heal(struct field *field);
void standby_witness(struct field *field);
void standby_stop(struct field *field);

/* dump.c: log.jsonl, rows.jsonl and generations.jsonl. `redis_url` NULL: the log alone. */
void dump_all(const char *directory, const char *superuser_url, const char *redis_url);

/* ---- faults.c ---- */

struct fault {
    const char *name;
    int weight;
    bool (*begin)(struct field *field); /* returns false where it cannot be done here */
    void (*end)(struct field *field);   /* NULL: it is over by itself, or system_heal() ends it */
    int hold_ms;                        /* at most; 0: 2000 */
};
extern const struct fault faults[];
extern const int fault_count;

/* One or two faults at once, for a while (at most so long), and then none. Says in the history what
 * it does. `only` names the one kind that is wanted; NULL: all. */
void faults_strike(struct field *field, const char *only, int most_ms);

#endif
