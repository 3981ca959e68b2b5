/* amend.h - events that are to be read otherwise than they were written (cairn.amendments): with
 * other data, or not at all. A process reads them once, when it starts.
 *
 * Threads: one loads, before others ask; all may ask. */
#ifndef CAIRN_STORE_AMEND_H
#define CAIRN_STORE_AMEND_H

#include "postgres/postgres.h"
#include "store/store.h"

/* Takes those in that there are now, instead of those of before. Returns 0 or what postgres.h says.
 */
int cairn_amendments_load(struct cairn_pg *pg, struct cairn_error *error) CAIRN_CHECKED;

/* Is the event passed over? */
bool cairn_is_passed_over(const struct cairn_stored_event *event);

/* The event as it is to be read. */
struct cairn_stored_event cairn_amended(const struct cairn_stored_event *event);

#endif
