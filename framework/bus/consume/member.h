/* member.h - a member of a consumer group: the entries it holds, and the round that its thread
 * (consumers.c) repeats.
 *
 *     look     reads the epoch of the bus; a new one discards all held entries
 *     claim    claims entries of crashed members, and keeps its own from being claimed
 *     deliver  delivers the held entries that are due: deliver.c
 *     read     reads more, if there is room
 *
 * Ownership: belongs to its thread. */
#ifndef CAIRN_BUS_MEMBER_H
#define CAIRN_BUS_MEMBER_H

#include "bus/consume/group.h"
#include "core/threads/queue.h"
#include "postgres/postgres.h"

#include <cairn/consumer.h>

/* An entry that this member holds. */
struct cairn_pending_entry {
    struct cairn_group_entry entry; /* owns its texts */
    int64_t position;               /* of its event, from the entry's id */
    uint64_t stream;                /* hash of its stream's name; 0: unknown */
    int64_t due_us;                 /* monotonic */
    int64_t wait_us;                /* the next pause if it is too early */
    int64_t attempt;                /* number of the current or last attempt */
    bool begun;                     /* the attempt is counted */
    bool given_up;                  /* PostgreSQL may have it as a dead letter */
};

enum { CAIRN_PENDING_MAX = 512, CAIRN_ACKS_MAX = 64, CAIRN_CLAIM_MAX = 100 };

struct cairn_member {
    const struct cairn_consumer *consumer; /* with its defaults filled in */
    const char *categories[CAIRN_GROUP_KEYS_MAX];
    const struct cairn_teller *teller; /* of the commands that handlers send */
    size_t category_count; /* the group's keys: these, then the one of retried dead letters */
    char name[160];
    struct cairn_pg *pg;
    struct cairn_group group;
    struct cairn_queue *kick;          /* wakes the work thread; NULL for none */
    struct cairn_arena names;          /* of the keys */
    struct cairn_arena delivery_arena; /* of one delivery */
    int64_t epoch;                     /* of the keys; 0: none yet */
    struct cairn_pending_entry *pending[CAIRN_PENDING_MAX];
    size_t held_count;
    struct {
        size_t key;
        char id[48];
    } acks[CAIRN_ACKS_MAX];
    size_t ack_count;
    int64_t looked_us, claimed_us, kept_us; /* monotonic */
};

/* Runs one round, which waits for entries for at most 250 ms. `stopping` is called between two
 * entries. Returns 0, or the error that stops the round:
 *   -CAIRN_UNAVAILABLE  Redis or the database is unreachable; there is no bus yet */
int cairn_member_round(struct cairn_member *member, bool (*stopping)(void *context), void *context,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Acknowledges the handled entries, releases the rest and leaves the group. */
void cairn_member_leave(struct cairn_member *member);

/* Sends the outstanding acknowledgements. */
int cairn_member_flush(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;

/* ---- pending_entries.c ---- */

/* Holds copies of the entries, except those that it holds already. `fresh`: they were read, which
 * counts as their first attempt. */
void cairn_member_add_pending(struct cairn_member *member, const struct cairn_group_entry *entries,
                              int64_t count, bool fresh);
/* Forgets the entry at this index. */
void cairn_member_forget(struct cairn_member *member, size_t i);
/* Forgets all entries without releasing them; a member will claim them. */
void cairn_member_drop(struct cairn_member *member);

/* Resets the idle time of the held entries, so that they do not count as stuck, and forgets those
 * that others have claimed. */
int cairn_member_keep(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;
/* Claims stuck entries. A full member releases its newest entries for them. */
int cairn_member_claim(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;
/* Releases all entries, for others to claim at once. Attempts that have not begun do not count. */
int cairn_member_release(struct cairn_member *member, struct cairn_error *error) CAIRN_CHECKED;

/* ---- deliver.c ---- */

enum cairn_verdict {
    CAIRN_SETTLED = 1, /* handled, handled before, or of no interest: acknowledge */
    CAIRN_LATER,       /* at `due_us` */
    CAIRN_GONE,        /* a dead letter, or held by another member: nothing more to do */
};

/* Handles one entry. Returns its verdict, or -CAIRN_UNAVAILABLE or another error that the entry did
 * not cause: no attempt is used up. */
int cairn_member_deliver(struct cairn_member *member, struct cairn_pending_entry *pending,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
