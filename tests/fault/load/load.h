/* load.h - the actors that use the system while it fails: each is a thread with random numbers of
 * its own that writes down all it does (history.h).
 *
 * An actor never fails a run: an error is an outcome like any other. A new kind of load is a new
 * function in a table in load.c, or a new action in the one in load_shop.c. */
#ifndef LOAD_H
#define LOAD_H

#include "history.h"

#include "core/containers/arena.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { WORLD_MAX = 4096 };
enum { USERS, ORDERS, PAYMENTS, ROOMS, RESERVATIONS, COURSES, STUDENTS, KINDS };
enum {
    SERVICE_USER,
    SERVICE_ORDER,
    SERVICE_PAYMENT,
    SERVICE_QUERY,
    SERVICE_HOTEL, /* one of the two processes that decide */
    SERVICE_HOTEL_B,
    SERVICE_HOTEL_QUERY,
    SERVICE_SCHOOL, /* one of its two processes */
    SERVICE_SCHOOL_B,
    SERVICES
};

/* The ids that the load knows: the last of each kind. */
struct world {
    pthread_mutex_t lock;
    char ids[KINDS][WORLD_MAX][40];
    size_t counts[KINDS];
};

struct actor;
struct steady; /* load_steady.h */

/* A kind of actor. */
struct role {
    const char *name;
    void (*act)(struct actor *actor);
    int count; /* 0: as many as the stage has clients */
};

struct stage {
    const struct role *cast; /* ends with a zeroed one */
    struct history *history;
    struct history *bus;  /* entries that were read on the bus; NULL: no bus reader */
    int ports[SERVICES];  /* where the clients connect: proxies, or the services themselves */
    char writer_url[640]; /* the database, for actors that use it directly */
    char reader_url[640];
    char superuser_url[640];
    struct steady *steady; /* for load_steady(); else NULL */
    int redis_port;        /* for the readers of the bus */
    char redis_password[128];
    int redis_number; /* of the database in Redis */
    int bus_keep;     /* the bus keeps at least so many positions */
    int watchers;     /* actors that follow rows */
    unsigned seed;
    int clients;
    int pause_us; /* the longest pause of a client between two requests */
    atomic_bool over;
    atomic_bool settled; /* everything has followed the log to its end */
    atomic_llong operations;
    struct world world;
    pthread_t threads[64];
    int thread_count;
    pthread_t witnesses[8];
    int witness_count;
    int actors; /* started so far: each has a name of its own */
};

struct actor {
    struct stage *stage;
    char name[24];
    unsigned random;
    struct cairn_arena arena; /* of one action */
};

extern const struct role shop_cast[], hotel_cast[], school_cast[], cluster_cast[];

/* Starts the stage's cast; they run until load_stop(), which waits for them. Then others may be
 * started on the same stage. */
void load_start(struct stage *stage);
void load_stop(struct stage *stage);

/* load_watch() starts the witnesses: the watchers and the reader of the bus. They only read, and go
 * on after the load has stopped, until they have seen its results. load_settle() tells them that
 * nothing more will come, and waits for them. */
void load_watch(struct stage *stage);
void load_settle(struct stage *stage);

/* Returns a random number from 0 to end - 1. */
int dice(unsigned *random, int end);
void rest_us(int64_t us);

/* ---- the functions in the tables ---- */

void load_client(struct actor *actor);     /* load_shop.c: requests by HTTP */
void load_ledger(struct actor *actor);     /* load_ledger.c: appends by the C interface */
void load_person(struct actor *actor);     /* load_people.c: SQL in transactions */
void load_follower(struct actor *actor);   /* load_people.c: reads the log as it grows */
void load_vandal(struct actor *actor);     /* load_people.c: tries to change the log */
void load_ahead(struct actor *actor);      /* load_rude.c: reads with tokens beyond the head */
void load_half(struct actor *actor);       /* load_rude.c: sends half a command */
void load_spoiler(struct actor *actor);    /* load_people.c: writes unreadable events */
void load_watcher(struct actor *actor);    /* load_live.c: follows a row as server-sent events */
void load_bus_reader(struct actor *actor); /* load_bus.c: reads what is published */
void load_guest(struct actor *actor);      /* hotel/load_hotel.c: requests to the hotel by HTTP */
void load_pupil(struct actor *actor);     /* school/load_school.c: requests to the school by HTTP */
void load_registrar(struct actor *actor); /* school/load_registrar.c: cairn.append_if */
void load_steady(struct actor *actor);    /* load_steady.c: appends as services do */

#endif
