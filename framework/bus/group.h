/* bus/group.h - a consumer group in Redis, as its members use it: reading, taking over from the
 * dead, acknowledging, dead letters.
 *
 * How often an entry was tried is counted by Redis with the entry, so that it outlives who tried.
 * Handing out counts as the first try; taking over does not count, beginning a further try does:
 * an event that ends every process that touches it runs out of tries, and its neighbours do not.
 *
 * Ownership: belongs to one thread. */
#ifndef CAIRN_BUS_GROUP_H
#define CAIRN_BUS_GROUP_H

#include "redis/redis.h"

enum { CAIRN_GROUP_KEYS_MAX = 33 };

struct cairn_group {
    struct cairn_redis *redis;
    const char *name;
    const char *member;
    const char *keys[CAIRN_GROUP_KEYS_MAX]; /* the streams that it reads */
    size_t key_count;
};

struct cairn_group_entry {
    size_t key;
    const char *id;
    const char *json; /* "" where there is no field `event` */
    size_t bytes;
};

/* Makes the group where it is not there, from the first entry on. */
int cairn_group_ensure(struct cairn_group *group, struct cairn_arena *arena,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Entries that nobody has had, at most `count`; waits for them for `block_ms`, 0 for not at all.
 * Returns how many, or -CAIRN_CONFLICT: the group is gone. */
int64_t cairn_group_read(struct cairn_group *group, int count, int64_t block_ms,
                         struct cairn_arena *arena, const struct cairn_group_entry **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Entries of this key that somebody has had for longer than that, which are this member's now: the
 * first, at most so many. */
int64_t cairn_group_claim(struct cairn_group *group, size_t key, int64_t idle_ms, int64_t most,
                          struct cairn_arena *arena, const struct cairn_group_entry **ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* This member still has these entries and begins nothing new with them. `ret_lost` says which of
 * them somebody else has taken. */
int cairn_group_keep(struct cairn_group *group, size_t key, const char *const *ids, size_t count,
                     struct cairn_arena *arena, bool *ret_lost,
                     struct cairn_error *error) CAIRN_CHECKED;

/* The first entry of this key that somebody has had for longer than that: its id, in the arena, or
 * NULL. */
int cairn_group_stuck(struct cairn_group *group, size_t key, int64_t idle_ms,
                      struct cairn_arena *arena, const char **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Gives back these entries, for others to take at once. A try that was counted and has not begun
 * (`counted`) is not counted any more. */
int cairn_group_give_back(struct cairn_group *group, size_t key, const char *const *ids,
                          const bool *counted, size_t count, struct cairn_arena *arena,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Begins a further try. Returns its number, or 0: the entry is not this member's any more. */
int64_t cairn_group_begin(struct cairn_group *group, size_t key, const char *id,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Is nothing that stands before the entry and has this text still in the group's hands? Returns 1,
 * 0 if something is, or -CAIRN_CONFLICT: the entry is not this member's any more. */
int cairn_group_clear(struct cairn_group *group, size_t key, const char *id, const char *text,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

int cairn_group_ack(struct cairn_group *group, size_t key, const char *const *ids, size_t count,
                    struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* The entry becomes a dead letter and is acknowledged, in one call. */
int cairn_group_bury(struct cairn_group *group, const struct cairn_group_entry *entry,
                     int64_t attempts, const char *why, struct cairn_arena *arena,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Gives back all that the member has, so that others take it at once, and takes it off the list. */
int cairn_group_leave(struct cairn_group *group, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Hands dead letters out again: the one with this id, or all of them (NULL). Returns how many. */
int64_t cairn_group_retry(struct cairn_redis *redis, const char *name, const char *id,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
