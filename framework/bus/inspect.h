/* inspect.h - the state of the bus in Redis, for display; each list a JSON array.
 *
 *     streams        category, entries, first, last (positions)
 *     groups         category, name, members, pending, lag, position (delivered up to it), dead
 *     dead letters   id, stream, entry, attempts, error, event */
#ifndef CAIRN_BUS_INSPECT_H
#define CAIRN_BUS_INSPECT_H

#include "redis/redis.h"

struct cairn_bus_report {
    int64_t epoch; /* 0: nothing is published */
    int64_t position;
    const char *streams;
    const char *groups;
};

/* Checks that the bus, if there is one, belongs to this store. Returns 0, or -CAIRN_DIVERGED if it
 * belongs to another: one of the two addresses is wrong. */
int cairn_bus_belongs(struct cairn_redis *redis, const char *store, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

int cairn_bus_inspect(struct cairn_redis *redis, const char *const *categories, size_t count,
                      struct cairn_arena *arena, struct cairn_bus_report *ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Returns at most `limit` dead letters of a group, the newest first. */
int cairn_bus_dead_letters(struct cairn_redis *redis, const char *group, int64_t limit,
                           struct cairn_arena *arena, const char **ret,
                           struct cairn_error *error) CAIRN_CHECKED;

#endif
