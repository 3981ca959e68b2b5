/* generate.c - makes random values of records. */
#include "testkit/property/generate.h"

#include "record/json.h"
#include "record/rules.h"

#include <string.h>

struct list CAIRN_LIST(char);

enum { ITEMS_MAX = 4, LONG_TEXT_MAX = 200 };

static void fill_record(struct cairn_generator *generator, const struct cairn_record *record,
                        char *value);
static void fill_value(struct cairn_generator *generator, const struct cairn_field *field,
                       char *at);

struct cairn_uuid cairn_pool_id(size_t at)
{
    struct cairn_uuid id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a");
    id.bytes[15] = (uint8_t)(id.bytes[15] + at);
    return id;
}

/* Returns one of the values in a ring that has been given `count`. */
static size_t pick_seen(struct cairn_random *random, size_t count)
{
    return cairn_random_index(random, count < CAIRN_SEEN_MAX ? count : CAIRN_SEEN_MAX);
}

/* ---- numbers ---- */

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Prefers what breaks rules: the bounds, small numbers, and numbers that occurred. */
static int64_t make_number(struct cairn_generator *generator, int64_t least, int64_t most)
{
    struct cairn_random *random = &generator->random;
    const struct cairn_seen *seen = &generator->seen;
    int64_t base = clamp(0, least, most);
    switch (cairn_random_index(random, 10)) {
    case 0:
        return least;
    case 1:
        return most;
    case 2:
        return cairn_random_between(random, least, most);
    case 3:
    case 4:
        if (seen->number_count > 0) {
            int64_t near = cairn_random_chance(random, 70) ? 0 : 1;
            return clamp(seen->numbers[pick_seen(random, seen->number_count)] + near, least, most);
        }
        break;
    case 5:
        return clamp(base + cairn_random_between(random, -10, 1000), least, most);
    default:
        break;
    }
    return clamp(base + cairn_random_between(random, -1, 5), least, most);
}

static void fill_number(struct cairn_generator *generator, const struct cairn_field *field,
                        char *at)
{
    int64_t least = 0;
    int64_t most = 0;
    cairn_field_range(field, &least, &most);
    int64_t number = make_number(generator, least, most);
    memcpy(at, &number, sizeof number);
}

static void fill_duration(struct cairn_generator *generator, const struct cairn_field *field,
                          char *at)
{
    static const int64_t pool[] = {0, CAIRN_SECONDS(1), CAIRN_MINUTES(1), CAIRN_HOURS(1),
                                   CAIRN_HOURS(24)};
    struct cairn_random *random = &generator->random;
    int64_t least = 0;
    int64_t most = 0;
    cairn_field_range(field, &least, &most);
    int64_t us = pool[cairn_random_index(random, sizeof pool / sizeof pool[0])];
    if (cairn_random_chance(random, 20))
        us = cairn_random_chance(random, 50) ? least : most;
    us = clamp(us, least < 0 ? 0 : least, most);
    memcpy(at, &us, sizeof us);
}

/* ---- texts ---- */

static const char *pick_text(struct cairn_generator *generator, enum cairn_format format)
{
    static const char *const any[] = {"a", "b", "c",        "ab",      "A",
                                      "0", " ", "\xc3\xa4", "a\"\\\n", "null"};
    static const char *const tokens[] = {"a", "b", "c", "A-1", "_.", "0"};
    static const char *const currencies[] = {"EUR", "USD"};
    static const char *const emails[] = {"a@b.c", "b@b.c", "A@b.c"};
    struct cairn_random *random = &generator->random;
    switch (format) {
    case CAIRN_FORMAT_CURRENCY:
        return currencies[cairn_random_index(random, sizeof currencies / sizeof currencies[0])];
    case CAIRN_FORMAT_EMAIL:
        return emails[cairn_random_index(random, sizeof emails / sizeof emails[0])];
    case CAIRN_FORMAT_TOKEN:
        return tokens[cairn_random_index(random, sizeof tokens / sizeof tokens[0])];
    case CAIRN_FORMAT_ANY:
        break;
    }
    /* mostly the first three, so that they collide */
    return any[cairn_random_index(
        random, cairn_random_chance(random, 70) ? 3 : sizeof any / sizeof any[0])];
}

