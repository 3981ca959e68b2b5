/* appender.h - group commit: one thread a process that appends for all the others.
 *
 * It drains a bounded queue into one transaction, a batch, and while that commits the next one
 * collects: nobody waits for a timer, and under load many appends share one flush to disk. Each has
 * an outcome of its own.
 *
 * Invariants
 *  (1) Appends reach the log in the order in which they were handed over.
 *  (2) Every append that was accepted is answered exactly once. The answer is the truth: after a
 *      connection that was lost, what became of the batch is found out before anything is answered
 *      or tried again (settle.h). UNKNOWN is said only where the database could not be asked.
 *  (3) A batch that fails as a whole, for a value that PostgreSQL refuses, is taken apart until
 * only the append that has it fails.
 *
 * Threads: any thread may hand over. `done` is called on the appender's thread and must not wait.
 * Ownership: a struct cairn_appending, and all that it points to, is the appender's from the
 * moment it is handed over until `done` is called. */
#ifndef CAIRN_STORE_APPENDER_H
#define CAIRN_STORE_APPENDER_H

#include "store/append.h"

struct cairn_appender;

/* One append on its way. Zeroed, then `append`, `ret` and `done` filled in by the caller. */
struct cairn_appending {
    struct cairn_append append;
    struct cairn_appended *ret; /* one a write */
    void (*done)(struct cairn_appending *appending);
    void *context; /* the caller's own */

    int outcome;                    /* what cairn_store_append() would return */
    struct cairn_timeline timeline; /* which history it is in, where it is in the log */
    struct cairn_error error;
};

struct cairn_appender_options {
    size_t queue_max;    /* appends that wait, at most; 0: 4096 */
    size_t batch_events; /* in one transaction, at most; 0: 1024 */
    size_t batch_bytes;  /* likewise, of data and meta; 0: 4 MiB */
    int64_t call_us;     /* how long PostgreSQL may take for a batch; 0: 10 s */
    int64_t settle_us;   /* how long to ask what became of a lost batch; 0: 10 s */
    bool quiet;          /* do not wake readers (notify.h) */
};

/* Connects lazily, as postgres.h says. The options are copied; NULL for all defaults. */
int cairn_appender_open(const char *url, const char *label,
                        const struct cairn_appender_options *options, struct cairn_appender **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Lets everything that was accepted finish. Nobody may hand anything over any more. */
void cairn_appender_close(struct cairn_appender *appender);

/* Hands an append over. Returns 0, and `done` will be called; or, at once and without it,
 *   -CAIRN_BUSY  too much is waiting already
 *   -CAIRN_BUG   the append itself is wrong: a stream twice, too much of something */
int cairn_appender_submit(struct cairn_appender *appender, struct cairn_appending *appending,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Hands an append over and waits for what becomes of it: what cairn_store_append() returns. */
int cairn_appender_append(struct cairn_appender *appender, const struct cairn_append *append,
                          struct cairn_appended *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
