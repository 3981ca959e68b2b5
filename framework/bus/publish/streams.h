/* streams.h - the bus in Redis, as its publisher writes it: each change is one Lua call that
 * compares first and stops at the first error.
 *
 * The position of the bus is stored in Redis alone: in the last id of each stream, and in the hash
 * `cairn:bus`, which is written together with the entries. An entry at or below its stream's last
 * id exists already and is skipped, so that repeating a call, or publishing a range again, adds
 * nothing twice.
 *
 * Ownership: a connection belongs to one thread; `struct cairn_bus_stream` is the publisher's. */
#ifndef CAIRN_BUS_STREAMS_H
#define CAIRN_BUS_STREAMS_H

#include "redis/redis.h"
#include "store/store.h"

#include <cairn/publication.h>

/* One category. */
struct cairn_bus_stream {
    const struct cairn_publication *publication;
    const char *key;
    int64_t floor;    /* entries up to here were trimmed and are not needed */
    int64_t last;     /* id of the last entry that Redis has; 0 for none */
    int64_t recorded; /* the same, from the hash; -1 if the hash has none */
};

struct cairn_bus_entry {
    size_t stream;
    int64_t position;
    const char *json;
    size_t bytes;
    struct cairn_span *span; /* until it is in Redis; NULL: not recorded */
    struct cairn_time recorded_at;
};

/* The state of the bus in Redis. */
struct cairn_bus_seen {
    bool exists;
    char store[CAIRN_UUID_TEXT_SIZE];
    int64_t epoch;
    int64_t position;
    char event[CAIRN_UUID_TEXT_SIZE]; /* the one at that position, "" for none */
    int64_t fence;
};

/* Reads the state of the bus from Redis; sets `last` and `recorded` of the streams. Returns 0, or
 * the error of cairn_redis_eval(). */
int cairn_bus_look(struct cairn_redis *redis, struct cairn_bus_stream *streams, size_t count,
                   struct cairn_arena *arena, struct cairn_bus_seen *ret,
                   struct cairn_error *error) CAIRN_CHECKED;

/* The publisher's place: the values that its writes compare or store. */
struct cairn_bus_place {
    struct cairn_timeline timeline;
    int64_t fence;
    int64_t position;
    char event[CAIRN_UUID_TEXT_SIZE];
};

/* Takes over the bus at this place, unless a greater fence was there. The streams of
 * `former_epoch`, 0 for none, expire after a day. Returns 0, or
 *   -CAIRN_CONFLICT  a later owner has taken it over */
int cairn_bus_seat(struct cairn_redis *redis, const struct cairn_bus_place *place,
                   struct cairn_bus_stream *streams, size_t count, int64_t former_epoch,
                   struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Appends entries, which are in order, and moves the place to `to`. Returns how many were new, or
 *   -CAIRN_CONFLICT     the bus is not at `from`, or a stream has changed: look again
 *   -CAIRN_UNAVAILABLE  Redis is unreachable or full. It may have stored some of them: the next
 *                       call skips those */
int64_t cairn_bus_append(struct cairn_redis *redis, const struct cairn_bus_place *from,
                         const struct cairn_bus_place *to, struct cairn_bus_stream *streams,
                         size_t count, const struct cairn_bus_entry *entries, size_t entry_count,
                         struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

struct cairn_bus_trimmed {
    int64_t length;   /* entries that are left */
    int64_t floor;    /* all up to here are gone */
    bool overrun;     /* the cap was reached: a group has lost entries that it had not read */
    const char *lost; /* JSON: [{"group", "from": its oldest unhandled position}]; in the arena */
    char group[201];  /* with an overrun: the slowest */
};

/* Removes entries before `keep` that every group has handled; and those beyond `cap` entries, even
 * if a group still needs them. */
int cairn_bus_trim(struct cairn_redis *redis, const struct cairn_bus_place *place,
                   const struct cairn_bus_stream *stream, int64_t keep, int64_t cap,
                   struct cairn_arena *arena, struct cairn_bus_trimmed *ret,
                   struct cairn_error *error) CAIRN_CHECKED;

#endif
