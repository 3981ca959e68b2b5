/* append_all.h - the path of a batch whose appends can only succeed or fail together: each says
 * what its streams end with, claims nothing, and has neither tags nor boundaries. Nearly all
 * batches are such. PostgreSQL decides nothing then, and needs two thirds of the time.
 *
 * Not part of append_batch.h, which decides when this path is taken. */
#ifndef CAIRN_STORE_APPEND_ALL_H
#define CAIRN_STORE_APPEND_ALL_H

#include "store/append/append_batch.h"

void cairn_append_all_init(struct cairn_append_batch *batch);

/* Adds a write or a check to the columns of this path, or notes that the batch cannot take it. The
 * events of a write are added to the columns of the batch by the caller. */
void cairn_append_all_add_write(struct cairn_append_batch *batch, const struct cairn_write *write,
                                struct cairn_batch_stream *stream);
void cairn_append_all_add_check(struct cairn_append_batch *batch,
                                const struct cairn_expected *check,
                                const struct cairn_batch_stream *stream);

/* Carries the whole batch out. Returns 0 and notes it in the batch; 1 if a condition did not hold
 * and nothing was written; or what cairn_append_batch_call() returns. */
int cairn_append_all_call(struct cairn_append_batch *batch, struct cairn_store *store,
                          struct cairn_error *error) CAIRN_CHECKED;

/* The same in two steps, behind calls that are under way (cairn_pg_queue()). */
bool cairn_append_all_queue(struct cairn_append_batch *batch,
                            struct cairn_store *store) CAIRN_CHECKED;
int cairn_append_all_take(struct cairn_append_batch *batch, struct cairn_store *store,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
