/* parked_rows.h - counts the parked keys of a generation and carries out operators' requests for
 * them.
 *
 * Requests are set in rows of cairn.parked (`cairn parked retry`, `cairn parked skip`). The runner
 * that has the lease carries them out between two batches, a page of events of one key at a time:
 * the events are applied in order, by the same fold, and written under the same fence as a batch.
 * So the key is never folded concurrently, and events that arrive meanwhile queue behind. */
#ifndef CAIRN_PROJECTION_PARKED_ROWS_H
#define CAIRN_PROJECTION_PARKED_ROWS_H

#include "projection/tables/rows.h"

struct cairn_parked_state {
    int64_t keys;    /* number of parked keys, counted up to CAIRN_PARKED_COUNT_MAX */
    const char *key; /* a key with a request, or NULL */
    bool skip;       /* the request is to skip its first event */
};
enum { CAIRN_PARKED_COUNT_MAX = 10000 };

/* Reads the state with one query; its key is allocated in the arena. */
int cairn_parked_look(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_arena *arena,
                      struct cairn_parked_state *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Retries a page of the key's events, skipping the first if `skip` is set, and writes the result.
 * `*ret` is the row as stored now. `refused` names an event that produces a row that PostgreSQL
 * refuses; NULL: none. Returns 0, or fails as cairn_rows_write does; a refusal is then caused by an
 * event of the page that is not in `refused`: with a limit of 1 by the one at *ret_last, the
 * position of the last event that was tried. */
struct cairn_parked_try {
    const char *key;
    bool skip;
    int64_t limit;                    /* maximum number of events */
    const struct cairn_park *refused; /* one, or NULL */
};
int cairn_parked_retry(const struct cairn_rows *rows, struct cairn_store *store,
                       const struct cairn_parked_try *ask, const struct cairn_checkpoint *from,
                       struct cairn_arena *arena, struct cairn_stored_row *ret, int64_t *ret_last,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Clears the request for the key, which cannot be carried out, and records why. */
int cairn_parked_give_up(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                         const char *why, struct cairn_arena *arena,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
