/* spill.h - what of a rebuild does not fit into the memory: rows of a shelf, and events for it that
 * come later, in a file that nobody else sees and that goes away with the process.
 *
 * Ownership: a file belongs to one thread at a time. */
#ifndef CAIRN_PROJECTION_SPILL_H
#define CAIRN_PROJECTION_SPILL_H

#include "projection/shelf.h"

#include <stdio.h>

/* A file without a name in the directory. NULL with -CAIRN_UNAVAILABLE in `error`: it cannot be
 * made there. */
FILE *cairn_spill_open(const char *directory, struct cairn_error *error);

/* Appends all rows and clears the shelf; appends an event. -CAIRN_UNAVAILABLE: the disk is full. */
int cairn_spill_shelf(FILE *file, struct cairn_shelf *shelf,
                      struct cairn_error *error) CAIRN_CHECKED;
int cairn_spill_event(FILE *file, const struct cairn_stored_event *event,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Reads it from the start: the rows into the shelf, then the events, at most `max` at a time; what
 * they point to lies in the arena. Returns how many, 0 at the end. */
int cairn_spill_rows(FILE *file, struct cairn_shelf *shelf, struct cairn_arena *arena,
                     struct cairn_error *error) CAIRN_CHECKED;
int64_t cairn_spill_events(FILE *file, struct cairn_stored_event *ret, int64_t max,
                           struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
