/* item.h - one event on its way into rows: decoded, with the keys of the rows that it touches, and
 * applied to one of them. What a range of the log, a retry and a rebuild have in common. */
#ifndef CAIRN_PROJECTION_ITEM_H
#define CAIRN_PROJECTION_ITEM_H

#include "projection/fold.h"
#include "store/store.h"

/* An event that the projection looks at. */
struct cairn_item {
    const struct cairn_on *on;
    const struct cairn_event_type *type;
    struct cairn_meta meta;
    void *event;
    struct cairn_keys keys;
    const char *unreadable; /* why it could not be decoded; its key is its stream then */
};

/* Decodes; what the item points to lies in the arena, and in the stored event. Returns 1 if the
 * event matters, 0 if it does not, or why it stops the projection:
 *   -CAIRN_NEWER_EVENT  only a newer release can read it
 *   -CAIRN_UNREADABLE   it cannot be decoded, and nobody can say which rows it touches */
int cairn_item_decode(const struct cairn_projection *projection,
                      const struct cairn_stored_event *stored, struct cairn_arena *arena,
                      struct cairn_item *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Applies the item to one row of the fold. `refused`, unless NULL, is why PostgreSQL would not take
 * what comes of it. Returns 0, or -CAIRN_PARKED and the row as it was before. */
int cairn_item_apply(struct cairn_fold *fold, const struct cairn_item *item,
                     struct cairn_fold_row *row, const char *refused,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
