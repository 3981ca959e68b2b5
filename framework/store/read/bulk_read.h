/* bulk_read.h - reads many events from the log, one at a time: for rebuilding, exporting,
 * verifying.
 *
 *     struct cairn_bulk *bulk;
 *     int got = cairn_bulk_open(store, 0, INT64_MAX, NULL, &bulk, error);
 *     while (!got && (got = cairn_bulk_next(bulk, &event, error)) == 1)
 *         ...
 *     cairn_bulk_close(bulk);
 *
 * The server sends the events by binary COPY, and only the current one is kept in memory. The range
 * is read in slices, each a statement of its own, so that a read of an hour does not hold a
 * database snapshot that long, and a filter that matches nothing is not silent for longer than a
 * slice takes. The log is never changed, so the slices give what one snapshot would.
 *
 * Ownership: until the bulk read is closed, its store can be used for nothing else. */
#ifndef CAIRN_STORE_BULK_READ_H
#define CAIRN_STORE_BULK_READ_H

#include "store/store.h"

struct cairn_bulk;

/* Begins to read the events at positions from + 1 to `to`, at most to the current head, in order:
 * those that match the filter, NULL for all. The filter is borrowed until the close. */
int cairn_bulk_open(struct cairn_store *store, int64_t from, int64_t to,
                    const struct cairn_event_filter *filter, struct cairn_bulk **ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Returns 1 and the next event, valid until the next call; 0 after the last one; or
 *   -CAIRN_UNAVAILABLE  the connection was lost, or its data is garbled: open again after the last
 *                       event
 *   -CAIRN_BUG          the statement was refused, or events are not in order
 * After a failure it returns no more events. */
int cairn_bulk_next(struct cairn_bulk *bulk, struct cairn_stored_event *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Returns a copy in the arena, which outlives the next call; of its meta
 * it has what cairn_event_kept_meta() says. */
struct cairn_stored_event cairn_event_keep(const struct cairn_stored_event *event,
                                           struct cairn_arena *arena);

/* May be called at any time: before the end it closes the store's connection, and the next call
 * opens another. NULL is fine. */
void cairn_bulk_close(struct cairn_bulk *bulk);

#endif
