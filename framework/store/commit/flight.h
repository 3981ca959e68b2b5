/* flight.h - a batch in flight: appends that PostgreSQL has carried out together, and that are
 * answered once they are on disk.
 *
 * A batch is deferred if it commits before its flush: then the next one can begin, and the flusher
 * (flusher.h) answers both after one flush. If a connection is lost meanwhile, a crash may have
 * taken the batch back: settle.h finds out.
 *
 * Ownership: the appends belong to their callers, and are the flight's until they are answered. */
#ifndef CAIRN_STORE_FLIGHT_H
#define CAIRN_STORE_FLIGHT_H

#include "store/append/append_batch.h"
#include "store/commit/appender.h"
#include "store/notifier.h"

enum { CAIRN_BATCH_APPENDS = 1024 };

struct cairn_flight {
    struct cairn_arena arena;
    struct cairn_append_batch batch;
    struct cairn_appending *items[CAIRN_BATCH_APPENDS]; /* `batch.count` of them, in order */
    struct cairn_pg_backend backend;                    /* the server process that committed it */
    struct cairn_timeline timeline;
    int64_t position; /* of its last event; 0: it has none */
    int64_t begun_us; /* monotonic: when PostgreSQL was called */
    struct cairn_flight *next;
};

/* Fills the batch with the first of the items, and as many more as may go with it within
 * `options`. */
void cairn_flight_load(struct cairn_flight *flight, struct cairn_appending **items, size_t count,
                       const struct cairn_appender_options *options);

/* Sets the outcome of every item from the batch's answer. */
void cairn_flight_read(struct cairn_flight *flight);

/* Answers every item with the outcome that it has. */
void cairn_flight_answer(struct cairn_flight *flight, struct cairn_notifier *notifier);

/* Answers one append, whose outcome has been known since `known_us` (monotonic). With an error,
 * that becomes its own. */
void cairn_appending_answer(struct cairn_appending *appending, struct cairn_notifier *notifier,
                            int outcome, const struct cairn_error *error, int64_t known_us);

#endif
