/* events.h - checks tables of events, and lifts events of older versions to the newest. */
#ifndef CAIRN_STORE_EVENTS_H
#define CAIRN_STORE_EVENTS_H

#include "core/containers/arena.h"

#include <cairn/decider.h>

/* Checks a table against its structs, once at start: names and records are unique; every older
 * version has an upcaster, and each leads to what the next one takes. Returns 0 or
 * -CAIRN_BUG. */
int cairn_events_check(const struct cairn_events *events, struct cairn_error *error) CAIRN_CHECKED;

/* Checks the row at this place of it, against the others too. Returns 0 or -CAIRN_BUG. */
int cairn_events_check_row(const struct cairn_events *events, uint32_t row,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Checks one type: its record, and its chain of upcasters. Returns 0 or -CAIRN_BUG. */
int cairn_event_type_check(const struct cairn_event_type *type,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Returns the record that events of this version were written with; NULL if there is none. */
const struct cairn_record *cairn_event_record(const struct cairn_event_type *type, int64_t version);

/* Lifts an event of an older version, for which cairn_event_record() has a record, to the newest.
 * `ret` is a struct of the type's record; it may point into `old` and the arena. Returns 0, or
 * -CAIRN_INVALID with the fields whose lifted values the current table does not allow. */
int cairn_event_lift(const struct cairn_event_type *type, int64_t version, const void *old,
                     struct cairn_arena *arena, void *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
