/* checkpoint.h - how far a process manager or a reactor has followed the log (cairn.followers). */
#ifndef CAIRN_PROCESS_CHECKPOINT_H
#define CAIRN_PROCESS_CHECKPOINT_H

#include "postgres/postgres.h"

/* Makes the checkpoint if there is none: behind the newest event, or at the log's start. `process`
 * is the name of a process manager, NULL for a reactor. Returns 0 or what postgres.h says. */
int cairn_checkpoint_begin(struct cairn_pg *pg, const char *name, const char *process,
                           bool from_start, struct cairn_error *error) CAIRN_CHECKED;

/* Whoever has a lower fence moves it no more. Returns its position, or -CAIRN_CONFLICT if there has
 * been a higher fence, or what postgres.h says. */
int64_t cairn_checkpoint_take(struct cairn_pg *pg, const char *name, int64_t fence,
                              struct cairn_error *error) CAIRN_CHECKED;

/* `stopped`: why it does not go on, or NULL. Returns 0, or as before. */
int cairn_checkpoint_move(struct cairn_pg *pg, const char *name, int64_t fence, int64_t from,
                          int64_t to, const char *stopped, struct cairn_error *error) CAIRN_CHECKED;

#endif
