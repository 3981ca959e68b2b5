/* fuzz_table.c - field tables with a programmer's errors: kinds, sizes, names, bounds and examples
 * from the input. A table that passes the check can be used for an example, to read and write.
 *
 * Each error is seldom, so that many tables are without one: at the end, at least a tenth were. */
#include "fuzz.h"

#include "record/json.h"

#include <stdbool.h>
#include <string.h>

enum { FIELDS_MAX = 6, STRUCT_MAX = 160 };

struct input {
    const uint8_t *data;
    size_t left;
};

static unsigned take(struct input *input, unsigned below)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->data++ % below;
}

/* Returns whether the table gets an error here. */
static bool errs(struct input *input)
{
    return take(input, 16) == 1;
}

CAIRN_STRUCT(part, TEXT(text, .max_bytes = 5), INT(number, CAIRN_RANGE(-3, 3)), DAY(day));

static const char *const names[FIELDS_MAX] = {"a", "b", "c", "d", "e", "f"};
static const char *const odd_names[] = {"a/b", "_key", "", "ü", "a"};
static const char *const colours[] = {NULL, "red", "green"};
static const char *const holes[] = {NULL, "red", NULL, "green"};

static const char *const examples[] = {"1", "true", "\"red\"", "{}", "nothing", ""};

static void take_range(struct input *input, struct cairn_field *field)
{
    int64_t least = field->kind == CAIRN_KIND_DURATION ? 0 : -10;
    field->min = least + take(input, 20);
    field->max = errs(input) ? least : field->min + take(input, 20);
}

static void take_bytes(struct input *input, struct cairn_field *field)
{
    field->min_bytes = take(input, 5);
    field->max_bytes = errs(input) ? 1 : field->min_bytes + take(input, 20);
}

static void take_list(struct input *input, struct cairn_field *field)
{
    static const enum cairn_kind items[] = {CAIRN_KIND_TEXT, CAIRN_KIND_INTEGER, CAIRN_KIND_UUID,
                                            CAIRN_KIND_DAY, CAIRN_KIND_NESTED};
    if (field->kind == CAIRN_KIND_TEXT_MAP) {
        field->record = &cairn_text_pair_record;
    } else {
        unsigned item = take(input, 5);
        field->item = item < 4 ? items[item] : 0;
        field->record = item < 4 ? NULL : &part_record;
    }
    field->min_count = take(input, 3);
    field->max_count = errs(input) ? 1 : field->min_count + take(input, 5);
    bool is_text = field->kind == CAIRN_KIND_TEXT_MAP || field->item == CAIRN_KIND_TEXT;
    if (is_text != errs(input))
        field->max_bytes = take(input, 5);
}

static void take_enum(struct input *input, struct cairn_field *field)
{
    static const int wrong_fallbacks[] = {3, 4, -1};
    field->names = errs(input) ? holes : colours;
    field->name_count = field->names == holes ? 4 : 3;
    field->fallback = errs(input) ? wrong_fallbacks[take(input, 3)] : (int)take(input, 3);
}

/* Takes what is said of a field besides its kind and its name. */
static void take_bounds(struct input *input, struct cairn_field *field)
{
    switch (field->kind) {
    case CAIRN_KIND_ENUM:
        take_enum(input, field);
        break;
    case CAIRN_KIND_TEXT:
        take_bytes(input, field);
        field->format = (enum cairn_format)take(input, 4);
        break;
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        take_list(input, field);
        break;
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_DURATION:
        take_range(input, field);
        break;
    case CAIRN_KIND_DECIMAL:
        take_range(input, field);
        field->scale = errs(input) ? 17 : (int)take(input, 16);
        break;
    case CAIRN_KIND_NESTED:
        field->record = &part_record;
        break;
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_UUID:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_DAY:
        break;
    }
}

static bool may_be_wrapped(enum cairn_kind kind)
{
    return kind == CAIRN_KIND_INTEGER || kind == CAIRN_KIND_BOOL || kind == CAIRN_KIND_DECIMAL ||
           kind == CAIRN_KIND_DURATION;
}

static struct cairn_field make_field(struct input *input, uint32_t at, uint32_t *offset)
{
    static const enum cairn_kind kinds[] = {
        CAIRN_KIND_INTEGER, CAIRN_KIND_BOOL,     CAIRN_KIND_TEXT, CAIRN_KIND_ENUM,
        CAIRN_KIND_UUID,    CAIRN_KIND_TIME,     CAIRN_KIND_DAY,  CAIRN_KIND_MONEY,
        CAIRN_KIND_DECIMAL, CAIRN_KIND_DURATION, CAIRN_KIND_LIST, CAIRN_KIND_TEXT_MAP,
        CAIRN_KIND_NESTED};
    struct cairn_field field = {.kind = kinds[take(input, 13)]};
    field.name = errs(input) ? odd_names[take(input, 5)] : names[at];
    bool has_wrong_size = errs(input);
    if (errs(input))
        field.example = examples[take(input, 6)];
    unsigned optional = take(input, 4);
    take_bounds(input, &field);
    field.wrapped = optional == 3 && may_be_wrapped(field.kind);
    field.pointer = optional == 1 && field.kind == CAIRN_KIND_NESTED;
    field.optional = optional == 1 || field.wrapped;
    field.size = (uint32_t)cairn_field_size(&field);
    field.offset = *offset;
    if (has_wrong_size)
        field.size = take(input, 20); /* a table that was not made by the macros */
    *offset += (field.size + 7) / 8 * 8;
    return field;
}

/* Makes the schema and the example; an example that can be read passes the check, and is the same
 * after it was written and read again. */
static void use(const struct cairn_record *record, struct cairn_arena *arena)
{
    struct cairn_error error = {0};
    struct cairn_buffer schema = cairn_buffer(arena);
    struct cairn_buffer example = cairn_buffer(arena);
    struct cairn_buffer once = cairn_buffer(arena);
    struct cairn_buffer twice = cairn_buffer(arena);
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    void *again = cairn_arena_alloc(arena, record->size, record->align);
    cairn_record_schema(record, NULL, &schema);
    cairn_record_example(record, NULL, &example);
    if (cairn_record_decode(record, example.text, example.length, CAIRN_STRICT, arena, value,
                            &error) < 0)
        return;
    expect(cairn_record_check(record, value, &error) == 0);
    cairn_record_encode(record, value, &once);
    expect(cairn_record_decode(record, once.text, once.length, CAIRN_STRICT, arena, again,
                               &error) == 0);
    cairn_record_encode(record, again, &twice);
    expect(strcmp(once.text, twice.text) == 0);
}

static unsigned long tables, accepted;

static void expect_a_good_share(void)
{
    enum { ENOUGH = 10000 };
    (void)fprintf(stderr, "accepted: %lu of %lu tables\n", accepted, tables);
    expect(tables < ENOUGH || accepted >= tables / 10);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_field fields[FIELDS_MAX];
    uint32_t offset = 0;
    if (tables++ == 0)
        (void)atexit(expect_a_good_share);
    uint32_t count = 1 + take(&input, FIELDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        fields[i] = make_field(&input, i, &offset);
    struct cairn_record record = {.name = "made", .align = 8, .fields = fields, .count = count};
    record.size = offset;
    if (errs(&input))
        record.size = take(&input, STRUCT_MAX);
    if (cairn_record_table_check(&record, &error) == 0) {
        accepted++;
        use(&record, &arena);
    } else {
        expect(error.code == CAIRN_BUG);
    }
    cairn_arena_close(&arena);
    return 0;
}
