/* field.h - the system under fault: the native system on a small disk of its own, with unreliable
 * connections between its parts and a clock that can be set, and the actors that use it.
 *
 *     clients ──proxy──▶ services ──proxy──▶ PostgreSQL ◀──proxy── its synchronous standby
 *                                 ──proxy──▶ Redis
 *
 * The hotel (examples/hotel) runs beside the shop, on a database of its own in the same servers,
 * with a load, a history and a log of its own. With every second seed each of its services is a
 * process. So does the school (services/enrolment), two processes on a third database, whose
 * decisions have boundaries.
 *
 * All of it is in one directory, a tmpfs where mounting is permitted, except for the standby
 * (standby.c), which has to confirm every commit. With every second seed users, orders and payments
 * are three processes of one service (counter.c).
 *
 * Actors that use the database directly (load_ledger.c, load_people.c) use the proxy, too. */
#ifndef FIELD_H
#define FIELD_H

#include "../load/load.h"
#include "proxy.h"

#include "../../support/system.h"

#include <libpq-fe.h>

struct field {
    struct system_under_test shop;
    struct stage stage;
    struct stage hotel;
    struct stage school;
    bool hotel_is_apart; /* a process for each of its services, and two for commands */
    struct proxy services[SERVICES];
    struct proxy postgres, redis;
    struct proxy replication; /* the standby reaches PostgreSQL through it */
    char files[300];          /* the directory of history and logs */
    char hotel_files[310];    /* the same of the hotel */
    char hotel_ports[60];     /* what the proxies lead to, and the webhook's other end */
    char school_files[310];   /* and of the school */
    char school_ports[30];
    char via[300];     /* the directory of the proxy's socket */
    char standby[300]; /* the standby's directory */
    int64_t *clock;    /* offsets, clock_shim.c */
    bool disk;         /* the system's directory is a mount that can be shrunk */
    unsigned random;   /* of the faults */
    int victim;        /* what the running fault has hit: a pid, or a service */
    int rebuilt;       /* number of rebuilds so far: the read models take turns */
    PGconn *holder;    /* the connection that holds a lock */
    char log[200];     /* what the running fault has done, for human readers */
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

/* Copies the URL of Redis itself, without the proxy. */
void field_redis_url(const struct field *field, char *ret, size_t size);

/* The same in the database of this stage, not only in the shop's. */
bool stage_sql(const struct stage *stage, const char *sql, char *ret, size_t size);

/* Wait until the live read models in the database of this stage, so many of them, and their copies
 * in Redis, are at the head. */
void field_await_rows(struct field *field, const struct stage *stage, int models);

/* Waits until no generation that is not read is left. */
void field_await_sweep(const struct stage *stage);

/* hotel/hotel_field.c: hotel_plan() chooses the ports and starts the proxies; hotel_open() starts
 * the hotel, and hotel_heal() those of its processes that do not run; hotel_finish() stops the
 * load, waits until nothing is left to do, and dumps the final state. */
void hotel_plan(struct field *field, unsigned seed);
void hotel_open(struct field *field, unsigned seed);
void hotel_heal(struct field *field);
void hotel_finish(struct field *field);

/* school/school_field.c: the same for the school. */
void school_plan(struct field *field);
void school_open(struct field *field, unsigned seed);
void school_heal(struct field *field);
void school_finish(struct field *field);

/* standby.c: standby_heal() creates the standby, or restarts one that has stopped; fails the test
 * if it cannot. standby_witness() records in the history how far the standby has come, while
 * nothing reaches it. */
void standby_heal(struct field *field);
void standby_witness(struct field *field);
void standby_stop(struct field *field);

/* dump.c: writes log.jsonl, tags.jsonl, rows.jsonl and generations.jsonl. `redis_url` NULL: the
 * first two alone. */
void dump_all(const char *directory, const char *superuser_url, const char *redis_url);
/* Adds the first column of each row of a query, which is JSON, to the end of a file. */
void dump_query(const char *directory, const char *name, const char *superuser_url,
                const char *sql);

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
