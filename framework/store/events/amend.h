/* amend.h - amendments (cairn.amendments): events that are read with other data than was written,
 * or are skipped. A process loads them when it starts; what looks back at the log in a console
 * loads them again before it folds, so that an amendment of now is one of then.
 *
 * Threads: any; there is a lock. */
#ifndef CAIRN_STORE_AMEND_H
#define CAIRN_STORE_AMEND_H

#include "postgres/postgres.h"
#include "store/store.h"

/* Loads the current amendments in place of earlier ones. Returns 0 or an error that postgres.h
 * lists. */
int cairn_amendments_load(struct cairn_pg *pg, struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether the event is skipped. */
bool cairn_is_passed_over(const struct cairn_stored_event *event);

/* Returns the event with its amended data, if any, which stays valid. */
struct cairn_stored_event cairn_amended(const struct cairn_stored_event *event);

#endif
