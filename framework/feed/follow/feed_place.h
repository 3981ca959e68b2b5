/* feed_place.h - how far a consumer has come in a feed (cairn.feeds), and what it has given up
 * (cairn.feed_dead).
 *
 * Every change compares the fence of the process' lease: a process that was frozen while another
 * has taken over changes nothing, since its transaction is rolled back. */
#ifndef CAIRN_FEED_PLACE_H
#define CAIRN_FEED_PLACE_H

#include "postgres/postgres.h"

#include <cairn/value.h>

struct cairn_feed_place {
    struct cairn_pg *pg;  /* the follower's */
    const char *consumer; /* borrowed, like `feed` */
    const char *feed;
    int64_t fence;
    char history[40]; /* "" before the first answer */
    int64_t position;
    struct cairn_uuid event_id; /* zero: none yet */
    int64_t attempts;           /* of the next event */
};

/* Takes over under a new fence, and reads the place; creates it if there is none. Returns 0, or
 * -CAIRN_BUSY: a later owner has it. */
int cairn_feed_take_over(struct cairn_feed_place *place, struct cairn_arena *arena,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Each returns 0; -CAIRN_BUSY if another process has taken over; or an error of postgres.h, and
 * then the place has to be read again: what was done is not known. */

/* Records that all up to an event were handled, and forgets the attempts. Within the transaction of
 * its handler, where one is open. `place` changes with it. */
int cairn_feed_advance(struct cairn_feed_place *place, int64_t position, struct cairn_uuid event_id,
                       struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;
/* Records that an attempt at the next event begins, since it may crash the process. */
int cairn_feed_begin(struct cairn_feed_place *place, int64_t attempt, struct cairn_arena *arena,
                     struct cairn_error *error) CAIRN_CHECKED;
/* Records which history the feed has. */
int cairn_feed_enter_history(struct cairn_feed_place *place, const char *history,
                             struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;
/* Records why nothing is handled; NULL: something is. */
int cairn_feed_say(struct cairn_feed_place *place, const char *problem, struct cairn_arena *arena,
                   struct cairn_error *error) CAIRN_CHECKED;

/* Records a dead letter. Within the transaction that advances beyond it. Returns 1; or 0: it is one
 * already. */
int cairn_feed_bury(struct cairn_feed_place *place, const char *event, int64_t position,
                    const char *reason, struct cairn_arena *arena,
                    struct cairn_error *error) CAIRN_CHECKED;

/* A dead letter that an operator wants to be handled again. */
struct cairn_feed_dead {
    int64_t number;
    const char *event;
};
/* Returns 1 and the oldest, locked in the open transaction; 0: there is none. */
int cairn_feed_revive(struct cairn_feed_place *place, struct cairn_arena *arena,
                      struct cairn_feed_dead *ret, struct cairn_error *error) CAIRN_CHECKED;
/* Deletes it, as it was handled; or, with the reason why not, keeps it. */
int cairn_feed_settle(struct cairn_feed_place *place, int64_t number, const char *reason,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
