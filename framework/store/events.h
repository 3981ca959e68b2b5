/* events.h - tables of events: whether they make sense, and what they make of older versions. */
#ifndef CAIRN_STORE_EVENTS_H
#define CAIRN_STORE_EVENTS_H

#include "core/arena.h"

#include <cairn/decider.h>

/* Holds a table against its structs, once at start: tags, names and records are each one event's;
 * every older version has exactly one upcaster, and each leads to what the next one takes. Returns
 * 0 or -CAIRN_BUG. */
int cairn_events_check(const struct cairn_events *events, struct cairn_error *error) CAIRN_CHECKED;

/* One row of it: its record, and the chain of its upcasters. Returns 0 or -CAIRN_BUG. */
int cairn_event_type_check(const struct cairn_event_type *type,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Enums start at 1 and every value has its row: else a value was mixed up or left out. The tags lie
 * `stride` bytes apart; `what` they tag is named in the message. */
int cairn_tags_check(const char *category, const char *what, const int *first_tag, size_t stride,
                     uint32_t count, struct cairn_error *error) CAIRN_CHECKED;

/* The record that the events of this version were written with; NULL if nothing can read it. */
const struct cairn_record *cairn_event_record(const struct cairn_event_type *type, int64_t version);

/* Lifts an event of an older version, which cairn_event_record() has a record for, to the newest.
 * `ret` is a struct of the type's record; it may point into `old` and the arena. Returns 0, or
 * -CAIRN_INVALID with the fields that a lift has left as today's table does not have them. */
int cairn_event_lift(const struct cairn_event_type *type, int64_t version, const void *old,
                     struct cairn_arena *arena, void *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
