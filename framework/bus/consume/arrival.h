/* arrival.h - an event that has come to a consumer, by the bus or a feed, and its handler.
 *
 * What has come is decoded and handed over in the same way, wherever from; whether it is to be
 * handled, and what happens if that fails, is the caller's business (deliver.c, feed/follow). */
#ifndef CAIRN_BUS_ARRIVAL_H
#define CAIRN_BUS_ARRIVAL_H

#include "bus/cloudevent.h"
#include "postgres/postgres.h"

#include <cairn/consumer.h>

struct cairn_arrival {
    const struct cairn_consumer *consumer;
    const struct cairn_teller *teller; /* of the commands that handlers send */
    struct cairn_pg *pg;               /* in the transaction of the handler */
    struct cairn_arena *arena;         /* of this delivery */
    const char *json;                  /* the event as it has come */
    size_t bytes;
    const char *system;      /* that has brought it, for spans: "redis" */
    const char *destination; /* what it was read from, for spans; NULL: nothing is said */
    int64_t attempt;         /* 1, 2, 3… */
    bool is_revived;         /* a dead letter that an operator retries */

    struct cairn_cloudevent event;         /* cairn_cloudevent_read() */
    const struct cairn_consumes *consumes; /* cairn_arrival_find() */
    const struct cairn_event_type *type;   /* the same */
    struct cairn_trace trace;              /* that the attempt belongs to; zeroed: none */
};

/* Finds the handler of `event`. Returns false if there is none: the event is of no interest. */
bool cairn_arrival_find(struct cairn_arrival *arrival);

/* Decodes what its handler takes: the event, lifted to the newest version, or a state. NULL where
 * it takes none. Returns 0, or
 *   -CAIRN_NEWER_EVENT  a newer release can read it
 *   -CAIRN_UNREADABLE   nothing can */
int cairn_arrival_decode(const struct cairn_arrival *arrival, void **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Calls the handler, in the open transaction. CAIRN_DONE: commit; anything else: roll back. */
enum cairn_outcome cairn_arrival_hand_over(struct cairn_arrival *arrival, const void *data,
                                           struct cairn_error *why);

/* Counts an event that was handled. How long a dead letter took says nothing of the consumer. */
void cairn_arrival_count(const struct cairn_arrival *arrival);

#endif
