/* spill.h - stores what a rebuild cannot keep in memory: the rows of a row_table and their later
 * events, in an unnamed file that disappears when the process ends.
 *
 * Ownership: a file belongs to one thread at a time. */
#ifndef CAIRN_PROJECTION_SPILL_H
#define CAIRN_PROJECTION_SPILL_H

#include "projection/rebuild/row_table.h"

#include <stdio.h>

/* Creates a file without a name in the directory. Returns NULL, with CAIRN_UNAVAILABLE in `error`,
 * if that fails. */
FILE *cairn_spill_open(const char *directory, struct cairn_error *error);

/* The first appends all rows and clears the row_table; the second appends an event.
 * -CAIRN_UNAVAILABLE: the file cannot be written, as when the disk is full. */
int cairn_spill_row_table(FILE *file, struct cairn_row_table *row_table,
                          struct cairn_error *error) CAIRN_CHECKED;
int cairn_spill_event(FILE *file, const struct cairn_stored_event *event,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Read the file from the start: the first reads the rows into the row_table; the second then reads
 * at most `max` events, which point into the arena, and returns their number, 0 at the end. */
int cairn_spill_rows(FILE *file, struct cairn_row_table *row_table, struct cairn_arena *arena,
                     struct cairn_error *error) CAIRN_CHECKED;
int64_t cairn_spill_events(FILE *file, struct cairn_stored_event *ret, int64_t max,
                           struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
