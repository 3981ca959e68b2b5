/* crates.c - the domain of crates, and random events in it. */
#include "crates.h"

#include "record/json.h"

#include <stdlib.h>
#include <string.h>

/* ---- the projection ---- */

CAIRN_PROJECTION(crates, .version = 1, CAIRN_INDEXES("owner", "label"));
const struct cairn_projection crates_that_stop = {.name = "crates",
                                                  .version = 1,
                                                  .row = &crates_record,
                                                  .poison = CAIRN_POISON_STOPS,
                                                  .on = &crates_handlers_};

CAIRN_ON(crates, crate, crate_packed)
{
    if (event->weight == 0)
        return CAIRN_SKIP;
    row->crate_id = meta->id;
    row->weight += event->weight;
    row->events++;
    row->last = *event;
    row->fragile = event->fragile;
    row->label = event->label;
    row->owner = event->owner;
    row->due = event->due;
    row->best_before = event->best_before;
    row->price = event->price;
    row->kind = event->kind;
    row->origin = event->origin;
    row->things = event->things;
    row->height = event->height;
    row->rest = event->rest;
    row->marks = event->marks;
    row->numbers = event->numbers;
    row->seals = event->seals;
    row->checks = event->checks;
    row->notes = event->notes;
    row->grade = event->grade;
    row->dry = event->dry;
    row->rate = event->rate;
    row->age = event->age;
    row->next = event->next;
    return event->weight == 666 ? CAIRN_PARK : CAIRN_KEEP;
}

CAIRN_KEYS(crates, crate_stacked)
{
    cairn_key_uuid(ret, event->onto);
    cairn_key_uuid(ret, meta->id);
}

