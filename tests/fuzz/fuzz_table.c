/* fuzz_table.c - field tables with a programmer's errors: kinds, sizes, names, bounds and examples
 * from the input. A table that passes the check can be used for an example, to read and write. */
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

static const char *const names[] = {"a", "b", "c", "a/b", "_key", "", "ü", NULL};
static const char *const colours[] = {NULL, "red", "green"};
static const char *const holes[] = {NULL, "red", NULL, "green"};

static const char *const examples[] = {"1", "true", "\"red\"", "{}", "nothing", ""};

static void take_range(struct input *input, struct cairn_field *field)
{
    field->min = (int64_t)take(input, 20) - 10;
    field->max = (int64_t)take(input, 20) - 10;
}

/* Takes what is said of a field besides its kind and its name. */
static void take_bounds(struct input *input, struct cairn_field *field)
{
    static const enum cairn_kind items[] = {CAIRN_KIND_TEXT, CAIRN_KIND_INTEGER, CAIRN_KIND_UUID,
                                            CAIRN_KIND_DAY};
    static const int fallbacks[] = {0, 1, 2, 3, 4, -1};
    switch (field->kind) {
    case CAIRN_KIND_ENUM:
        field->names = take(input, 4) == 1 ? holes : colours;
        field->name_count = field->names == holes ? 4 : 3;
        field->fallback = fallbacks[take(input, 6)];
        break;
    case CAIRN_KIND_TEXT:
        field->min_bytes = take(input, 20);
        field->max_bytes = take(input, 20);
        field->format = (enum cairn_format)take(input, 4);
        break;
    case CAIRN_KIND_LIST:
    case CAIRN_KIND_TEXT_MAP:
        if (field->kind == CAIRN_KIND_LIST)
            field->item = items[take(input, 4)];
        else
            field->record = &cairn_text_pair_record;
        field->min_count = take(input, 5);
        field->max_count = take(input, 5);
        field->max_bytes = take(input, 5);
        break;
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_MONEY:
    case CAIRN_KIND_DURATION:
        take_range(input, field);
        break;
    case CAIRN_KIND_DECIMAL:
        take_range(input, field);
        field->scale = (int)take(input, 20);
        break;
    case CAIRN_KIND_BOOL:
    case CAIRN_KIND_UUID:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_DAY:
    case CAIRN_KIND_NESTED:
        break;
    }
}

static bool may_be_wrapped(enum cairn_kind kind)
{
    return kind == CAIRN_KIND_INTEGER || kind == CAIRN_KIND_BOOL || kind == CAIRN_KIND_DECIMAL ||
           kind == CAIRN_KIND_DURATION;
}

static struct cairn_field make_field(struct input *input, uint32_t *offset)
{
    static const enum cairn_kind kinds[] = {
        CAIRN_KIND_INTEGER, CAIRN_KIND_BOOL,     CAIRN_KIND_TEXT, CAIRN_KIND_ENUM,
        CAIRN_KIND_UUID,    CAIRN_KIND_TIME,     CAIRN_KIND_DAY,  CAIRN_KIND_MONEY,
        CAIRN_KIND_DECIMAL, CAIRN_KIND_DURATION, CAIRN_KIND_LIST, CAIRN_KIND_TEXT_MAP};
    struct cairn_field field = {.kind = kinds[take(input, 12)]};
    field.name = names[take(input, 7)];
    bool has_wrong_size = take(input, 16) == 1;
    if (take(input, 16) == 1)
        field.example = examples[take(input, 6)];
    unsigned optional = take(input, 4);
    take_bounds(input, &field);
    field.wrapped = optional == 3 && may_be_wrapped(field.kind);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct cairn_arena arena = {0};
    struct cairn_error error = {0};
    struct cairn_field fields[FIELDS_MAX];
    uint32_t offset = 0;
    uint32_t count = 1 + take(&input, FIELDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        fields[i] = make_field(&input, &offset);
    struct cairn_record record = {.name = "made", .align = 8, .fields = fields, .count = count};
    record.size = offset;
    if (take(&input, 16) == 1)
        record.size = take(&input, STRUCT_MAX);
    if (cairn_record_table_check(&record, &error) == 0)
        use(&record, &arena);
    else
        expect(error.code == CAIRN_BUG);
    cairn_arena_close(&arena);
    return 0;
}
