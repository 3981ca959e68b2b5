/* simplify.c - makes simpler variants of a value.
 *
 * The walk goes through the fields of a copy and counts the variants that each would have, until
 * the wanted one is reached: that one is carried out. */
#include "testkit/property/shrink/simplify.h"

#include "record/json.h"
#include "record/rules.h"
#include "testkit/property/generate.h"

#include <cairn/test.h>

#include <string.h>

struct list CAIRN_LIST(char);

struct walk {
    size_t left; /* variants before the wanted one */
    struct cairn_arena *arena;
    struct cairn_change *change;
    const struct cairn_seen *seen;
};

/* Counts one variant. Returns true if it is the wanted one: it has to be carried out now. */
static bool is_wanted(struct walk *walk)
{
    return walk->left-- == 0;
}

static bool simplify_record(struct walk *walk, const struct cairn_record *record, char *value);
static bool simplify_value(struct walk *walk, const struct cairn_field *field, char *at);

/* ---- numbers and what is counted like them ---- */

/* Moves a number towards `goal`: there at once, half-way, by one. */
static bool approach(struct walk *walk, enum cairn_kind kind, int64_t *number, int64_t goal)
{
    int64_t distance = *number - goal;
    const int64_t variants[] = {goal, goal + distance / 2, *number - (distance > 0 ? 1 : -1)};
    for (size_t i = 0; distance != 0 && i < sizeof variants / sizeof variants[0]; i++) {
        bool is_new = variants[i] != *number && (i == 0 || variants[i] != variants[i - 1]);
        if (is_new && is_wanted(walk)) {
            *walk->change = (struct cairn_change){.kind = kind, .from = *number, .to = variants[i]};
            *number = variants[i];
            return true;
        }
    }
    return false;
}

static bool simplify_number(struct walk *walk, const struct cairn_field *field, char *at)
{
    int64_t least = 0;
    int64_t most = 0;
    int64_t number;
    cairn_field_range(field, &least, &most);
    memcpy(&number, at, sizeof number);
    bool done = approach(walk, CAIRN_KIND_INTEGER, &number,
                         least > 0  ? least
                         : most < 0 ? most
                                    : 0);
    memcpy(at, &number, sizeof number);
    return done;
}

static bool simplify_time(struct walk *walk, char *at)
{
    struct cairn_time time;
    memcpy(&time, at, sizeof time);
    bool done = approach(walk, CAIRN_KIND_TIME, &time.us, CAIRN_TIME("2026-01-01T00:00:00Z").us);
    memcpy(at, &time, sizeof time);
    return done;
}

static bool simplify_day(struct walk *walk, char *at)
{
    struct cairn_day day;
    memcpy(&day, at, sizeof day);
    int64_t days = day.days;
    bool done = approach(walk, CAIRN_KIND_DAY, &days, CAIRN_DAY("2026-01-01").days);
    day.days = (int32_t)days;
    memcpy(at, &day, sizeof day);
    return done;
}

static bool simplify_enum(struct walk *walk, char *at)
{
    unsigned value;
    memcpy(&value, at, sizeof value);
    int64_t number = value;
    bool done = approach(walk, 0, &number, 1);
    value = (unsigned)number;
    memcpy(at, &value, sizeof value);
    return done;
}

static bool simplify_bool(struct walk *walk, char *at)
{
    if (!*at || !is_wanted(walk))
        return false;
    *at = 0;
    return true;
}

/* Sets an id, if that is the wanted variant. */
static bool set_id(struct walk *walk, struct cairn_uuid to, char *at)
{
    if (!is_wanted(walk))
        return false;
    *walk->change = (struct cairn_change){.kind = CAIRN_KIND_UUID, .to_id = to};
    memcpy(&walk->change->from_id, at, sizeof to);
    memcpy(at, &to, sizeof to);
    return true;
}

/* Tries the ids of a list that come before this one. Returns true if `*ret_done` says whether the
 * walk is over. */
