/* gate.h - whether this binary can read what the log holds, asked before it starts. */
#ifndef CAIRN_STORE_GATE_H
#define CAIRN_STORE_GATE_H

#include "postgres/postgres.h"

#include <cairn/decider.h>

/* What somebody in this binary reads: one event of the table; or, where `record` is NULL, whole
 * streams of the category, in which there may be no event that the table lacks. */
struct cairn_reading {
    const struct cairn_events *events;
    const struct cairn_record *record;
};

/* Told of each pair of type and version that cannot be read: "order: OrderPlaced version 3 (this
 * binary knows up to 2)". */
typedef void cairn_gate_refusal(void *context, const char *what);

/* Compares the pairs of type and version that the log holds with what is read. `refused`, if not
 * NULL, is called for each that cannot be. Returns 0, or
 *   -CAIRN_SCHEMA       there are some: the message names as many as it has room for
 *   -CAIRN_UNAVAILABLE  the database is away */
int cairn_gate_check(struct cairn_pg *pg, const struct cairn_reading *readings, size_t count,
                     cairn_gate_refusal *refused, void *context,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
