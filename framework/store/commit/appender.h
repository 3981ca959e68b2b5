/* appender.h - group commit: one thread per process appends for all others.
 *
 * The appender drains a bounded queue into one transaction, a batch, and while that commits the
 * next one collects: no append waits for a timer, and under load many appends share one flush to
 * disk. Each has its own outcome.
 *
 * Under load a batch is deferred: it commits before its flush, the next one begins, and one flush
 * makes both durable before they are answered (flusher.h). Where a flush takes longer than the
 * work that could be done meanwhile, or the server waits for a synchronous standby, each batch is
 * flushed by its own commit. Of deferred batches two are under way on one connection: the server
 * begins the second when it has committed the first (decision 45).
 *
 * An append that finds the appender idle needs no other thread: a thread that waits for it
 * (cairn_appender_append()), or that has a loop (a leader), carries it out itself (lead.h).
 *
 * Invariants
 *  (1) Appends reach the log in the order in which they were submitted, except that those of a
 *      batch that is decided about append by append, or whose connection is lost, may come after
 *      those of the next one, which was under way already. An append that builds on another
 *      is refused by its condition if that one is not in the log.
 *  (2) Every accepted append is answered exactly once, and truthfully: after a lost connection, the
 *      outcome of the batch is determined before any of it is answered or retried
 *      (resolve_outcome.h). UNKNOWN is returned only if the database could not be asked.
 *  (3) A batch that fails as a whole, because PostgreSQL refuses a value, is split until only the
 *      append that has the value fails.
 *
 * Threads: any thread may submit. `done` is called on one of the appender's two threads, or in
 * cairn_leader_go_on() or cairn_appender_append() of the thread that has submitted; never on two at
 * once, in the order of the appends. It must not wait, nor submit.
 * Ownership: a struct cairn_appending, and all that it points to, is the appender's from its
 * submission until `done` is called. */
#ifndef CAIRN_STORE_APPENDER_H
#define CAIRN_STORE_APPENDER_H

#include "store/append/append.h"
#include "telemetry/trace_context.h"

#include <poll.h>

struct cairn_appender;

/* One append in progress. The caller zeroes it and fills in `append`, `ret` and `done`. */
struct cairn_appending {
    struct cairn_append append;
    struct cairn_appended *ret; /* one per write */
    void (*done)(struct cairn_appending *appending);
    void *context;            /* the caller's own */
    struct cairn_trace trace; /* the span that waits for it; zeroed: none does */

    struct cairn_trace batch; /* the span of the batch that it went with, if that is recorded */
    int outcome;              /* what cairn_store_append() would return */
    struct cairn_timeline timeline; /* that it is in, if it is in the log */
    struct cairn_error error;
    /* the appender's own */
    int attempts;         /* that have failed */
    int64_t submitted_us; /* monotonic */
};

struct cairn_appender_options {
    size_t queue_max;    /* waiting appends, at most; 0: 4096 */
    size_t batch_events; /* in one transaction, at most; 0: 1024 */
    size_t batch_bytes;  /* likewise, of data and meta; 0: 4 MiB */
    int64_t call_us;     /* how long PostgreSQL may take for a batch; 0: 10 s */
    int64_t settle_us;   /* how long to ask what became of a lost batch; 0: 10 s */
    int64_t watch_us;    /* to wait for the answer to a single append without sleeping, at most; 0:
                          * 1000; negative: never */
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

/* ---- threads with a loop ---- */

/* A thread that polls sockets in a loop, and may carry out an append between its other work. It
 * never waits for the database: the append is sent, and its answer read when it has come. */
struct cairn_leader;

/* To be closed before the appender; nothing that it has submitted may be under way. */
struct cairn_leader *cairn_leader_open(struct cairn_appender *appender);
void cairn_leader_close(struct cairn_leader *leader); /* NULL is fine */

/* Submits an append like cairn_appender_submit(). All of these on the leader's own thread. */
int cairn_leader_submit(struct cairn_leader *leader, struct cairn_appending *appending,
                        struct cairn_error *error) CAIRN_CHECKED;
/* Fills in the event to wait for, if there is one. Returns until when (monotonic); 0: no limit; or
 * CAIRN_LEADER_WATCH: the answer is expected within microseconds, and the loop should not sleep. */
#define CAIRN_LEADER_WATCH INT64_C(1)
int64_t cairn_leader_prepare(struct cairn_leader *leader, struct pollfd *ret);
/* Reads what has come, after the event or the time; answers the append if that is complete. */
void cairn_leader_go_on(struct cairn_leader *leader);

/* Submits an append and waits for its outcome. Returns what cairn_store_append() returns. */
int cairn_appender_append(struct cairn_appender *appender, const struct cairn_append *append,
                          struct cairn_appended *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
