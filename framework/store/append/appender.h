/* appender.h - group commit: one thread per process appends for all others.
 *
 * The appender drains a bounded queue into one transaction, a batch, and while that commits the
 * next one collects: no append waits for a timer, and under load many appends share one flush to
 * disk. Each has its own outcome.
 *
 * Under load a batch is deferred: it commits before its flush, the next one begins, and one flush
 * makes both durable before they are answered (flusher.h). Where a flush takes longer than the
 * work that could be done meanwhile, or the server waits for a synchronous standby, each batch is
 * flushed by its own commit.
 *
 * Invariants
 *  (1) Appends reach the log in the order in which they were submitted.
 *  (2) Every accepted append is answered exactly once, and truthfully: after a lost connection, the
 *      outcome of the batch is determined before any of it is answered or retried
 *      (resolve_outcome.h). UNKNOWN is returned only if the database could not be asked.
 *  (3) A batch that fails as a whole, because PostgreSQL refuses a value, is split until only the
 *      append that has the value fails.
 *
 * Threads: any thread may submit. `done` is called on one of the appender's two threads, never on
 * both at once, in the order of the appends, and must not wait.
 * Ownership: a struct cairn_appending, and all that it points to, is the appender's from its
 * submission until `done` is called. */
#ifndef CAIRN_STORE_APPENDER_H
#define CAIRN_STORE_APPENDER_H

#include "store/append/append.h"

struct cairn_appender;

/* One append in progress. The caller zeroes it and fills in `append`, `ret` and `done`. */
struct cairn_appending {
    struct cairn_append append;
    struct cairn_appended *ret; /* one per write */
    void (*done)(struct cairn_appending *appending);
    void *context; /* the caller's own */

    int outcome;                    /* what cairn_store_append() would return */
    struct cairn_timeline timeline; /* that it is in, if it is in the log */
    struct cairn_error error;
    int attempts; /* that have failed: the appender's own */
};

struct cairn_appender_options {
    size_t queue_max;    /* waiting appends, at most; 0: 4096 */
    size_t batch_events; /* in one transaction, at most; 0: 1024 */
    size_t batch_bytes;  /* likewise, of data and meta; 0: 4 MiB */
    int64_t call_us;     /* how long PostgreSQL may take for a batch; 0: 10 s */
    int64_t settle_us;   /* how long to ask what became of a lost batch; 0: 10 s */
    bool quiet;          /* do not wake readers (notifier.h) */
    bool always_defers;  /* batches commit before their flush, also where that is not faster */
};

/* Connects lazily, as postgres.h says. The options are copied; NULL for all defaults. */
int cairn_appender_open(const char *url, const char *label,
                        const struct cairn_appender_options *options, struct cairn_appender **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Completes all accepted appends first. No thread may submit any more. */
void cairn_appender_close(struct cairn_appender *appender);

/* Submits an append. Returns 0, and `done` will be called; or, at once and without calling it,
 *   -CAIRN_BUSY     too many appends are waiting already
 *   -CAIRN_INVALID  an event, or the append, has too many bytes
 *   -CAIRN_BUG      the append itself is wrong: a stream twice, too many streams or events */
int cairn_appender_submit(struct cairn_appender *appender, struct cairn_appending *appending,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Submits an append and waits for its outcome. Returns what cairn_store_append() returns. */
int cairn_appender_append(struct cairn_appender *appender, const struct cairn_append *append,
                          struct cairn_appended *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
