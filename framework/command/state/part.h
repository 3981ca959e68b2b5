/* part.h - the parts of a boundary: events with one tag, folded into a state.
 *
 * A part is held in a struct cairn_aggregate, and cached, like the state of a stream:
 *
 *     at.stream    its tag: "course:42"
 *     at.version   how many events were folded
 *     head         the position of the log at which it was read, and head_id the event there
 *     at.event_id  the last event after `head` that was folded: one of this process; zero if none
 *
 * Hence the boundary of a decision that is based on it: among the events after `head`, the last
 * that the part learns from is at.event_id. */
#ifndef CAIRN_COMMAND_PART_H
#define CAIRN_COMMAND_PART_H

#include "command/decision.h"
#include "command/state/aggregate.h"
#include "store/read/tagged.h"

#include <cairn/boundary.h>

/* Returns the folding of a part; the caller need not set `kind`. */
struct cairn_folding cairn_folding_of_part(const struct cairn_part *part);

/* Returns the folding of a boundary's own streams, by its CAIRN_OVER_STREAM; without one it has no
 * state. The caller sets `kind`, if it is to be another than the category. */
struct cairn_folding cairn_folding_of_boundary(const struct cairn_decider *decider);

/* Returns whether the row is that of the stream, CAIRN_OVER_STREAM. */
static inline bool cairn_over_is_stream(const struct cairn_over *over)
{
    return !over->member;
}

/* Returns the part that is folded from a boundary's own stream, or NULL. */
const struct cairn_part *cairn_part_of_stream(const struct cairn_decider *decider);

/* Returns the number of a decider's rows: 0 unless it is a boundary. */
size_t cairn_part_count(const struct cairn_decider *decider);

/* Returns the names of the types that the part learns from: a list that ends with NULL. */
const char *const *cairn_part_types(const struct cairn_part *part, struct cairn_arena *arena);

/* Returns the event type of this record that the part learns from, or NULL. */
const struct cairn_event_type *cairn_part_event(const struct cairn_part *part,
                                                const struct cairn_record *record);

/* Returns how many tags a command names for this row, such as "course:42", in the order of the
 * member's items, also if two are the same: 1 unless the member is a list. The row has a member. */
size_t cairn_part_tags(const struct cairn_over *over, const struct cairn_record *record,
                       const void *value, struct cairn_arena *arena, const char ***ret);

/* Makes the state that a boundary decides on, in the arena. `states` are those of the parts, row by
 * row, and `counts` how many each row has. Those of lists are copied, others are pointed to. */
const void *cairn_part_compose(const struct cairn_decider *decider, const void *const *states,
                               const size_t *counts, struct cairn_arena *arena);

/* Returns the tags that an event has by the `.tag` of its fields, each once. */
size_t cairn_event_tags(const struct cairn_record *record, const void *event,
                        struct cairn_arena *arena, const char *const **ret);

/* Appends `,"tags":[…]` to the meta of an event, so that the table of tags can be verified and
 * rebuilt. */
void cairn_tags_json(const char *const *tags, size_t count, struct cairn_buffer *out);

/* Returns whether an event is one that the part with this tag learns from. */
bool cairn_part_learns(const struct cairn_part *part, const char *tag,
                       const struct cairn_record *record, const void *event,
                       struct cairn_arena *arena);

/* Checks that a part stays within the bounds of its lists after the decision's events. `tag` is its
 * tag, or the stream's name. Returns 0, or -CAIRN_BUG, and nothing may be written. */
int cairn_part_check_growth(const struct cairn_part *part, const char *tag, const void *state,
                            const struct cairn_decision *decision,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Returns what has to be read to bring the part up to date; its `types` are in the arena. */
struct cairn_tagged_load cairn_part_wants(const struct cairn_folding *folding,
                                          const struct cairn_aggregate *aggregate,
                                          struct cairn_arena *arena);

/* Folds what was read. Returns 0; 1 if that was not enough, and cairn_part_catch_up() is to be
 * called; or an error that store.h lists for decoding. */
int cairn_part_take(const struct cairn_folding *folding, const struct cairn_tagged_load *read,
                    struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Reads and folds all events after the aggregate. Its state is in the arena, and so is everything
 * that is allocated here. Returns 0 or an error that store.h lists. */
int cairn_part_catch_up(struct cairn_store *store, const struct cairn_folding *folding,
                        struct cairn_arena *arena, struct cairn_aggregate *aggregate,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Returns the boundary of a decision that is based on the part. */
struct cairn_boundary cairn_part_boundary(const struct cairn_folding *folding,
                                          const struct cairn_aggregate *aggregate,
                                          struct cairn_arena *arena);

#endif
