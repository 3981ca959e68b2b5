/* readable_types.h - checks, before the start, whether this binary can read what the log holds. */
#ifndef CAIRN_STORE_READABLE_TYPES_H
#define CAIRN_STORE_READABLE_TYPES_H

#include "postgres/postgres.h"

#include <cairn/decider.h>

/* What one reader in this binary reads: one event of the table; or, where `record` is NULL, whole
 * streams of the category, which may have no event that the table lacks. */
struct cairn_reading {
    const struct cairn_events *events;
    const struct cairn_record *record;
};

/* Called with each pair of type and version that cannot be read: "order: OrderPlaced version 3
 * (this binary knows up to 2)". */
typedef void cairn_unreadable_type(void *context, const char *what);

/* Compares the pairs of type and version in the log with those that are read. `refused`, if not
 * NULL, is called for each that cannot be read. Returns 0, or
 *   -CAIRN_SCHEMA       there are such pairs: the message names as many as it has room for
 *   -CAIRN_UNAVAILABLE  the database is not reachable */
int cairn_readable_types_check(struct cairn_pg *pg, const struct cairn_reading *readings,
                               size_t count, cairn_unreadable_type *refused, void *context,
                               struct cairn_error *error) CAIRN_CHECKED;

#endif