/* Returns a text of as many bytes as the field allows, within reason. */
static const char *make_long_text(struct cairn_generator *generator,
                                  const struct cairn_field *field)
{
    uint32_t most = cairn_field_max_bytes(field);
    size_t bytes = most < LONG_TEXT_MAX ? most : LONG_TEXT_MAX;
    char *text = cairn_arena_alloc(generator->arena, bytes + 1, 1);
    memset(text, 'x', bytes);
    return text;
}

/* Returns the text, made longer or shorter if the field wants that. */
static const char *fit_text(struct cairn_generator *generator, const struct cairn_field *field,
                            const char *text)
{
    size_t length = strlen(text);
    size_t least = cairn_field_min_bytes(field);
    size_t most = cairn_field_max_bytes(field);
    struct cairn_error wrong = {0};
    if (cairn_rule_text(field, text, length, "", &wrong) == 0)
        return text;
    size_t bytes = length < least ? least : length > most ? most : length;
    char *fitted = cairn_arena_alloc(generator->arena, bytes + 1, 1);
    memset(fitted, 'x', bytes);
    return fitted;
}

static const char *make_text(struct cairn_generator *generator, const struct cairn_field *field)
{
    struct cairn_random *random = &generator->random;
    const struct cairn_seen *seen = &generator->seen;
    struct cairn_error wrong = {0};
    if (seen->text_count > 0 && cairn_random_chance(random, 30)) {
        const char *text = seen->texts[pick_seen(random, seen->text_count)];
        if (cairn_rule_text(field, text, strlen(text), "", &wrong) == 0)
            return text;
    }
    if (field->format == CAIRN_FORMAT_ANY && cairn_random_chance(random, 3))
        return make_long_text(generator, field);
    return fit_text(generator, field, pick_text(generator, field->format));
}

static void fill_text(struct cairn_generator *generator, const struct cairn_field *field, char *at)
{
    const char *text = make_text(generator, field);
    memcpy(at, &text, sizeof text);
}

/* ---- ids, times, days ---- */

static void fill_id(struct cairn_generator *generator, char *at)
{
    struct cairn_random *random = &generator->random;
    const struct cairn_seen *seen = &generator->seen;
    struct cairn_uuid id = cairn_pool_id(cairn_random_index(random, CAIRN_POOL_IDS));
    if (seen->id_count > 0 && cairn_random_chance(random, 50))
        id = seen->ids[pick_seen(random, seen->id_count)];
    else if (seen->stream_count > 0 && cairn_random_chance(random, 50))
        id = seen->streams[cairn_random_index(random, seen->stream_count)];
    memcpy(at, &id, sizeof id);
}

static void fill_time(struct cairn_generator *generator, char *at)
{
    static const int64_t steps[] = {CAIRN_SECONDS(1), CAIRN_HOURS(1), CAIRN_HOURS(24)};
    struct cairn_random *random = &generator->random;
    const struct cairn_seen *seen = &generator->seen;
    int64_t step = steps[cairn_random_index(random, sizeof steps / sizeof steps[0])];
    struct cairn_time time =
        cairn_time_after(generator->now, step * cairn_random_between(random, -2, 5));
    if (seen->time_count > 0 && cairn_random_chance(random, 30)) {
        time = seen->times[pick_seen(random, seen->time_count)];
    }
    memcpy(at, &time, sizeof time);
}

static void fill_day(struct cairn_generator *generator, char *at)
{
    struct cairn_random *random = &generator->random;
    const struct cairn_seen *seen = &generator->seen;
    struct cairn_day day = cairn_day_of(generator->now);
    day.days += (int32_t)cairn_random_between(random, cairn_random_chance(random, 20) ? -2 : 0, 4);
    if (seen->day_count > 0 && cairn_random_chance(random, 30)) {
        day = seen->days[pick_seen(random, seen->day_count)];
    }
    memcpy(at, &day, sizeof day);
}

/* ---- what is made of others ---- */

