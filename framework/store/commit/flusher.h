/* flusher.h - makes deferred batches durable, and answers them.
 *
 *     appender -- give --> pending -> one flush for all -> answered -> free
 *                                        '-- failed: undone, until the appender settles them
 *
 * One thread with a connection of its own: its flush covers all that committed before, on the
 * same server. A server that crashed meanwhile has lost what was not flushed, so a flush counts
 * only if the connection that did it has seen the server process that committed the batch, and was
 * not lost since.
 *
 * Invariants
 *  (1) Batches are answered in the order in which they were given, and while one is under way
 *      no other thread answers appends: a caller that does, calls cairn_flusher_drain() first.
 *  (2) Nothing is answered as appended before it is on disk and, where the server waits for
 *      a synchronous standby, there.
 *
 * Threads: all functions but open and close are for the appender's thread. */
#ifndef CAIRN_STORE_FLUSHER_H
#define CAIRN_STORE_FLUSHER_H

#include "store/commit/flight.h"

struct cairn_flusher;

/* `undone` is called, on the flusher's thread, when batches wait to be settled. */
int cairn_flusher_open(const char *url, const char *label, int64_t call_us,
                       struct cairn_notifier *notifier, void (*undone)(void *context),
                       void *context, struct cairn_flusher **ret,
                       struct cairn_error *error) CAIRN_CHECKED;
/* Nothing may be under way. NULL is fine. */
void cairn_flusher_close(struct cairn_flusher *flusher);

/* Returns a flight that is not in use; waits until there is one. NULL: none will be before those
 * are settled that cairn_flusher_drain() returns. */
struct cairn_flight *cairn_flusher_take(struct cairn_flusher *flusher);
/* Puts back a flight that was answered, or was never carried out. */
void cairn_flusher_release(struct cairn_flusher *flusher, struct cairn_flight *flight);

/* Hands over a flight that was carried out, and whose outcomes are read, to be answered. */
void cairn_flusher_give(struct cairn_flusher *flusher, struct cairn_flight *flight);

/* Waits until nothing is under way. Returns the flights that could not be flushed, in order, or
 * NULL. */
struct cairn_flight *cairn_flusher_drain(struct cairn_flusher *flusher);

struct cairn_flusher_state {
    bool is_usable;  /* it is connected, and nothing is undone */
    bool is_busy;    /* batches are under way */
    bool is_undone;  /* batches wait to be settled */
    double flush_us; /* how long a flush takes, recently */
};
struct cairn_flusher_state cairn_flusher_look(struct cairn_flusher *flusher);

/* Returns the position up to which all events are known to be on disk on the server of this
 * process, 0 if nothing is known. */
int64_t cairn_flusher_durable(struct cairn_flusher *flusher,
                              const struct cairn_pg_backend *backend);

#endif
