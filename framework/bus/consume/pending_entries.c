/* pending_entries.c - the entries that a member of a consumer group holds, until they are settled,
 * released, or idle long enough for another member to claim them. */
#include "bus/consume/member.h"
#include "core/text/hash.h"

#include <stdlib.h>
#include <string.h>

static void forget(struct cairn_pending_entry *pending)
{
    free((void *)(uintptr_t)pending->entry.id);
    free((void *)(uintptr_t)pending->entry.json);
    free(pending);
}

void cairn_member_drop(struct cairn_member *member)
{
    for (size_t i = 0; i < member->held_count; i++)
        forget(member->pending[i]);
    member->held_count = 0;
    member->ack_count = 0;
}

static bool is_held(const struct cairn_member *member, const struct cairn_group_entry *entry)
{
    for (size_t i = 0; i < member->held_count; i++) {
        if (member->pending[i]->entry.key == entry->key &&
            strcmp(member->pending[i]->entry.id, entry->id) == 0)
            return true;
    }
    return false;
}

/* Returns the hash of the entry's subject, which identifies its stream, without decoding the JSON.
 * Two streams with one hash wait for each other, which is harmless. */
static uint64_t hash_stream(const char *json)
{
    static const char before[] = "\"subject\":\"";
    const char *at = strstr(json, before);
    if (!at)
        return 0;
    at += sizeof before - 1;
    return cairn_hash_span(at, strcspn(at, "\""));
}

void cairn_member_add_pending(struct cairn_member *member, const struct cairn_group_entry *entries,
                              int64_t count, bool fresh)
{
    for (int64_t i = 0; i < count && member->held_count < CAIRN_PENDING_MAX; i++) {
        if (is_held(member, &entries[i]))
            continue;
        struct cairn_pending_entry *pending = cairn_allocate(sizeof *pending);
        char *json = cairn_allocate(entries[i].bytes + 1);
        memcpy(json, entries[i].json, entries[i].bytes);
        pending->entry = entries[i];
        pending->entry.id = cairn_duplicate(entries[i].id);
        pending->entry.json = json;
        pending->position = strtoll(pending->entry.id, NULL, 10);
        pending->stream = entries[i].key < member->category_count ? hash_stream(json) : 0;
        pending->begun = fresh;
        pending->attempt = fresh;
        member->pending[member->held_count++] = pending;
    }
}

void cairn_member_forget(struct cairn_member *member, size_t i)
{
    forget(member->pending[i]);
    member->held_count--;
    memmove(&member->pending[i], &member->pending[i + 1],
            (member->held_count - i) * sizeof *member->pending);
}

/* Keeps waiting entries from being claimed as stuck. */
int cairn_member_keep(struct cairn_member *member, struct cairn_error *error)
{
    int failed = 0;
    for (size_t key = 0; key < member->group.key_count && !failed; key++) {
        const char *ids[CAIRN_PENDING_MAX];
        bool lost[CAIRN_PENDING_MAX];
        size_t at[CAIRN_PENDING_MAX];
        size_t count = 0;
        for (size_t i = 0; i < member->held_count; i++) {
            if (member->pending[i]->entry.key == key) {
                at[count] = i;
                ids[count++] = member->pending[i]->entry.id;
            }
        }
        if (count == 0)
            continue;
        cairn_arena_reset(&member->delivery_arena);
        failed =
            cairn_group_keep(&member->group, key, ids, count, &member->delivery_arena, lost, error);
        for (size_t i = count; i-- > 0 && !failed;) {
            if (lost[i])
                cairn_member_forget(member, at[i]);
        }
    }
    return failed;
}

/* ---- releasing, claiming ---- */

/* Returns the newest held entry of a key after that position; NULL if there is none. */
static struct cairn_pending_entry *find_newest(const struct cairn_member *member, size_t key,
                                               int64_t after, size_t *ret_index)
{
    struct cairn_pending_entry *newest = NULL;
    for (size_t i = 0; i < member->held_count; i++) {
        struct cairn_pending_entry *at = member->pending[i];
        if (at->entry.key == key && at->position > (newest ? newest->position : after)) {
            newest = at;
            *ret_index = i;
        }
    }
    return newest;
}

