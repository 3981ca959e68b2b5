/* fuzz_table.c - field tables with a programmer's errors: kinds, offsets, sizes, names and bounds
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

static uint32_t usual_size(enum cairn_kind kind)
{
    switch (kind) {
    case CAIRN_KIND_BOOL:
        return sizeof(bool);
    case CAIRN_KIND_ENUM:
        return sizeof(int);
    case CAIRN_KIND_UUID:
        return sizeof(struct cairn_uuid);
    case CAIRN_KIND_MONEY:
        return sizeof(struct cairn_money);
    case CAIRN_KIND_DAY:
        return sizeof(struct cairn_day);
    case CAIRN_KIND_INTEGER:
    case CAIRN_KIND_TEXT:
    case CAIRN_KIND_TIME:
    case CAIRN_KIND_NESTED:
    case CAIRN_KIND_LIST:
        break;
    }
    return 8;
}

static struct cairn_field make_field(struct input *input, uint32_t *offset)
{
    static const enum cairn_kind kinds[] = {CAIRN_KIND_INTEGER, CAIRN_KIND_BOOL, CAIRN_KIND_TEXT,
                                            CAIRN_KIND_ENUM,    CAIRN_KIND_UUID, CAIRN_KIND_TIME,
                                            CAIRN_KIND_DAY,     CAIRN_KIND_MONEY};
    struct cairn_field field = {.kind = kinds[take(input, 8)], .of = "made"};
    field.name = names[take(input, 7)];
    field.size = usual_size(field.kind);
    uint32_t align = field.size < 8 || field.kind == CAIRN_KIND_UUID ? 1 : 8;
    align = field.kind == CAIRN_KIND_ENUM || field.kind == CAIRN_KIND_DAY ? 4 : align;
    *offset = (*offset + align - 1) / align * align;
    field.offset = *offset;
    if (take(input, 16) == 1)
        field.size = take(input, 20); /* a table that was not made by the macros */
    if (take(input, 16) == 1)
        field.of = "other";
    *offset += field.size;
    field.optional = take(input, 2);
    if (field.kind == CAIRN_KIND_ENUM) {
        field.names = take(input, 4) == 1 ? holes : colours;
        field.name_count = field.names == holes ? 4 : 3;
    }
    if (field.kind == CAIRN_KIND_INTEGER) {
        field.min = (int64_t)take(input, 20) - 10;
        field.max = (int64_t)take(input, 20) - 10;
    }
    if (field.kind == CAIRN_KIND_TEXT) {
        field.min_bytes = take(input, 20);
        field.max_bytes = take(input, 20);
        field.format = (enum cairn_format)take(input, 4);
    }
    return field;
}

/* Makes the schema and the example; an example that can be read can be written again. */
static void use(const struct cairn_record *record, struct cairn_arena *arena)
{
    struct cairn_error error = {0};
    struct cairn_buffer schema = cairn_buffer(arena);
    struct cairn_buffer example = cairn_buffer(arena);
    void *value = cairn_arena_alloc(arena, record->size, record->align);
    cairn_record_schema(record, NULL, &schema);
    cairn_record_example(record, NULL, &example);
    if (cairn_record_decode(record, example.text, example.length, CAIRN_STRICT, arena, value,
                            &error) == 0) {
        struct cairn_buffer out = cairn_buffer(arena);
        cairn_record_encode(record, value, &out);
        expect(out.length > 0);
    }
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
    record.size = (offset + 7) / 8 * 8;
    if (take(&input, 16) == 1)
        record.size = take(&input, STRUCT_MAX);
    if (cairn_record_table_check(&record, &error) == 0)
        use(&record, &arena);
    else
        expect(error.code == CAIRN_BUG);
    cairn_arena_close(&arena);
    return 0;
}
