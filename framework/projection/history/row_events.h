/* row_events.h - reads the events that may have changed one row, in the order of the log.
 *
 * If no function of the projection has keys of its own, these are the events of the streams whose
 * id is the key: they are read by stream. Else they may be anywhere: the log is read, filtered by
 * type on the server. */
#ifndef CAIRN_PROJECTION_ROW_EVENTS_H
#define CAIRN_PROJECTION_ROW_EVENTS_H

#include "store/store.h"

#include <cairn/projection.h>

struct cairn_row_events;

/* Begins with the first event of the log; ends with position `to`. `events_max` and `deadline_us`
 * (monotonic) bound what is read; 0: nothing does. The arguments are borrowed. */
struct cairn_row_events *cairn_row_events_open(struct cairn_store *store,
                                               const struct cairn_projection *projection,
                                               const char *key, int64_t to, int64_t events_max,
                                               int64_t deadline_us);
void cairn_row_events_close(struct cairn_row_events *events); /* NULL is fine */

/* Returns 1 and the next event, valid until the next call; 0 after the last one; or
 *   -CAIRN_TOO_LARGE    the bounds are exceeded
 *   -CAIRN_UNAVAILABLE  the database is away */
int cairn_row_events_next(struct cairn_row_events *events, const struct cairn_stored_event **ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Returns how many events were read. */
int64_t cairn_row_events_read(const struct cairn_row_events *events);

#endif
