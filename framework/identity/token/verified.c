/* verified.c - keeps verified tokens in sets of four. */
#include "identity/token/verified.h"

#include "core/containers/buffer.h"
#include "core/threads/lock.h"

#include <stdlib.h>
#include <string.h>

enum { WAYS = 4 };

struct entry {
    uint8_t digest[CAIRN_DIGEST_BYTES];
    int64_t until_s; /* 0: the place is free */
    int64_t used;    /* by the table's count of uses */
    char *texts;     /* subject, issuer, roles, each ended by a NUL; on the heap */
    size_t bytes;
    size_t role_count;
};

struct cairn_verified {
    pthread_mutex_t lock;
    int64_t uses;
    size_t sets;
    struct entry entries[]; /* WAYS for each set */
};

struct cairn_verified *cairn_verified_open(size_t most)
{
    size_t sets = (most + WAYS - 1) / WAYS;
    struct cairn_verified *verified =
        cairn_allocate(sizeof *verified + sets * WAYS * sizeof *verified->entries);
    cairn_lock_init(&verified->lock);
    verified->sets = sets;
    return verified;
}

static void empty(struct entry *entry)
{
    free(entry->texts);
    *entry = (struct entry){0};
}

void cairn_verified_clear(struct cairn_verified *verified)
{
    cairn_lock(&verified->lock);
    for (size_t i = 0; i < verified->sets * WAYS; i++)
        empty(&verified->entries[i]);
    cairn_unlock(&verified->lock);
}

void cairn_verified_close(struct cairn_verified *verified)
{
    if (!verified)
        return;
    cairn_verified_clear(verified);
    cairn_lock_destroy(&verified->lock);
    free(verified);
}

/* Only verified tokens get here, so that no client chooses their hashes. */
static struct entry *set_of(struct cairn_verified *verified, const uint8_t *digest)
{
    uint64_t number;
    memcpy(&number, digest, sizeof number);
    return &verified->entries[number % verified->sets * WAYS];
}

static struct entry *find(struct cairn_verified *verified, const uint8_t *digest)
{
    struct entry *set = set_of(verified, digest);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].until_s && memcmp(set[i].digest, digest, CAIRN_DIGEST_BYTES) == 0)
            return &set[i];
    }
    return NULL;
}

static void copy_out(const struct entry *entry, struct cairn_arena *arena, struct cairn_actor *ret)
{
    const char **roles = cairn_new(arena, const char *, entry->role_count + 1);
    const char *at = cairn_copy_bytes(arena, entry->texts, entry->bytes);
    ret->sub = at;
    ret->iss = at += strlen(at) + 1;
    for (size_t i = 0; i < entry->role_count; i++)
        roles[i] = at += strlen(at) + 1;
    ret->roles = roles;
    ret->role_count = entry->role_count;
    ret->until_s = entry->until_s;
}

bool cairn_verified_find(struct cairn_verified *verified,
                         const uint8_t digest[static CAIRN_DIGEST_BYTES], int64_t now_s,
                         struct cairn_arena *arena, struct cairn_actor *ret)
{
    cairn_lock(&verified->lock);
    struct entry *entry = find(verified, digest);
    bool found = entry && now_s < entry->until_s;
    if (found) {
        entry->used = ++verified->uses;
        copy_out(entry, arena, ret);
    } else if (entry) {
        empty(entry);
    }
    cairn_unlock(&verified->lock);
    return found;
}

/* Returns the texts of an actor in one block. */
static char *join_texts(const struct cairn_actor *actor, size_t *ret_bytes)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_buffer_bytes(&out, actor->sub, strlen(actor->sub) + 1);
    cairn_buffer_bytes(&out, actor->iss, strlen(actor->iss) + 1);
    for (size_t i = 0; i < actor->role_count; i++)
        cairn_buffer_bytes(&out, actor->roles[i], strlen(actor->roles[i]) + 1);
    char *texts = cairn_allocate(out.length);
    memcpy(texts, out.text, out.length);
    *ret_bytes = out.length;
    cairn_arena_close(&arena);
    return texts;
}

/* Returns a free place of a set, or that of the entry that was used longest ago. */
static struct entry *find_place(struct entry *set)
{
    struct entry *place = set;
    for (size_t i = 1; i < WAYS; i++) /* a free one was never used */
        place = set[i].used < place->used ? &set[i] : place;
    return place;
}

void cairn_verified_put(struct cairn_verified *verified,
                        const uint8_t digest[static CAIRN_DIGEST_BYTES],
                        const struct cairn_bearer *bearer)
{
    size_t bytes = 0;
    char *texts = join_texts(&bearer->actor, &bytes);
    cairn_lock(&verified->lock);
    struct entry *place = find(verified, digest);
    if (!place)
        place = find_place(set_of(verified, digest));
    empty(place);
    *place = (struct entry){.until_s = bearer->until_s,
                            .used = ++verified->uses,
                            .texts = texts,
                            .bytes = bytes,
                            .role_count = bearer->actor.role_count};
    memcpy(place->digest, digest, CAIRN_DIGEST_BYTES);
    cairn_unlock(&verified->lock);
}
