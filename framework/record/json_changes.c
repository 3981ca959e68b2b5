/* json_changes.c - compares two JSON objects, member by member. */
#include "record/json_changes.h"

#include "record/json.h"
#include "record/json_member.h"

#include <string.h>

struct listing {
    struct cairn_arena *arena;
    struct cairn_json_change *changes;
    size_t count, capacity;
};

static bool is_same(const struct cairn_json_member *a, const struct cairn_json_member *b)
{
    return a->bytes == b->bytes && memcmp(a->text, b->text, a->bytes) == 0;
}

static bool is_named_as(const struct cairn_json_member *a, const struct cairn_json_member *b)
{
    return a->name_bytes == b->name_bytes && memcmp(a->name, b->name, a->name_bytes) == 0;
}

/* Finds the member of the same name: usually the one at `hint`, since both objects are of one table
 * or of two versions of it. */
static bool find(const char *object, const char **hint, const struct cairn_json_member *named,
                 struct cairn_json_member *ret)
{
    if (cairn_json_member_next(hint, ret) && is_named_as(ret, named))
        return true;
    *hint = object;
    while (cairn_json_member_next(hint, ret)) {
        if (is_named_as(ret, named))
            return true;
    }
    *hint = object;
    return false;
}

static const char *copy_value(struct listing *listing, const struct cairn_json_member *member)
{
    return cairn_copy_bytes(listing->arena, member->value, member->value_bytes);
}

static void add(struct listing *listing, const struct cairn_json_member *from,
                const struct cairn_json_member *to)
{
    const struct cairn_json_member *named = to ? to : from;
    cairn_grow(listing->arena, listing->changes, listing->count, &listing->capacity);
    listing->changes[listing->count++] = (struct cairn_json_change){
        .field = cairn_copy_bytes(listing->arena, named->name, named->name_bytes),
        .from = from ? copy_value(listing, from) : NULL,
        .to = to ? copy_value(listing, to) : NULL};
}

size_t cairn_json_changes(const char *before, const char *after, struct cairn_arena *arena,
                          struct cairn_json_change **ret)
{
    struct listing listing = {.arena = arena};
    struct cairn_json_member from;
    struct cairn_json_member to;
    const char *hint = before;
    for (const char *at = after; cairn_json_member_next(&at, &to);) {
        bool had = find(before, &hint, &to, &from);
        if (!had || !is_same(&from, &to))
            add(&listing, had ? &from : NULL, &to);
    }
    hint = after;
    for (const char *at = before; cairn_json_member_next(&at, &from);) {
        if (!find(after, &hint, &from, &to))
            add(&listing, &from, NULL);
    }
    *ret = listing.changes;
    return listing.count;
}

void cairn_json_changes_write(const struct cairn_json_change *changes, size_t count,
                              struct cairn_buffer *out)
{
    cairn_buffer_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        cairn_buffer_print(out, "%s{\"field\":", i ? "," : "");
        cairn_buffer_json(out, changes[i].field);
        if (changes[i].from)
            cairn_buffer_print(out, ",\"from\":%s", changes[i].from);
        if (changes[i].to)
            cairn_buffer_print(out, ",\"to\":%s", changes[i].to);
        cairn_buffer_char(out, '}');
    }
    cairn_buffer_char(out, ']');
}
