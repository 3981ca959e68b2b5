/* load.h - those who use the system while it breaks: actors, each a thread with dice of its own,
 * that write down all they do (history.h).
 *
 * An actor never fails a run: what goes wrong is an outcome like any other. Another kind of load is
 * another function in the table in load.c, or another action in the one in load_shop.c. */
#ifndef LOAD_H
#define LOAD_H

#include "history.h"

#include "core/arena.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { WORLD_MAX = 4096, SERVICES_MAX = 8 };
enum { USERS, ORDERS, PAYMENTS, KINDS };
enum { SERVICE_USER, SERVICE_ORDER, SERVICE_PAYMENT, SERVICE_QUERY, SERVICES };

/* What there is, as far as anybody knows: the last of each kind. */
struct world {
    pthread_mutex_t lock;
    char ids[KINDS][WORLD_MAX][40];
    size_t counts[KINDS];
};

struct stage {
    struct history *history;
    struct history *bus;  /* what was read on the bus; NULL: nobody reads it */
    int ports[SERVICES];  /* where the clients go: proxies, or the services themselves */
    char writer_url[640]; /* the database, for those who use it directly */
    char reader_url[640];
    char superuser_url[640];
    int redis_port; /* of those who read the bus */
    char redis_password[128];
    int bus_keep; /* so many positions stay on it at least */
    int watchers; /* who follow rows */
    unsigned seed;
    int clients;  /* of the shop */
    int pause_us; /* what a client rests at most between two requests */
    atomic_bool over;
    atomic_bool settled; /* everything has followed the log to its end */
    atomic_llong operations;
    struct world world;
    pthread_t threads[64];
    int thread_count;
    pthread_t witnesses[8];
    int witness_count;
    int actors; /* ever: each has a name of its own */
};

struct actor {
    struct stage *stage;
    char name[24];
    unsigned random;
    struct cairn_arena arena; /* of one action */
};

/* Starts all actors; they go on until load_stop(), which waits for them. Then others may be started
 * on the same stage. */
void load_start(struct stage *stage);
void load_stop(struct stage *stage);

/* Witnesses only look, and go on when the load is over, until they have seen what came of it: the
 * watchers, and who reads the bus. load_settle() tells them that nothing comes any more, and waits
 * for them. */
void load_watch(struct stage *stage);
void load_settle(struct stage *stage);

/* 0 … end - 1 */
int dice(unsigned *random, int end);
void rest_us(int64_t us);

/* ---- what the table is made of ---- */

void load_client(struct actor *actor);     /* load_shop.c: requests by HTTP */
void load_ledger(struct actor *actor);     /* load_ledger.c: appends by the C interface */
void load_person(struct actor *actor);     /* load_people.c: SQL in transactions */
void load_follower(struct actor *actor);   /* load_people.c: reads the log as it grows */
void load_vandal(struct actor *actor);     /* load_people.c: tries to change the past */
void load_ahead(struct actor *actor);      /* load_rude.c: reads with tokens beyond the head */
void load_half(struct actor *actor);       /* load_rude.c: commands that are sent by half */
void load_spoiler(struct actor *actor);    /* load_people.c: writes what cannot be read */
void load_watcher(struct actor *actor);    /* load_live.c: follows a row as server-sent events */
void load_bus_reader(struct actor *actor); /* load_bus.c: reads what is published */

#endif
