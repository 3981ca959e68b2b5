/* lead.h - an append that its caller's thread carries out, while the appender's thread has nothing
 * to do.
 *
 * The appender's connection is used by one thread at a time:
 *
 *     FREE      by none
 *     WORKING   by the appender's thread
 *     LED       by none: a thread with a loop, the leader, has sent an append, and watches the
 *               socket. If other appends come, the appender's thread takes over and waits for the
 *               answer itself, so that they do not depend on how soon the leader looks
 *     HELD      by a thread that waits for the answer to its own append
 *     ENDING    by none: a leader answers the append that it has carried out
 *     LEFT      by none: what the leader began needs the appender's thread: it was not carried out,
 *               or the connection is lost
 *
 * A leader never waits: it leads only if the connection is open and the statement prepared on it,
 * and leaves everything but success to the appender's thread.
 *
 * Invariants
 *  (1) An append is led only if all that were accepted before are carried out, and answered. */
#ifndef CAIRN_STORE_LEAD_H
#define CAIRN_STORE_LEAD_H

#include "store/commit/appender.h"
#include "store/commit/flusher.h"

#include <poll.h>
#include <pthread.h>

enum cairn_lead_state {
    CAIRN_LEAD_FREE,
    CAIRN_LEAD_WORKING,
    CAIRN_LEAD_LED,
    CAIRN_LEAD_HELD,
    CAIRN_LEAD_ENDING,
    CAIRN_LEAD_LEFT,
};

struct cairn_lead {
    struct cairn_store *store;
    struct cairn_flusher *flusher;
    struct cairn_notifier *notifier;
    void (*left_call)(void *context); /* wakes the appender's thread up */
    void *context;
    bool is_off;
    int64_t watch_max_us;

    pthread_mutex_t lock; /* for what follows; not held while an append is answered */
    pthread_cond_t changed;
    enum cairn_lead_state state;
    size_t waiting; /* appends that are accepted and not yet carried out */
    struct cairn_appending *appending;
    const void *leader;
    struct cairn_pg_backend backend;
    struct cairn_arena arena;
    int failed; /* LEFT: what the call returned */
    struct cairn_error error;
    int64_t sent_us;
    double usual_us; /* from sending to the answer, recently; 0: unknown */
};

/* What a leader has left. */
struct cairn_lead_left {
    struct cairn_appending *appending; /* NULL: nothing */
    bool is_lost;                      /* the server process may have carried it out */
    struct cairn_pg_backend backend;
    struct cairn_error error;
};

void cairn_lead_init(struct cairn_lead *lead);
void cairn_lead_free(struct cairn_lead *lead);

/* ---- any thread ---- */

/* Accepts an append. Returns true if it is under way: this thread leads, and `leader` is its
 * handle, or NULL: it holds the connection. Else the append counts as waiting. */
bool cairn_lead_begin(struct cairn_lead *lead, struct cairn_appending *appending,
                      const void *leader) CAIRN_CHECKED;
/* Accepts an append that is not led: it counts as waiting. */
void cairn_lead_wait_in_line(struct cairn_lead *lead);
/* Records that appends no longer wait. */
void cairn_lead_done(struct cairn_lead *lead, size_t count);

/* Returns for how long an answer to a single append is worth watching for (postgres.h), 0: not at
 * all. */
int64_t cairn_lead_watch_us(struct cairn_lead *lead);
/* Notes how long a single append has taken. */
void cairn_lead_measure(struct cairn_lead *lead, int64_t us);

/* ---- the thread that leads ---- */

/* Returns whether the leader's append is still its own, and if so what to wait for, and until when
 * (cairn_leader_prepare()). */
bool cairn_lead_look(struct cairn_lead *lead, const void *leader, struct pollfd *ret,
                     int64_t *ret_until_us) CAIRN_CHECKED;
/* Ends it if the answer has come. */
void cairn_lead_go_on(struct cairn_lead *lead, const void *leader);
/* Waits for the answer to the append for which the connection is held, and ends it. */
void cairn_lead_wait(struct cairn_lead *lead);

/* ---- the appender's thread ---- */

/* Acquires the connection, and waits for an append that is under way on it. */
struct cairn_lead_left cairn_lead_acquire(struct cairn_lead *lead);
void cairn_lead_release(struct cairn_lead *lead);

#endif
