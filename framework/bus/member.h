/* bus/member.h - a member of a consumer group: what it holds, and the round that its thread
 * (consumers.c) repeats.
 *
 *     look     which epoch the bus is in; after a new one all that is held is dropped
 *     claim    what the dead have held; what this member holds is kept from being claimed
 *     deliver  what is held and due: deliver.c
 *     read     more, if there is room
 *
 * Ownership: belongs to its thread. */
#ifndef CAIRN_BUS_MEMBER_H
#define CAIRN_BUS_MEMBER_H

#include "bus/group.h"
#include "core/queue.h"
#include "postgres/postgres.h"

#include <cairn/consumer.h>

/* An entry in this member's hands. */
struct cairn_held {
    struct cairn_group_entry entry; /* its texts are its own */
    int64_t position;               /* of its event, as its id says it */
    uint64_t stream;                /* a hash of its stream's name; 0: not known */
    int64_t due_us;                 /* monotonic */
    int64_t wait_us;                /* the next time that it is too early */
    int64_t attempt;                /* which try this is, or was */
    bool begun;                     /* the try is counted */
};

enum { CAIRN_HELD_MAX = 512, CAIRN_ACKS_MAX = 64, CAIRN_CLAIM_MAX = 100 };

struct cairn_member {
    const struct cairn_consumer *consumer; /* with its defaults filled in */
    const char *categories[CAIRN_GROUP_KEYS_MAX];
    size_t category_count; /* the group's keys: these, then the one of second tries */
    char name[160];
    struct cairn_pg *pg;
    struct cairn_group group;
    struct cairn_queue *kick; /* wakes the thread that works; NULL for none */
    struct cairn_arena names; /* of the keys */
    struct cairn_arena batch; /* of one delivery */
    int64_t epoch;            /* of the keys; 0: none yet */
    struct cairn_held *held[CAIRN_HELD_MAX];
    size_t held_count;
    struct {
        size_t key;
        char id[48];
    } acks[CAIRN_ACKS_MAX];
    size_t ack_count;
    int64_t looked_us, claimed_us, kept_us; /* monotonic */
};

/* One round: waits for entries for at most a moment. `stopping` is asked between two of them.
 * Returns 0, or what is in the way:
 *   -CAIRN_UNAVAILABLE  Redis or the database is away; there is no bus yet */
int cairn_member_round(struct cairn_member *member, bool (*stopping)(void *context), void *context,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Acknowledges what was handled, gives back the rest. */
void cairn_member_leave(struct cairn_member *member);

/* Sends the acknowledgements that are waiting. */
int cairn_member_flush(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;

/* ---- hands.c ---- */

/* Takes entries into its hands: copies of them, and not those that it has. `fresh`: they were read,
 * which is counted as their first try. */
void cairn_member_hold(struct cairn_member *member, const struct cairn_group_entry *entries,
                       int64_t count, bool fresh);
/* Forgets the one at this place. */
void cairn_member_let_go(struct cairn_member *member, size_t i);
/* Forgets all; somebody will claim them. */
void cairn_member_drop(struct cairn_member *member);

/* Says that what waits here for its turn is not stuck, and forgets what others have taken. */
int cairn_member_keep(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;
/* Takes over what is stuck. A member that is full gives back its newest for it. */
int cairn_member_claim(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;
/* Gives back all, for others to take at once. Tries that have not begun do not count. */
int cairn_member_give_back(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;

/* ---- deliver.c ---- */

enum cairn_verdict {
    CAIRN_SETTLED = 1, /* handled, handled before, or of no interest: acknowledge */
    CAIRN_LATER,       /* at `due_us` */
    CAIRN_GONE,        /* a dead letter, or somebody else's: nothing more to do */
};

/* Handles one entry. Returns its verdict, or -CAIRN_UNAVAILABLE or another code where it is not the
 * entry's fault: nothing was counted. */
int cairn_member_deliver(struct cairn_member *member, struct cairn_held *held,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
