/* trace_find.h - finds out what an id is. */
#ifndef CAIRN_STORE_TRACE_FIND_H
#define CAIRN_STORE_TRACE_FIND_H

#include "postgres/postgres.h"

/* What belongs to an id: events by their correlation, and those that have none by position. */
struct cairn_trace_found {
    const char **correlations;
    size_t correlation_count;
    int64_t *positions;
    size_t position_count;
};

/* Returns 0, or what cairn_trace_load() does. */
int cairn_trace_find(struct cairn_pg *pg, const char *id, struct cairn_arena *arena,
                     struct cairn_trace_found *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
