/* bus.h - a test's view of the bus in Redis, and comparing it with the log. */
#ifndef BUS_H
#define BUS_H

#include "redis/redis.h"
#include "store/store.h"

struct bus_view {
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_arena arena; /* holds the returned values; emptied by bus_expect_log() */
};

void bus_view_open(struct bus_view *view, const char *database_url, const char *redis_url);
void bus_view_close(struct bus_view *view);

/* Runs one command, whose words are separated by spaces; fails the test if it is refused. */
struct cairn_redis_reply bus_redis(struct bus_view *view, const char *words);

/* Returns the bus's recorded position; -1 if there is none. */
int64_t bus_position(struct bus_view *view);

/* Waits until the bus has reached the head of the log. */
void bus_wait(struct bus_view *view);

/* Returns the entries of a category in the current epoch: a list of {id, {field, value}}. */
struct cairn_redis_reply bus_entries(struct bus_view *view, const char *category);
int64_t bus_entry_position(const struct cairn_redis_reply *entry);
const char *bus_entry_json(const struct cairn_redis_reply *entry);

/* Fails the test unless the category's entries are exactly its events above `floor`: each once, in
 * order, without gaps, with their ids. */
void bus_expect_log(struct bus_view *view, const char *category, int64_t floor);

#endif
