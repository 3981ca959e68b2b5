/* parked.h - the parked keys of a generation: how many there are, and what people ask for.
 *
 * Requests are rows of cairn.parked (`cairn parked retry`, `cairn parked skip`). The runner that
 * has the lease carries them out between two batches, a page of events of one key at a time: they
 * are applied in order, by the same fold, and written under the same fence as a batch is. So nobody
 * folds the key at the same time, and what comes in meanwhile queues behind. */
#ifndef CAIRN_PROJECTION_PARKED_H
#define CAIRN_PROJECTION_PARKED_H

#include "projection/rows.h"

struct cairn_parked_state {
    int64_t keys;    /* that are parked, at most CAIRN_PARKED_COUNT_MAX */
    const char *key; /* for which something is asked, or NULL */
    bool skip;       /* its first event is to be left out */
};
enum { CAIRN_PARKED_COUNT_MAX = 10000 };

/* One query. What it points to lies in the arena. */
int cairn_parked_look(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_arena *arena,
                      struct cairn_parked_state *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Tries a page of the key's events again, the first of them skipped if that is asked, and writes
 * what became of it. `*ret` is the row as it is stored now. `refused` says of an event that
 * PostgreSQL does not take what it would make of the row; NULL: of none. Returns 0; or as
 * cairn_rows_write does, where a refusal is of an event that is not yet in `refused`: its position
 * is in *ret_last, the last that was tried. */
struct cairn_parked_try {
    const char *key;
    bool skip;
    int64_t limit;                    /* events at most */
    const struct cairn_park *refused; /* one, or NULL */
};
int cairn_parked_retry(const struct cairn_rows *rows, struct cairn_store *store,
                       const struct cairn_parked_try *ask, const struct cairn_checkpoint *from,
                       struct cairn_arena *arena, struct cairn_stored_row *ret, int64_t *ret_last,
                       struct cairn_error *error) CAIRN_CHECKED;

/* What is asked for the key cannot be done: people are told why, and it is not tried any more. */
int cairn_parked_give_up(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                         const char *why, struct cairn_arena *arena,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
