/* cache.h - aggregates kept between commands: the state of a stream, and how far it has come.
 *
 * A cached state may be behind the log: somebody else has appended. That costs a read, never a
 * wrong answer: what is appended is held against the log, and a refusal that came from a cached
 * state is decided again on a fresh one.
 *
 *     settled   the fold of events that are in the log
 *     ahead     settled, and the events of this process that are on their way, in order
 *
 * Commands that meet on one stream are decided on what is ahead; each append expects the last event
 * of the one before it, so if one fails those behind it fail too and all are decided again. A new
 * branch begins then.
 *
 * Invariants
 *  (1) `ahead` exists while appends of the current branch are under way, and only then.
 *  (2) An append that ends belongs to the current branch, or changes nothing.
 *  (3) There are at most so many entries and bytes. An entry that somebody has pinned stays.
 *
 * Threads: any; an entry is locked while it is read or changed, never during input or output. */
#ifndef CAIRN_COMMAND_CACHE_H
#define CAIRN_COMMAND_CACHE_H

#include "command/aggregate.h"

#include <pthread.h>
#include <stdbool.h>

/* Somebody who waits for an entry. `resume` is called without the entry's lock, on the thread of
 * whoever it was that ended the waiting. */
struct cairn_waiter {
    struct cairn_waiter *next;
    void (*resume)(struct cairn_waiter *waiter);
    int64_t turn; /* for an append: which one; 0: for the load */
};

struct cairn_state {
    struct cairn_aggregate aggregate; /* at.stream is the entry's */
    struct cairn_arena arena;         /* what `aggregate.state` and what it points to lie in */
};

struct cairn_cached {
    pthread_mutex_t lock;
    const struct cairn_folding *folding;
    const char *stream;
    bool loaded;  /* settled means something */
    bool stale;   /* the log has more */
    bool loading; /* somebody reads it */
    bool is_long; /* there is more to read than the loader does: a worker has to */
    struct cairn_state settled;
    struct cairn_state ahead;
    int64_t branch;
    int64_t turns;     /* appends that were handed over, ever */
    int64_t turns_out; /* of the current branch, those that are in the log: the turns up to here */
    int64_t under_way; /* of the current branch */
    struct cairn_snapshot_offer *offer; /* a state of the current branch; NULL: none */
    int64_t offer_turn;                 /* the turn whose success makes it the log's */
    struct cairn_waiter *waiters;

    /* the cache's, under its lock */
    char *key;
    uint32_t hash;
    size_t bytes;
    size_t pins;
    struct cairn_cached *next_in_slot;
    struct cairn_cached *newer;
    struct cairn_cached *older;
};

struct cairn_cache;
struct cairn_cache *cairn_cache_open(size_t max_entries, size_t max_bytes);
void cairn_cache_close(struct cairn_cache *cache);

/* The entry of this stream as folded by this folding, made if there is none; pinned. `folding` is
 * borrowed for the cache's life. */
struct cairn_cached *cairn_cache_pin(struct cairn_cache *cache, const struct cairn_folding *folding,
                                     const char *stream);
void cairn_cache_unpin(struct cairn_cache *cache, struct cairn_cached *entry);

/* ---- under the entry's lock ---- */

/* The state to decide on: what is ahead if something is under way. */
const struct cairn_aggregate *cairn_cached_state(const struct cairn_cached *entry);

/* Is what is settled, as far as this process knows, the log's? */
bool cairn_cached_is_current(const struct cairn_cached *entry);

/* Takes over what was read: `aggregate` with all that it points to is copied. Appends under way
 * stay ahead of it only if they were decided on it; else they begin a branch that is over. */
void cairn_cached_settle(struct cairn_cached *entry, const struct cairn_aggregate *aggregate);

/* Puts events ahead, which are about to be handed to the appender: `events` are `count` tagged
 * unions. Returns the append's turn; `ret_branch` goes back with it. */
int64_t cairn_cached_begin(struct cairn_cached *entry, void *const *events, size_t count,
                           struct cairn_uuid last_id, int64_t *ret_branch);

/* The append of this turn has ended. Returns those who waited for it, or for something that will
 * not come: they are to be resumed after the entry was unlocked. */
struct cairn_waiter *cairn_cached_end(struct cairn_cached *entry, int64_t branch, int64_t turn,
                                      bool appended, const struct cairn_appended *at);

/* Waits for the append of this turn, or, with turn 0, for the load that goes on. */
void cairn_cached_wait(struct cairn_cached *entry, struct cairn_waiter *waiter, int64_t turn);

/* What has become of the append of this turn; `turn` 0: of what was settled. */
enum cairn_standing { CAIRN_STANDS, CAIRN_UNDER_WAY, CAIRN_UNDONE };
enum cairn_standing cairn_cached_standing(const struct cairn_cached *entry, int64_t branch,
                                          int64_t turn);

/* The load is over. Returns those who waited for it. */
struct cairn_waiter *cairn_cached_loaded(struct cairn_cached *entry);

/* Resumes all of a list. Without the lock. */
void cairn_waiters_resume(struct cairn_waiter *waiters);

#endif