/* 667 kilograms park the crate below only, not the one on top. */
CAIRN_ON(crates, crate, crate_stacked)
{
    char top[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(meta->id, top);
    bool is_top = strcmp(meta->key, top) == 0;
    row->crate_id = is_top ? meta->id : event->onto;
    row->weight += is_top ? -event->weight : event->weight;
    row->events++;
    return !is_top && event->weight == 667 ? CAIRN_PARK : CAIRN_KEEP;
}

CAIRN_ON(crates, crate, crate_thrown_away)
{
    return CAIRN_DELETE;
}

/* ---- random values ---- */

static unsigned up_to(unsigned *random, unsigned limit)
{
    return (unsigned)rand_r(random) % limit;
}

/* Returns a text that is hard to encode: quotes, control characters, multi-byte characters. */
static const char *random_text(unsigned *random, size_t most, struct cairn_arena *arena)
{
    static const char *const parts[] = {
        "tea", "\\",           "\"",    "\n", "\t\x01", "N'ü", "\xF0\x9F\xAB\x96",
        "{}",  "\xE2\x82\xAC", " NULL "};
    size_t length = up_to(random, (unsigned)most) + 1;
    char *text = cairn_new(arena, char, length + 8);
    size_t used = 0;
    while (used < length) {
        const char *part = parts[up_to(random, sizeof parts / sizeof parts[0])];
        memcpy(text + used, part, strlen(part) < 8 ? strlen(part) : 7);
        used += strlen(part);
    }
    return text;
}

static struct cairn_uuid random_id(unsigned *random)
{
    struct cairn_uuid id;
    for (size_t i = 0; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)(1 + up_to(random, 255));
    return id;
}

static struct crate_thing_list random_things(unsigned *random, struct cairn_arena *arena)
{
    struct crate_thing_list ret = {.count = up_to(random, 4)};
    struct crate_thing *items = cairn_new(arena, struct crate_thing, ret.count + 1);
    for (size_t i = 0; i < ret.count; i++)
        items[i] = (struct crate_thing){random_text(random, 20, arena), up_to(random, 9)};
    ret.items = ret.count ? items : NULL;
    return ret;
}

/* Numbers of every length, of both signs. */
static int64_t random_number(unsigned *random)
{
    int64_t number = (int64_t)rand_r(random) << 21 ^ rand_r(random);
    number &= (INT64_C(1) << up_to(random, 53)) - 1;
    return up_to(random, 2) ? number : -number;
}

static struct cairn_duration random_duration(unsigned *random)
{
    int64_t number = random_number(random);
    return (struct cairn_duration){number < 0 ? -number : number};
}

static void add_lists(struct crate_packed *ret, unsigned *random, struct cairn_arena *arena)
{
    for (unsigned i = up_to(random, 4); i > 0; i--) {
        CAIRN_ADD(arena, ret->marks, random_text(random, 9, arena));
        CAIRN_ADD(arena, ret->numbers, random_number(random));
        CAIRN_ADD(arena, ret->seals, random_id(random));
        CAIRN_ADD(arena, ret->checks, ((struct cairn_day){(int32_t)up_to(random, 60000) + 1}));
        CAIRN_APPEND(arena, ret->notes,
                     cairn_print(arena, "%u %s", i, random_text(random, 9, arena)),
                     up_to(random, 2) ? random_text(random, 9, arena) : "");
    }
}

static void add_optional(struct crate_packed *ret, unsigned *random, struct cairn_arena *arena)
{
    if (up_to(random, 2))
        ret->grade =
            (struct cairn_optional_int)CAIRN_SOME(up_to(random, 2) ? random_number(random) : 0);
    if (up_to(random, 2))
        ret->dry = (struct cairn_optional_bool)CAIRN_SOME(up_to(random, 2));
    if (up_to(random, 2))
        ret->rate = (struct cairn_optional_decimal){true, {random_number(random)}};
    if (up_to(random, 2))
        ret->age = (struct cairn_optional_duration){true, random_duration(random)};
    if (up_to(random, 2)) {
        struct crate_origin *next = CAIRN_NEW(arena, struct crate_origin, 1);
        next->stamps = random_things(random, arena);
        ret->next = next;
    }
}

static struct crate_packed random_packed(unsigned *random, bool sparse, struct cairn_arena *arena)
{
    struct crate_packed ret = {.weight = (int64_t)up_to(random, 500) + 1};
    if (sparse)
        return ret;
    ret.fragile = up_to(random, 2);
    if (up_to(random, 4))
        ret.label = random_text(random, up_to(random, 8) ? 30 : 900, arena);
    if (up_to(random, 4))
        ret.owner = random_id(random);
    if (up_to(random, 4))
        ret.due = cairn_time_of_unix((int64_t)rand_r(random) * 1000003);
    if (up_to(random, 4))
        ret.best_before.days = (int32_t)up_to(random, 60000) + 1;
    if (up_to(random, 4))
        ret.price = (struct cairn_money){(int64_t)up_to(random, 9999) - 5000, "EUR"};
    if (up_to(random, 4))
        ret.kind = up_to(random, 2) ? CRATE_WOODEN : CRATE_STEEL;
    if (up_to(random, 4))
        ret.origin = (struct crate_origin){.country = random_text(random, 5, arena),
                                           .stamps = random_things(random, arena)};
    ret.things = random_things(random, arena);
    ret.height.units = random_number(random);
    ret.rest = random_duration(random);
    add_lists(&ret, random, arena);
    add_optional(&ret, random, arena);
    return ret;
}

struct crates crate_row(unsigned *random, bool sparse, struct cairn_arena *arena)
{
    struct crate_packed packed_last = random_packed(random, sparse, arena);
    struct crate_packed event = random_packed(random, sparse, arena);
    struct cairn_meta meta = {.id = random_id(random)};
    struct crates row = {0};
    (void)crates_on_crate_packed(&row, &event, &meta, arena, NULL);
    row.last = packed_last;
    return row;
}

static const char *encode(const struct cairn_record *record, const void *value,
                          struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_record_encode(record, value, &out);
    return out.text;
}

static struct crate_step pack(struct crate_step step, unsigned *random, bool poison,
                              struct cairn_arena *arena)
{
    struct crate_packed event = random_packed(random, up_to(random, 8) == 0, arena);
    unsigned trouble = up_to(random, 100);
    if (trouble < 5)
        event.weight = 0;
    else if (poison && trouble == 5)
        event.weight = 666;
    step.type = "CratePacked";
    step.data = poison && trouble == 6 ? "{\"weight\":\"heavy\"}"
                                       : encode(&crate_packed_record, &event, arena);
    return step;
}

static struct crate_step stack(struct crate_step step, unsigned *random,
                               const struct cairn_uuid *crates, size_t count, bool poison,
                               struct cairn_arena *arena)
{
    struct crate_stacked event = {.onto = crates[up_to(random, (unsigned)count)],
                                  .weight = 1 + up_to(random, 50)};
    if (poison && up_to(random, 100) == 0)
        event.weight = 667;
    step.type = "CrateStacked";
    step.data = encode(&crate_stacked_record, &event, arena);
    return step;
}

struct crate_step crate_step(unsigned *random, const struct cairn_uuid *crates, size_t count,
                             bool poison, struct cairn_arena *arena)
{
    struct crate_step step = {.crate = up_to(random, (unsigned)count)};
    unsigned what = up_to(random, 10);
    if (what < 6)
        return pack(step, random, poison, arena);
    if (what < 9)
        return stack(step, random, crates, count, poison, arena);
    step.type = "CrateThrownAway";
    step.data = "{}";
    return step;
}