static void fill_money(struct cairn_generator *generator, const struct cairn_field *field, char *at)
{
    int64_t least = 0;
    int64_t most = 0;
    cairn_field_range(field, &least, &most);
    struct cairn_money money = {.minor = make_number(generator, least, most)};
    const char *currency = pick_text(generator, CAIRN_FORMAT_CURRENCY);
    memcpy(money.currency, currency, sizeof money.currency);
    memcpy(at, &money, sizeof money);
}

static size_t make_count(struct cairn_generator *generator, const struct cairn_field *field)
{
    size_t least = field->min_count;
    size_t most = cairn_field_max_count(field);
    if (cairn_random_chance(&generator->random, 5) && most <= 20)
        return most;
    size_t limit = least + ITEMS_MAX < most ? least + ITEMS_MAX : most;
    return (size_t)cairn_random_between(&generator->random, (int64_t)least, (int64_t)limit);
}

static void fill_list(struct cairn_generator *generator, const struct cairn_field *field, char *at)
{
    const struct cairn_field item = cairn_field_item(field);
    size_t count = make_count(generator, field);
    size_t align = item.record ? item.record->align : _Alignof(int64_t);
    char *items = cairn_arena_alloc(generator->arena, count * item.size + 1, align);
    for (size_t i = 0; i < count; i++)
        fill_value(generator, &item, items + i * item.size);
    const struct list list = {.items = items, .count = count};
    memcpy(at, &list, sizeof list);
}

/* Keys are numbered, because each occurs once. */
static void fill_map(struct cairn_generator *generator, const struct cairn_field *field, char *at)
{
    struct cairn_field text = *field;
    text.kind = CAIRN_KIND_TEXT;
    text.optional = true;
    size_t count = make_count(generator, field);
    struct cairn_text_pair *pairs = cairn_new(generator->arena, struct cairn_text_pair, count + 1);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct cairn_text_pair){.key = cairn_print(generator->arena, "k%zu", i + 1),
                                            .value = make_text(generator, &text)};
    const struct cairn_text_map map = {.items = pairs, .count = count};
    memcpy(at, &map, sizeof map);
}

static void fill_value(struct cairn_generator *generator, const struct cairn_field *field, char *at)
{
    struct cairn_random *random = &generator->random;
    bool yes = cairn_random_chance(random, 50);
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_DECIMAL:
        fill_number(generator, field, at);
        break;
    case CAIRN_KIND_BOOL:
        memcpy(at, &yes, sizeof yes);
        break;
    case CAIRN_KIND_TEXT:
        fill_text(generator, field, at);
        break;
    case CAIRN_KIND_UUID:
        fill_id(generator, at);
        break;
    case CAIRN_KIND_TIME:
        fill_time(generator, at);
        break;
    case CAIRN_KIND_DAY:
        fill_day(generator, at);
        break;
    case CAIRN_KIND_MONEY:
        fill_money(generator, field, at);
        break;
    case CAIRN_KIND_ENUM: {
        unsigned value = 1 + (unsigned)cairn_random_index(random, field->name_count - 1);
        memcpy(at, &value, sizeof value);
        break;
    }
    case CAIRN_KIND_NESTED:
        fill_record(generator, field->record, at);
        break;
    case CAIRN_KIND_LIST:
        fill_list(generator, field, at);
        break;
    case CAIRN_KIND_DURATION:
        fill_duration(generator, field, at);
        break;
    case CAIRN_KIND_TEXT_MAP:
        fill_map(generator, field, at);
        break;
    }
}

static void fill_record(struct cairn_generator *generator, const struct cairn_record *record,
                        char *value)
{
    for (uint32_t i = 0; i < record->count; i++) {
        const struct cairn_field *field = &record->fields[i];
        if (field->optional && cairn_random_chance(&generator->random, 25))
            continue;
        fill_value(generator, field,
                   cairn_field_wrap(field, value + field->offset, generator->arena));
    }
}

void *cairn_generate_record(struct cairn_generator *generator, const struct cairn_record *record)
{
    void *value = cairn_arena_alloc(generator->arena, record->size, record->align);
    fill_record(generator, record, value);
    return value;
}
