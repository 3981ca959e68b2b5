/* group.h - a consumer group in Redis, as its members use it: reading, claiming entries of
 * crashed members, acknowledging, dead letters.
 *
 * Redis counts the attempts with the entry, so that the count survives a crash of the member. The
 * first delivery counts as the first attempt; claiming does not count, beginning a further attempt
 * does: an event that crashes every process that handles it runs out of attempts, its neighbours do
 * not.
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
    const char *json; /* "" if there is no field `event` */
    size_t bytes;
};

/* Creates the group where it does not exist, starting at the first entry. */
int cairn_group_ensure(struct cairn_group *group, struct cairn_arena *arena,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Reads at most `count` entries that were not delivered yet; waits for them for `block_ms`, 0 for
 * not at all. Returns how many, or -CAIRN_CONFLICT: the group is gone. */
int64_t cairn_group_read(struct cairn_group *group, int count, int64_t block_ms,
                         struct cairn_arena *arena, const struct cairn_group_entry **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Claims at most `most` entries of this key that were idle for longer than `idle_ms`, the first
 * ones, for this member. Returns how many. */
int64_t cairn_group_claim(struct cairn_group *group, size_t key, int64_t idle_ms, int64_t most,
                          struct cairn_arena *arena, const struct cairn_group_entry **ret,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Resets the idle time of this member's entries without counting an attempt. `ret_lost` says which
 * of them another member has claimed. */
int cairn_group_keep(struct cairn_group *group, size_t key, const char *const *ids, size_t count,
                     struct cairn_arena *arena, bool *ret_lost,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Finds the first entry of this key that has been pending for longer than `idle_ms`: its id, in the
 * arena, or NULL. */
int cairn_group_oldest_idle(struct cairn_group *group, size_t key, int64_t idle_ms,
                            struct cairn_arena *arena, const char **ret,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Releases these entries, so that others can claim them at once. An attempt that was counted and
 * has not begun (`counted`) is uncounted. */
int cairn_group_release(struct cairn_group *group, size_t key, const char *const *ids,
                        const bool *counted, size_t count, struct cairn_arena *arena,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Begins a further attempt. Returns its number, or 0: the entry no longer belongs to this
 * member. */
int64_t cairn_group_begin(struct cairn_group *group, size_t key, const char *id,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Checks that no entry before this one that contains the text is pending in the group. Returns 1, 0
 * if one is, or -CAIRN_CONFLICT: the entry no longer belongs to this member. */
int cairn_group_clear(struct cairn_group *group, size_t key, const char *id, const char *text,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

int cairn_group_ack(struct cairn_group *group, size_t key, const char *const *ids, size_t count,
                    struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Makes the entry a dead letter and acknowledges it, in one call. */
int cairn_group_dead_letter(struct cairn_group *group, const struct cairn_group_entry *entry,
                            int64_t attempts, const char *why, struct cairn_arena *arena,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Releases all entries of the member, so that others can claim them at once, and deletes the
 * member. */
int cairn_group_leave(struct cairn_group *group, struct cairn_arena *arena,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Queues dead letters for a retry: the one with this id, or all that exist now (NULL). Returns how
 * many. */
int64_t cairn_group_retry(struct cairn_redis *redis, const char *name, const char *id,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