static bool try_ids(struct walk *walk, const struct cairn_uuid *ids, size_t count, char *at,
                    bool *ret_done)
{
    struct cairn_uuid id;
    memcpy(&id, at, sizeof id);
    for (size_t i = 0; i < count; i++) {
        bool is_there = cairn_uuid_equal(id, ids[i]);
        *ret_done = !is_there && set_id(walk, ids[i], at);
        if (is_there || *ret_done)
            return true;
    }
    return false;
}

/* Ids have an order: those that values are made of, those of streams, those that were seen, all
 * others. */
static bool simplify_id(struct walk *walk, char *at)
{
    const struct cairn_seen *seen = walk->seen;
    size_t seen_count = seen->id_count < CAIRN_SEEN_MAX ? seen->id_count : CAIRN_SEEN_MAX;
    struct cairn_uuid pool[CAIRN_POOL_IDS];
    bool done = false;
    for (size_t i = 0; i < CAIRN_POOL_IDS; i++)
        pool[i] = cairn_pool_id(i);
    return (try_ids(walk, pool, CAIRN_POOL_IDS, at, &done) ||
            try_ids(walk, seen->streams, seen->stream_count, at, &done) ||
            try_ids(walk, seen->ids, seen_count, at, &done)) &&
           done;
}

/* ---- texts ---- */

static bool is_allowed(const struct cairn_field *field, const char *text)
{
    struct cairn_error wrong = {0};
    return cairn_rule_text(field, text, strlen(text), "", &wrong) == 0;
}

/* Replaces a text, if that is the wanted variant. */
static bool set_text(struct walk *walk, const struct cairn_field *field, const char *to, char *at)
{
    const char *from;
    memcpy(&from, at, sizeof from);
    if (!is_allowed(field, to) || !is_wanted(walk))
        return false;
    *walk->change =
        (struct cairn_change){.kind = CAIRN_KIND_TEXT, .from_text = from, .to_text = to};
    memcpy(at, &to, sizeof to);
    return true;
}

/* Makes the text one of 'x', of this length. */
static bool shorten_text(struct walk *walk, const struct cairn_field *field, size_t length,
                         char *at)
{
    char *text = cairn_arena_alloc(walk->arena, length + 1, 1);
    memset(text, 'x', length);
    return set_text(walk, field, text, at);
}

/* Tries the texts of a list that come before this one. Returns true if `*ret_done` says whether
 * the walk is over. */
static bool try_texts(struct walk *walk, const struct cairn_field *field, const char *const *texts,
                      size_t count, char *at, bool *ret_done)
{
    const char *text;
    memcpy(&text, at, sizeof text);
    for (size_t i = 0; i < count; i++) {
        bool is_there = strcmp(text, texts[i]) == 0;
        *ret_done = !is_there && set_text(walk, field, texts[i], at);
        if (is_there || *ret_done)
            return true;
    }
    return false;
}

/* Texts have an order: the simple ones below, those that were seen, then shorter ones before longer
 * ones. */
static bool simplify_text(struct walk *walk, const struct cairn_field *field, char *at)
{
    static const char *const simple[] = {"a", "b", "EUR", "a@b.c"};
    const struct cairn_seen *seen = walk->seen;
    size_t seen_count = seen->text_count < CAIRN_SEEN_MAX ? seen->text_count : CAIRN_SEEN_MAX;
    const char *text;
    bool done = false;
    memcpy(&text, at, sizeof text);
    if (!text) /* not set: nothing is simpler */
        return false;
    size_t length = strlen(text);
    if (try_texts(walk, field, simple, sizeof simple / sizeof simple[0], at, &done) ||
        try_texts(walk, field, seen->texts, seen_count, at, &done))
        return done;
    return length > 1 &&
           (shorten_text(walk, field, length / 2, at) || shorten_text(walk, field, length - 1, at));
}

/* ---- what is made of others ---- */

