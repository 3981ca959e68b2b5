/* field.h - the system under fault: the native system on a small disk of its own, with unreliable
 * connections between its parts and a clock that can be set, and the actors that use it.
 *
 *     clients ──proxy──▶ services ──proxy──▶ PostgreSQL ◀──proxy── its synchronous standby
 *                                 ──proxy──▶ Redis
 *
 * All of it is in one directory, a tmpfs where mounting is permitted, except for the standby
 * (standby.c), which has to confirm every commit. With every second seed users, orders and payments
 * are three processes of one service (counter.c).
 *
 * Actors that use the database directly (load_ledger.c, load_people.c) use the proxy, too. */
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
    struct proxy replication; /* the standby reaches PostgreSQL through it */
    char files[300];          /* the directory of history and logs */
    char via[300];            /* the directory of the proxy's socket */
    char standby[300];        /* the standby's directory */
    int64_t *clock;           /* offsets, clock_shim.c */
    bool disk;                /* the system's directory is a mount that can be shrunk */
    unsigned random;          /* of the faults */
    int victim;               /* what the running fault has hit: a pid, or a service */
    int rebuilt;              /* number of rebuilds so far: the read models take turns */
    PGconn *holder;           /* the connection that holds a lock */
    char log[200];            /* what the running fault has done, for human readers */
};

/* Starts the system, with a rollback window of seconds, without any load. Fails the test if it
 * cannot. */
void field_open(struct field *ret, unsigned seed);
/* Stops the load and dumps the final state, once no read model is being built any more and each has
 * followed the log to its end: fails the test if either takes minutes. */
void field_finish(struct field *field);
void field_close(struct field *field);

/* Runs SQL as the superuser, without the proxy and without waiting for the standby, for some
 * seconds at most. Returns whether there was an answer, and its first value in `ret`. */
bool field_sql(struct field *field, const char *sql, char *ret, size_t size);

/* standby.c: standby_heal() creates the standby, or restarts one that has stopped; fails the test
 * if it cannot. standby_witness() records in the history how far the standby has come, while
 * nothing reaches it. */
void standby_heal(struct field *field);
void standby_witness(struct field *field);
void standby_stop(struct field *field);

/* dump.c: writes log.jsonl, rows.jsonl and generations.jsonl. `redis_url` NULL: the log alone. */
void dump_all(const char *directory, const char *superuser_url, const char *redis_url);

/* ---- faults.c ---- */

struct fault {
    const char *name;
    int weight;
    bool (*begin)(struct field *field); /* returns false if it cannot be done */
    void (*end)(struct field *field);   /* NULL: it is over by itself, or system_heal() ends it */
    int hold_ms;                        /* at most; 0: 2000 */
};
extern const struct fault faults[];
extern const int fault_count;

/* Injects one or two faults at once, for a random time of at most `most_ms`, and heals the system.
 * Records in the history what it does. `only` names the one kind to use; NULL: all. */
void faults_strike(struct field *field, const char *only, int most_ms);

#endif
