/* hands.c - the entries that a member of a consumer group holds, until they are settled, released,
 * or idle long enough for another member to claim them. */
#include "bus/member.h"
#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

static void forget(struct cairn_held *held)
{
    free((void *)(uintptr_t)held->entry.id);
    free((void *)(uintptr_t)held->entry.json);
    free(held);
}

void cairn_member_drop(struct cairn_member *member)
{
    for (size_t i = 0; i < member->held_count; i++)
        forget(member->held[i]);
    member->held_count = 0;
    member->ack_count = 0;
}

static bool is_held(const struct cairn_member *member, const struct cairn_group_entry *entry)
{
    for (size_t i = 0; i < member->held_count; i++) {
        if (member->held[i]->entry.key == entry->key &&
            strcmp(member->held[i]->entry.id, entry->id) == 0)
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

void cairn_member_hold(struct cairn_member *member, const struct cairn_group_entry *entries,
                       int64_t count, bool fresh)
{
    for (int64_t i = 0; i < count && member->held_count < CAIRN_HELD_MAX; i++) {
        if (is_held(member, &entries[i]))
            continue;
        struct cairn_held *held = cairn_allocate(sizeof *held);
        char *json = cairn_allocate(entries[i].bytes + 1);
        memcpy(json, entries[i].json, entries[i].bytes);
        held->entry = entries[i];
        held->entry.id = cairn_duplicate(entries[i].id);
        held->entry.json = json;
        held->position = strtoll(held->entry.id, NULL, 10);
        held->stream = entries[i].key < member->category_count ? hash_stream(json) : 0;
        held->begun = fresh;
        held->attempt = fresh;
        member->held[member->held_count++] = held;
    }
}

void cairn_member_let_go(struct cairn_member *member, size_t i)
{
    forget(member->held[i]);
    member->held_count--;
    memmove(&member->held[i], &member->held[i + 1],
            (member->held_count - i) * sizeof *member->held);
}

/* Keeps waiting entries from being claimed as stuck. */
int cairn_member_keep(struct cairn_member *member, struct cairn_error *error)
{
    int failed = 0;
    for (size_t key = 0; key < member->group.key_count && !failed; key++) {
        const char *ids[CAIRN_HELD_MAX];
        bool lost[CAIRN_HELD_MAX];
        size_t at[CAIRN_HELD_MAX];
        size_t count = 0;
        for (size_t i = 0; i < member->held_count; i++) {
            if (member->held[i]->entry.key == key) {
                at[count] = i;
                ids[count++] = member->held[i]->entry.id;
            }
        }
        if (count == 0)
            continue;
        cairn_arena_reset(&member->batch);
        failed = cairn_group_keep(&member->group, key, ids, count, &member->batch, lost, error);
        for (size_t i = count; i-- > 0 && !failed;) {
            if (lost[i])
                cairn_member_let_go(member, at[i]);
        }
    }
    return failed;
}

/* ---- releasing, claiming ---- */

/* Returns the newest held entry of a key after that position; NULL if there is none. */
static struct cairn_held *find_newest(const struct cairn_member *member, size_t key, int64_t after,
                                      size_t *ret_index)
{
    struct cairn_held *newest = NULL;
    for (size_t i = 0; i < member->held_count; i++) {
        struct cairn_held *at = member->held[i];
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
    const char *ids[CAIRN_HELD_MAX];
    bool counted[CAIRN_HELD_MAX];
    size_t count = 0;
    size_t i = 0;
    for (struct cairn_held *at; count < most && (at = find_newest(member, key, after, &i));) {
        ids[count] = cairn_copy_text(&member->batch, at->entry.id);
        counted[count++] = at->begun;
        cairn_member_let_go(member, i);
    }
    if (count == 0)
        return 0;
    return cairn_group_give_back(&member->group, key, ids, counted, count, &member->batch, error);
}

int cairn_member_give_back(struct cairn_member *member, struct cairn_error *error)
{
    int failed = 0;
    for (size_t key = 0; key < member->group.key_count && !failed; key++)
        failed = give_back(member, key, -1, CAIRN_HELD_MAX, error);
    return failed;
}

/* Makes room for stuck entries. A full member could deadlock waiting for entries of a crashed
 * member, so it releases the entries that come after those. Returns how many there is room for. */
static int64_t make_room(struct cairn_member *member, size_t key, struct cairn_error *error)
{
    const char *stuck = NULL;
    size_t room = CAIRN_HELD_MAX - member->held_count;
    if (room >= CAIRN_CLAIM_MAX)
        return CAIRN_CLAIM_MAX;
    int failed = cairn_group_stuck(&member->group, key, member->consumer->stuck_us / 1000,
                                   &member->batch, &stuck, error);
    if (!failed && stuck)
        failed = give_back(member, key, strtoll(stuck, NULL, 10), CAIRN_CLAIM_MAX - room, error);
    return failed ? failed : (int64_t)(CAIRN_HELD_MAX - member->held_count);
}

int cairn_member_claim(struct cairn_member *member, struct cairn_error *error)
{
    for (size_t key = 0; key < member->group.key_count; key++) {
        const struct cairn_group_entry *entries = NULL;
        cairn_arena_reset(&member->batch);
        int64_t count = make_room(member, key, error);
        if (count > 0)
            count = cairn_group_claim(&member->group, key, member->consumer->stuck_us / 1000, count,
                                      &member->batch, &entries, error);
        if (count < 0)
            return (int)count;
        cairn_member_hold(member, entries, count, false);
    }
    return 0;
}
