/* row_steps.h - keeps the newest steps of a row's history, in bounded memory. */
#ifndef CAIRN_PROJECTION_ROW_STEPS_H
#define CAIRN_PROJECTION_ROW_STEPS_H

#include "projection/history/row_history.h"

/* A ring of steps, each with an arena of its own. */
struct cairn_row_kept {
    struct cairn_row_place {
        struct cairn_arena arena;
        struct cairn_row_step step;
    } * places;
    size_t room, first, count;
    int64_t dropped;
    struct cairn_arena arena; /* of the steps in order, their metas, and the row */
};

struct cairn_row_kept *cairn_row_kept_open(int64_t steps_max);
void cairn_row_kept_close(struct cairn_row_kept *kept); /* NULL is fine */

/* Keeps a step of the event, in place of the oldest one if there is no room; `before` and `after`
 * are the row as JSON, "" for none. `is_hidden`: `before` is not to be seen. */
void cairn_row_kept_add(struct cairn_row_kept *kept, const struct cairn_stored_event *event,
                        enum cairn_row_effect effect, const char *before, const char *after,
                        bool is_hidden);
/* Forgets all steps. */
void cairn_row_kept_drop(struct cairn_row_kept *kept);

/* Returns the steps in order, in the arena of `kept`. */
struct cairn_row_step *cairn_row_kept_list(struct cairn_row_kept *kept);

#endif
