/* held_claims.c - takes and releases claims of a test. */
#include "testkit/decider/held_claims.h"

#include "store/append/append_batch.h"

#include <stdlib.h>
#include <string.h>

/* Splits "KEY [FROM,TO)"; the key itself may contain brackets. */
struct cairn_held_claim cairn_held_claim_of(struct cairn_arena *arena, struct cairn_uuid stream,
                                            const struct cairn_claim *claim)
{
    struct cairn_held_claim ret = {
        .holder = stream, .is_range = claim->is_range, .scope = claim->scope, .key = claim->key};
    const char *bracket = claim->is_range ? strrchr(claim->key, '[') : NULL;
    if (!bracket || bracket == claim->key)
        return ret;
    char *end = NULL;
    ret.key = cairn_copy_bytes(arena, claim->key, (size_t)(bracket - claim->key) - 1);
    ret.from = strtoll(bracket + 1, &end, 10);
    ret.to = strtoll(*end ? end + 1 : end, NULL, 10);
    return ret;
}

static bool is_same(const struct cairn_held_claim *a, const struct cairn_held_claim *b)
{
    return a->is_range == b->is_range && a->from == b->from && a->to == b->to &&
           strcmp(a->scope, b->scope) == 0 && strcmp(a->key, b->key) == 0;
}

static bool overlaps(const struct cairn_held_claim *a, const struct cairn_held_claim *b)
{
    return a->is_range && b->is_range && strcmp(a->scope, b->scope) == 0 &&
           strcmp(a->key, b->key) == 0 && a->from < b->to && b->from < a->to;
}

static void release(struct cairn_held_claims *held, const struct cairn_held_claim *claim)
{
    for (size_t i = 0; i < held->count; i++) {
        struct cairn_held_claim *at = &held->items[i];
        if (!is_same(at, claim) || !cairn_uuid_equal(at->holder, claim->holder))
            continue;
        *at = held->items[--held->count];
        return;
    }
}

/* Returns false if the claim is not free. One that its stream holds already is free. */
static bool take(struct cairn_held_claims *held, const struct cairn_held_claim *claim)
{
    for (size_t i = 0; i < held->count; i++) {
        const struct cairn_held_claim *at = &held->items[i];
        if (is_same(at, claim))
            return cairn_uuid_equal(at->holder, claim->holder);
        if (overlaps(at, claim))
            return false;
    }
    cairn_grow(held->arena, held->items, held->count, &held->capacity);
    held->items[held->count++] = *claim;
    return true;
}

int cairn_held_claims_change(struct cairn_held_claims *held, struct cairn_uuid stream,
                             const struct cairn_claim *claims, size_t count,
                             struct cairn_error *error)
{
    const struct cairn_write write = {.claims = claims, .claim_count = count};
    struct cairn_held_claims next = {.arena = held->arena};
    for (; next.count < held->count; next.count++) {
        cairn_grow(next.arena, next.items, next.count, &next.capacity);
        next.items[next.count] = held->items[next.count];
    }
    for (size_t i = 0; i < count; i++) {
        const struct cairn_held_claim claim = cairn_held_claim_of(next.arena, stream, &claims[i]);
        if (!cairn_claim_is_last_word(&write, i))
            continue;
        if (!claims[i].taken)
            release(&next, &claim);
        else if (!take(&next, &claim))
            return claims[i].message ? cairn_fail(error, CAIRN_CLAIMED, "%s", claims[i].message)
                                     : cairn_fail(error, CAIRN_CLAIMED,
                                                  "another stream holds this %s", claim.scope);
    }
    *held = next;
    return 0;
}
