/* bus_views.h - the bus, as operators see it: publisher, streams, consumer groups, dead letters.
 *
 * Redis returns its part as JSON; PostgreSQL adds what it knows, and formats both. */
#ifndef CAIRN_OPERATIONS_BUS_VIEWS_H
#define CAIRN_OPERATIONS_BUS_VIEWS_H

#include "bus/inspect.h"
#include "operations/operate.h"

/* Checks that there is a bus, and that it belongs to this store. Returns 0, -CAIRN_CONFIG without a
 * Redis, or -CAIRN_DIVERGED: one of the two addresses is wrong. */
int cairn_bus_expect_ours(const struct cairn_place *place, struct cairn_error *error) CAIRN_CHECKED;

/* Reads what Redis says of the bus; the texts are in the place's arena. Returns 0, or what
 * cairn_bus_expect_ours() and cairn_bus_inspect() return. */
int cairn_bus_read(const struct cairn_place *place, struct cairn_bus_report *ret,
                   struct cairn_error *error) CAIRN_CHECKED;

enum cairn_bus_list { CAIRN_BUS_PUBLISHER, CAIRN_BUS_STREAMS, CAIRN_BUS_GROUPS, CAIRN_BUS_LISTS };

/* One list: a query, and its parameters. */
struct cairn_bus_view {
    const char *name;
    const char *sql;
    struct cairn_pg_params params;
};

/* Fills in all lists. */
int cairn_bus_views(const struct cairn_place *place, struct cairn_bus_view ret[CAIRN_BUS_LISTS],
                    struct cairn_error *error) CAIRN_CHECKED;

/* Fills in the dead letters of a group, at most `limit`, the newest first. */
int cairn_bus_dead_view(const struct cairn_place *place, const char *group, int64_t limit,
                        struct cairn_bus_view *ret, struct cairn_error *error) CAIRN_CHECKED;

#endif
