/* committer.h - carries out batches of appends on one connection, and answers them.
 *
 * A batch that may be deferred (flusher.h) is queued on the connection behind the one that is under
 * way; any other is carried out when those before it are. An append is answered here, or by the
 * flusher.
 *
 * Threads: one at a time, which has the connection (lead.h). */
#ifndef CAIRN_STORE_COMMITTER_H
#define CAIRN_STORE_COMMITTER_H

#include "store/commit/flusher.h"
#include "store/commit/lead.h"

enum { CAIRN_COMMITTER_SENT_MAX = 2 };

struct cairn_committer {
    /* set by the appender, and borrowed */
    const struct cairn_appender_options *options;
    struct cairn_store *store;
    struct cairn_flusher *flusher;
    struct cairn_notifier *notifier; /* NULL: readers are not notified */
    struct cairn_lead *lead;         /* knows how long a single append takes */

    struct cairn_timeline timeline; /* of the connection */
    struct cairn_arena arena;       /* closed by the appender */
    struct {
        double work_us; /* for each append, under the lock, recently */
        double wait_us; /* for the lock, which other processes hold meanwhile */
    } pace;
    struct cairn_flight *sent[CAIRN_COMMITTER_SENT_MAX]; /* batches under way, in order */
    size_t sent_count;
    bool is_deferring; /* the server has deferred the last batch */
};

/* Begins a batch with the first append, and as many more as can go with it. Returns how many. */
size_t cairn_committer_begin(struct cairn_committer *committer, struct cairn_appending **items,
                             size_t count);
/* Returns when another batch should be sent behind the only one that is under way: shortly before
 * that is expected to end, so that as many appends as possible go with it. */
int64_t cairn_committer_next_us(const struct cairn_committer *committer);
/* Waits for the answer to the oldest batch under way, at most until `until_us` (monotonic): then it
 * returns false. */
bool cairn_committer_await(struct cairn_committer *committer, int64_t until_us);
/* Takes at least `count` answers, as far as batches are under way; all of them if one is not the
 * flusher's, since handling that one needs the connection. */
void cairn_committer_take(struct cairn_committer *committer, size_t count);

/* The following need the connection: no batch is under way. */

/* Carries all of them out, in one batch or several. */
void cairn_committer_commit(struct cairn_committer *committer, struct cairn_appending **items,
                            size_t count);
/* Looks up appends whose connection was lost, and commits again what was not carried out. */
void cairn_committer_commit_lost(struct cairn_committer *committer,
                                 const struct cairn_pg_backend *backend,
                                 struct cairn_appending **items, size_t count,
                                 const struct cairn_error *error);
/* Waits until all deferred batches are answered. Those that could not be flushed are looked up in
 * the log: a crash may have taken them back. */
void cairn_committer_settle(struct cairn_committer *committer);

#endif
