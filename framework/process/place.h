/* place.h - where a process manager or a reactor stands in the log: its lease, its connection, its
 * checkpoint, and what it does when it cannot go on.
 *
 *     fence = cairn_place_wait(…)   is the lease ours?
 *     cairn_place_hold(…)           is what was read still true? if not: cairn_place_take(…)
 *     cairn_place_look(…)           is there more? up to cairn_place_next(…)
 *     cairn_place_suffer(…)         or cairn_place_thrive(…), as it went
 *
 * Whatever fails, the next step begins again from what is committed.
 *
 * Ownership: one thread. Units: times are of the monotonic clock. */
#ifndef CAIRN_PROCESS_PLACE_H
#define CAIRN_PROCESS_PLACE_H

#include "store/appender.h"
#include "store/follow.h"
#include "store/lease.h"
#include "store/store.h"

#include <pthread.h>

struct cairn_courier;

/* What all that follows the log in this process shares. */
struct cairn_engine_parts {
    const char *database_url;
    struct cairn_appender *appender;
    struct cairn_leases *leases;
    struct cairn_follower *follower;
    struct cairn_courier *courier;
    int calls; /* made at once, by each */
};

/* For people: how far, and what is in the way. */
struct cairn_follower_state {
    char name[210];
    bool leads;        /* here, in this process */
    int64_t lag;       /* positions of the log that are not handled */
    char problem[512]; /* or "" */
};

struct cairn_place {
    struct cairn_engine_parts parts;
    char name[210];      /* "process/fulfilment", "reactor/bank" */
    const char *process; /* "fulfilment", or NULL */
    bool from_start;
    struct cairn_store *store;
    struct cairn_lease *lease;
    struct cairn_arena arena; /* of what lives as long as the place */
    struct cairn_arena batch; /* of one step */

    int64_t fence;      /* under which what follows was read; 0: nothing was */
    int64_t connection; /* on which */
    int64_t checkpoint; /* in the table */
    int64_t position;   /* looked at; ahead of the checkpoint while that has to wait */
    int64_t head;       /* of the log, when it was looked at last */
    int64_t moved_us;   /* when the checkpoint was moved last */
    int64_t trouble_us; /* to wait after the failure that comes next */
    char stopped[512];  /* by which event, or "" */
    bool told;          /* the table says so */
    bool failing;       /* the last step, and that was logged */

    pthread_mutex_t lock; /* guards what others are shown */
    struct cairn_follower_state shown;
};

/* As it was at the last step. From any thread. */
struct cairn_follower_state cairn_place_state(struct cairn_place *place);

/* `process` is NULL for a reactor. Returns 0 or what cairn_store_open() says; it is to be closed
 * also then. */
int cairn_place_open(struct cairn_place *place, const char *name, const char *process,
                     bool from_start, const struct cairn_engine_parts *parts,
                     struct cairn_error *error) CAIRN_CHECKED;
void cairn_place_close(struct cairn_place *place);

struct cairn_pg *cairn_place_pg(const struct cairn_place *place);

/* Waits a while for the lease. Returns its fence, or 0 if somebody else has it. */
int64_t cairn_place_wait(struct cairn_place *place);

/* Returns 1 if what was read under this fence is still true, 0 if the place has to be taken, or
 * what postgres.h says. */
int cairn_place_hold(struct cairn_place *place, int64_t fence,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Reads the checkpoint; whoever has a lower fence moves it no more. Returns as
 * cairn_checkpoint_take() does. */
int cairn_place_take(struct cairn_place *place, int64_t fence,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Looks how far the log goes. Returns 0, or -CAIRN_DIVERGED if it ends before the place, or what
 * postgres.h says. */
int cairn_place_look(struct cairn_place *place, struct cairn_error *error) CAIRN_CHECKED;

/* Where the next range ends: at the head, or some way before it. */
int64_t cairn_place_next(const struct cairn_place *place);

/* Moves the checkpoint; the table says no more then what stops the place. Returns as
 * cairn_checkpoint_move() does. */
int cairn_place_move(struct cairn_place *place, int64_t to,
                     struct cairn_error *error) CAIRN_CHECKED;
/* The checkpoint was moved together with other rows. */
void cairn_place_moved(struct cairn_place *place, int64_t to);

/* Says in the table, unless it does already, and once in the log, which event stops the place; ""
 * is none. The same returns. */
int cairn_place_stop(struct cairn_place *place, const char *problem,
                     struct cairn_error *error) CAIRN_CHECKED;

/* The next event is of a newer release: a newer binary may have the lease for a while. */
void cairn_place_give_way(struct cairn_place *place);

/* A step has failed: the next one takes the place anew, after a pause. An outage is logged once.
 * That somebody was faster is none. */
void cairn_place_suffer(struct cairn_place *place, int failed, const struct cairn_error *error);
/* A step has gone well. */
void cairn_place_thrive(struct cairn_place *place);

/* Waits until then, or until the log grows beyond what was seen, or somebody wakes the follower. */
void cairn_place_rest(struct cairn_place *place, int64_t until_us);

#endif
