/* bus.h - the bus in Redis as a test sees it, and whether it has what the log has. */
#ifndef BUS_H
#define BUS_H

#include "redis/redis.h"
#include "store/store.h"

struct bus_view {
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_arena arena; /* of what the functions return; emptied by bus_expect_log() */
};

void bus_view_open(struct bus_view *view, const char *database_url, const char *redis_url);
void bus_view_close(struct bus_view *view);

/* One command whose words are divided by spaces; the test fails if it is refused. */
struct cairn_redis_reply bus_redis(struct bus_view *view, const char *words);

/* The position that the bus says it has come to; -1 where there is none. */
int64_t bus_position(struct bus_view *view);

/* Waits until it has come to the head of the log. */
void bus_wait(struct bus_view *view);

/* The entries of a category, in the epoch of now: a list of {id, {field, value}}. */
struct cairn_redis_reply bus_entries(struct bus_view *view, const char *category);
int64_t bus_entry_position(const struct cairn_redis_reply *entry);
const char *bus_entry_json(const struct cairn_redis_reply *entry);

/* The test fails unless the entries of the category are its events above `floor`: each once, in
 * order, none left out, with their ids. */
void bus_expect_log(struct bus_view *view, const char *category, int64_t floor);

#endif
