/* settle.h - finds out what became of appends whose connection was lost before they were answered,
 * and answers those that are in the log (resolve_outcome.h says how they are found). */
#ifndef CAIRN_STORE_SETTLE_H
#define CAIRN_STORE_SETTLE_H

#include "store/commit/flight.h"
#include "store/commit/resolve_outcome.h"

struct cairn_settling {
    struct cairn_store *store;
    struct cairn_arena *arena;
    struct cairn_timeline *timeline; /* of the store's connection; is read again */
    struct cairn_notifier *notifier;
    int64_t call_us;     /* the deadline of the store's calls */
    int64_t deadline_us; /* when to give up (monotonic) */
};

/* Answers the appends that are in the log and on disk, and those whose outcome cannot be known.
 * `backend` is the server process that may still carry them out; NULL if its call has ended.
 * Returns how many are left: they are not in the log and never will be, and are moved to the front
 * of `items`. */
size_t cairn_settle(const struct cairn_settling *how, const struct cairn_pg_backend *backend,
                    struct cairn_appending **items, size_t count, struct cairn_error *error);

#endif
