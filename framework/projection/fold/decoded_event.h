/* decoded_event.h - decodes one event, with the keys of the rows that it touches, and applies it to
 * one row. Shared by a range of the log, a retry and a rebuild. */
#ifndef CAIRN_PROJECTION_DECODED_EVENT_H
#define CAIRN_PROJECTION_DECODED_EVENT_H

#include "projection/fold/fold.h"
#include "store/store.h"

/* An event that the projection handles. */
struct cairn_decoded_event {
    const struct cairn_on *on;
    const struct cairn_event_type *type;
    struct cairn_meta meta;
    void *event;
    struct cairn_keys keys;
    const char *unreadable; /* why it could not be decoded; its key is then its stream id */
};

/* Decodes an event; the item points into the arena and the stored event. Returns 1 if the
 * projection handles the event, 0 if it ignores it, or why the event stops the projection:
 *   -CAIRN_NEWER_EVENT  only a newer release can read it
 *   -CAIRN_UNREADABLE   it cannot be decoded, and the rows that it touches cannot be determined */
int cairn_event_decode_for(const struct cairn_projection *projection,
                           const struct cairn_stored_event *stored, struct cairn_arena *arena,
                           struct cairn_decoded_event *ret,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Applies the item to one row of the fold. `refused`, unless NULL, is why PostgreSQL would refuse
 * the resulting row. Returns 0, or -CAIRN_PARKED and leaves the row unchanged. */
int cairn_decoded_event_apply(struct cairn_fold *fold, const struct cairn_decoded_event *item,
                              struct cairn_fold_row *row, const char *refused,
                              struct cairn_error *error) CAIRN_CHECKED;

#endif