static bool simplify_money(struct walk *walk, const struct cairn_field *field, char *at)
{
    char *currency = at + offsetof(struct cairn_money, currency);
    if (simplify_number(walk, field, at))
        return true;
    if (strcmp(currency, "EUR") == 0 || !is_wanted(walk))
        return false;
    memcpy(currency, "EUR", 4);
    return true;
}

/* Removes the items from `from` on, `count` of them, of those of `size` bytes. The items are a
 * copy, so they may be moved. */
static void remove_items(struct list *list, size_t size, size_t from, size_t count)
{
    char *items = (char *)(uintptr_t)list->items;
    memmove(items + from * size, items + (from + count) * size,
            (list->count - from - count) * size);
    list->count -= count;
}

/* Removes half of the items, or one. */
static bool shorten(struct walk *walk, const struct cairn_field *field, size_t size, char *at)
{
    struct list list;
    memcpy(&list, at, sizeof list);
    size_t removable = list.count - field->min_count;
    for (size_t chunk = removable; chunk > 0; chunk /= 2) {
        for (size_t from = 0; from + chunk <= list.count; from += chunk) {
            if (!is_wanted(walk))
                continue;
            remove_items(&list, size, from, chunk);
            memcpy(at, &list, sizeof list);
            return true;
        }
    }
    return false;
}

static bool simplify_list(struct walk *walk, const struct cairn_field *field, char *at)
{
    const struct cairn_field item = cairn_field_item(field);
    struct list list;
    if (shorten(walk, field, item.size, at))
        return true;
    memcpy(&list, at, sizeof list);
    for (size_t i = 0; i < list.count; i++) {
        if (simplify_value(walk, &item, (char *)(uintptr_t)list.items + i * item.size))
            return true;
    }
    return false;
}

static bool simplify_value(struct walk *walk, const struct cairn_field *field, char *at)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_DECIMAL:
    case CAIRN_KIND_DURATION:
        return simplify_number(walk, field, at);
    case CAIRN_KIND_BOOL:
        return simplify_bool(walk, at);
    case CAIRN_KIND_TEXT:
        return simplify_text(walk, field, at);
    case CAIRN_KIND_UUID:
        return simplify_id(walk, at);
    case CAIRN_KIND_TIME:
        return simplify_time(walk, at);
    case CAIRN_KIND_DAY:
        return simplify_day(walk, at);
    case CAIRN_KIND_MONEY:
        return simplify_money(walk, field, at);
    case CAIRN_KIND_ENUM:
        return simplify_enum(walk, at);
    case CAIRN_KIND_NESTED:
        return simplify_record(walk, field->record, at);
    case CAIRN_KIND_LIST:
        return simplify_list(walk, field, at);
    case CAIRN_KIND_TEXT_MAP:
        return shorten(walk, field, sizeof(struct cairn_text_pair), at);
    }
    return false;
}

static bool is_absent(const struct cairn_field *field, const char *at)
{
    size_t i = 0;
    while (i < field->size && at[i] == 0)
        i++;
    return i == field->size;
}

static bool simplify_record(struct walk *walk, const struct cairn_record *record, char *value)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        char *at = value + field->offset;
        if (!cairn_field_unwrap(field, at) || (field->optional && is_absent(field, at)))
            continue;
        if (field->optional && is_wanted(walk)) {
            memset(at, 0, field->size);
            return true;
        }
        char *inner = (char *)(uintptr_t)cairn_field_unwrap(field, at);
        if (simplify_value(walk, field, inner))
            return true;
    }
    return false;
}

void *cairn_simplify(const struct cairn_record *record, const void *value, size_t which,
                     const struct cairn_seen *seen, struct cairn_arena *arena,
                     struct cairn_change *ret_change)
{
    struct walk walk = {.left = which, .arena = arena, .change = ret_change, .seen = seen};
    char *copy = cairn_arena_alloc(arena, record->size, record->align);
    *ret_change = (struct cairn_change){0};
    cairn_record_copy(record, value, copy, arena);
    return simplify_record(&walk, record, copy) ? copy : NULL;
}