/* Releases the newest held entries after that position, at most `most`. */
static int give_back(struct cairn_member *member, size_t key, int64_t after, size_t most,
                     struct cairn_error *error)
{
    const char *ids[CAIRN_PENDING_MAX];
    bool counted[CAIRN_PENDING_MAX];
    size_t count = 0;
    size_t i = 0;
    for (struct cairn_pending_entry *at;
         count < most && (at = find_newest(member, key, after, &i));) {
        ids[count] = cairn_copy_text(&member->delivery_arena, at->entry.id);
        counted[count++] = at->begun;
        cairn_member_forget(member, i);
    }
    if (count == 0)
        return 0;
    return cairn_group_release(&member->group, key, ids, counted, count, &member->delivery_arena,
                               error);
}

int cairn_member_release(struct cairn_member *member, struct cairn_error *error)
{
    int failed = 0;
    for (size_t key = 0; key < member->group.key_count && !failed; key++)
        failed = give_back(member, key, -1, CAIRN_PENDING_MAX, error);
    return failed;
}

/* Makes room for stuck entries. A full member could deadlock waiting for entries of a crashed
 * member, so it releases the entries that come after those. Returns how many there is room for. */
static int64_t make_room(struct cairn_member *member, size_t key, struct cairn_error *error)
{
    const char *stuck = NULL;
    size_t room = CAIRN_PENDING_MAX - member->held_count;
    if (room >= CAIRN_CLAIM_MAX)
        return CAIRN_CLAIM_MAX;
    int failed = cairn_group_oldest_idle(&member->group, key, member->consumer->stuck_us / 1000,
                                         &member->delivery_arena, &stuck, error);
    if (!failed && stuck)
        failed = give_back(member, key, strtoll(stuck, NULL, 10), CAIRN_CLAIM_MAX - room, error);
    return failed ? failed : (int64_t)(CAIRN_PENDING_MAX - member->held_count);
}

int cairn_member_claim(struct cairn_member *member, struct cairn_error *error)
{
    for (size_t key = 0; key < member->group.key_count; key++) {
        const struct cairn_group_entry *entries = NULL;
        cairn_arena_reset(&member->delivery_arena);
        int64_t count = make_room(member, key, error);
        if (count > 0)
            count = cairn_group_claim(&member->group, key, member->consumer->stuck_us / 1000, count,
                                      &member->delivery_arena, &entries, error);
        if (count < 0)
            return (int)count;
        cairn_member_add_pending(member, entries, count, false);
    }
    return 0;
}

/* ---- acknowledging ---- */

static int delete_again(struct cairn_member *member, const char *const *ids, size_t count,
                        struct cairn_error *error)
{
    struct cairn_redis_arg args[CAIRN_ACKS_MAX + 2] = {
        CAIRN_ARG("XDEL"), CAIRN_ARG(member->group.keys[member->category_count])};
    struct cairn_redis_reply reply;
    for (size_t i = 0; i < count; i++)
        args[2 + i] = CAIRN_ARG(ids[i]);
    return cairn_redis_call(member->group.redis, args, 2 + count, &member->delivery_arena, &reply,
                            error);
}

int cairn_member_flush(struct cairn_member *member, struct cairn_error *error)
{
    int failed = 0;
    for (size_t key = 0; member->ack_count && key <= member->category_count && !failed; key++) {
        const char *ids[CAIRN_ACKS_MAX];
        size_t count = 0;
        for (size_t i = 0; i < member->ack_count; i++) {
            if (member->acks[i].key == key)
                ids[count++] = member->acks[i].id;
        }
        if (count)
            failed =
                cairn_group_ack(&member->group, key, ids, count, &member->delivery_arena, error);
        if (count && !failed && key == member->category_count)
            failed = delete_again(member, ids, count, error);
    }
    if (!failed)
        member->ack_count = 0;
    return failed;
}
