/* checkpoint.h - the position in the log of a process manager or a reactor (cairn.followers). */
#ifndef CAIRN_PROCESS_CHECKPOINT_H
#define CAIRN_PROCESS_CHECKPOINT_H

#include "postgres/postgres.h"

/* Creates the checkpoint if there is none: after the newest event, or at the log's start. `process`
 * is the name of a process manager, NULL for a reactor. Returns 0 or an error of postgres.h. */
int cairn_checkpoint_begin(struct cairn_pg *pg, const char *name, const char *process,
                           bool from_start, struct cairn_error *error) CAIRN_CHECKED;

/* Sets the fence: an owner with a lower one can no longer move the checkpoint. Returns its
 * position, or -CAIRN_CONFLICT if there was a higher fence, or an error of postgres.h. */
int64_t cairn_checkpoint_take(struct cairn_pg *pg, const char *name, int64_t fence,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Moves the checkpoint. `stopped`: why it does not advance, or NULL. Returns 0, or as before. */
int cairn_checkpoint_move(struct cairn_pg *pg, const char *name, int64_t fence, int64_t from,
                          int64_t to, const char *stopped, struct cairn_error *error) CAIRN_CHECKED;

#endif
