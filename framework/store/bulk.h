/* bulk.h - many events out of the log, one at a time: for rebuilding, exporting, verifying.
 *
 *     struct cairn_bulk *bulk;
 *     int got = cairn_bulk_open(store, 0, INT64_MAX, NULL, &bulk, error);
 *     while (!got && (got = cairn_bulk_next(bulk, &event, error)) == 1)
 *         ...
 *     cairn_bulk_close(bulk);
 *
 * The server sends the events by binary COPY and nothing is kept here but the one that is looked
 * at. The range is read in slices, each a statement of its own: so whoever reads for an hour keeps
 * no snapshot that long, and a filter that lets nothing pass cannot be silent for longer than a
 * slice takes. The log is never changed, so what the slices give is what one snapshot would.
 *
 * Ownership: until it is closed, the store under it can be asked for nothing else. */
#ifndef CAIRN_STORE_BULK_H
#define CAIRN_STORE_BULK_H

#include "store/store.h"

struct cairn_bulk;

/* Begins to read the events at positions from + 1 to `to`, as far as the log goes now, in order;
 * those that the filter lets pass, NULL for all. The filter is borrowed until the close. */
int cairn_bulk_open(struct cairn_store *store, int64_t from, int64_t to,
                    const struct cairn_event_filter *filter, struct cairn_bulk **ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Returns 1 and the next event, valid until the next call; 0 after the last one; or
 *   -CAIRN_UNAVAILABLE  the database went away, or what it sent makes no sense: open again behind
 *                       the last event
 *   -CAIRN_BUG          the statement was refused, or events are not in order
 * After a failure it gives nothing more. */
int cairn_bulk_next(struct cairn_bulk *bulk, struct cairn_stored_event *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* What outlives the next call: a copy in the arena, but for the meta, which is {}. */
struct cairn_stored_event cairn_event_keep(const struct cairn_stored_event *event,
                                           struct cairn_arena *arena);

/* May come at any time: before the end it costs the store its connection, and the next call opens
 * another. NULL is fine. */
void cairn_bulk_close(struct cairn_bulk *bulk);

#endif
