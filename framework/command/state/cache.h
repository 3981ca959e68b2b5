/* cache.h - caches aggregates between commands: the state of a stream, and its version.
 *
 * A cached state may be behind the log, if another process has appended. That costs a read, never a
 * wrong answer: an append is checked against the log, and a refusal that is based on a cached state
 * is decided again on a fresh one.
 *
 *     settled   the fold of events that are in the log
 *     ahead     settled, plus the events of this process whose appends are under way, in order
 *
 * Concurrent commands on one stream are decided on `ahead`. Each append expects the last event of
 * the one before it, so if one fails, those after it fail too, a new branch begins, and all of
 * these commands are decided again.
 *
 * Invariants
 *  (1) `ahead` exists exactly while appends of the current branch are under way.
 *  (2) The end of an append of an earlier branch changes nothing.
 *  (3) The numbers of entries and bytes are bounded. Pinned entries are never evicted.
 *
 * Threads: any; an entry is locked while it is read or changed, never during I/O. */
#ifndef CAIRN_COMMAND_CACHE_H
#define CAIRN_COMMAND_CACHE_H

#include "command/state/aggregate.h"

#include <pthread.h>
#include <stdbool.h>

/* A waiter for an entry. `resume` is called without the entry's lock, on the thread that ended the
 * wait. */
struct cairn_waiter {
    struct cairn_waiter *next;
    void (*resume)(struct cairn_waiter *waiter);
    int64_t turn; /* of the append waited for; 0: waits for the load */
};

struct cairn_state {
    struct cairn_aggregate aggregate; /* at.stream points into the entry */
    struct cairn_arena arena;         /* holds `aggregate.state` and what it points to */
};

struct cairn_cached {
    pthread_mutex_t lock;
    const struct cairn_folding *folding;
    const char *stream;
    bool loaded;  /* `settled` is valid */
    bool stale;   /* the log may have newer events */
    bool loading; /* a read is in progress */
    bool is_long; /* too long for the loader: a worker has to read it */
    struct cairn_state settled;
    struct cairn_state ahead;
    int64_t branch;
    int64_t turns;                      /* appends handed over since the entry was made */
    int64_t under_way;                  /* appends of the current branch */
    struct cairn_snapshot_offer *offer; /* of a state of the current branch; NULL: none */
    int64_t offer_turn;                 /* the append whose success makes it valid */
    struct cairn_waiter *waiters;

    /* owned by the cache, under its lock */
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

/* Returns the entry of this stream and folding, pinned; creates it if there is none. `folding` is
 * borrowed for the cache's lifetime. */
struct cairn_cached *cairn_cache_pin(struct cairn_cache *cache, const struct cairn_folding *folding,
                                     const char *stream);
void cairn_cache_unpin(struct cairn_cache *cache, struct cairn_cached *entry);

/* ---- under the entry's lock ---- */

/* Returns the state to decide on: `ahead` while appends are under way, else `settled`. */
const struct cairn_aggregate *cairn_cached_state(const struct cairn_cached *entry);

/* Returns whether, as far as is known, the state needs no read before a decision. */
bool cairn_cached_is_current(const struct cairn_cached *entry);

/* Replaces `settled` with what was read: copies `aggregate` and all that it points to. No append
 * may be under way: callers check that `turns` has not changed since the read began. */
void cairn_cached_settle(struct cairn_cached *entry, const struct cairn_aggregate *aggregate);

/* Applies the events of an append to `ahead`; called while the append is
 * handed to the appender. Returns its turn; cairn_cached_end() is given it together with
 * `ret_branch`. */
int64_t cairn_cached_begin(struct cairn_cached *entry, const struct cairn_emitted *events,
                           size_t count, struct cairn_uuid last_id, int64_t *ret_branch);

/* Records that the append of this turn has ended. Returns the waiters for it or, if it failed, for
 * any append. The caller resumes them after unlocking the entry. */
struct cairn_waiter *cairn_cached_end(struct cairn_cached *entry, int64_t branch, int64_t turn,
                                      bool appended, const struct cairn_appended *at);

/* The same for a part. `last_id` is the id of the last event of the append, at `at->position`;
 * zero: it had none. When no other append is under way, the part has been read up to there. */
struct cairn_waiter *cairn_cached_end_part(struct cairn_cached *entry, int64_t branch, int64_t turn,
                                           bool appended, const struct cairn_appended *at,
                                           struct cairn_uuid last_id);

/* Registers a waiter for the append of this turn or, with turn 0, for the load in progress. */
void cairn_cached_wait(struct cairn_cached *entry, struct cairn_waiter *waiter, int64_t turn);

/* Returns what has become of the append of this turn; turn 0, a settled state, always stands. */
enum cairn_standing { CAIRN_STANDS, CAIRN_UNDER_WAY, CAIRN_UNDONE };
enum cairn_standing cairn_cached_standing(const struct cairn_cached *entry, int64_t branch,
                                          int64_t turn);

/* Records that the load has ended. Returns the waiters for it. */
struct cairn_waiter *cairn_cached_loaded(struct cairn_cached *entry);

/* Resumes all waiters of a list. Called without the lock. */
void cairn_waiters_resume(struct cairn_waiter *waiters);

#endif
