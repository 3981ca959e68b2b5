/* row_when.h - fills in up to where the history of a row is read: to what the generation that is
 * read has, or to a position or a time in the past. */
#ifndef CAIRN_PROJECTION_ROW_WHEN_H
#define CAIRN_PROJECTION_ROW_WHEN_H

#include "projection/history/row_history.h"

/* Fills in the generation and `to` of a question whose projection is there. `when` is a position or
 * a time, or NULL: all that the generation has. Returns 0, or
 *   -CAIRN_MALFORMED  `when` is neither, or the generation has not come there yet
 *   or what cairn_generation_look() and cairn_generation_checkpoint() return. */
int cairn_row_when(struct cairn_store *store, const char *when, struct cairn_arena *arena,
                   struct cairn_row_question *question, struct cairn_error *error) CAIRN_CHECKED;

/* Reads a position, or the last one that was recorded by a time. Returns 0, -CAIRN_MALFORMED if it
 * is neither, or an error that postgres.h lists. */
int cairn_position_when(struct cairn_store *store, const char *when, struct cairn_arena *arena,
                        int64_t *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
