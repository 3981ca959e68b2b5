/* decode.c - decodes JSON into a record. jansson parses the text; this file walks its tree
 * along the field table and continues after a wrong field, so that a client learns of all
 * errors at once. */
#include "record/json.h"
#include "record/rules.h"

#include <jansson.h>
#include <string.h>

struct walk {
    enum cairn_strictness strictness;
    struct cairn_arena *arena;
    struct cairn_error *error;
    const char *extra; /* accepted member of the outermost object that is no field */
};

static void close_json(json_t **json)
{
    json_decref(*json);
}
#define AUTO_JSON __attribute__((cleanup(close_json))) json_t

static int read_object(struct walk *walk, const struct cairn_record *record, json_t *json,
                       const char *pointer, char *ret);

static int wrong_type(struct walk *walk, const char *pointer, const char *wanted)
{
    return cairn_wrong(walk->error, pointer, "must be %s", wanted);
}

/* ---- plain values ---- */

static int read_integer(struct walk *walk, const struct cairn_field *field, json_t *json,
                        const char *pointer, char *ret)
{
    if (!json_is_integer(json))
        return wrong_type(walk, pointer, "a whole number");
    int64_t value = json_integer_value(json);
    memcpy(ret, &value, sizeof value);
    return walk->strictness == CAIRN_STRICT ? cairn_rule_integer(field, value, pointer, walk->error)
                                            : 0;
}

static int read_bool(struct walk *walk, json_t *json, const char *pointer, char *ret)
{
    if (!json_is_boolean(json))
        return wrong_type(walk, pointer, "true or false");
    bool value = json_is_true(json);
    memcpy(ret, &value, sizeof value);
    return 0;
}

static int read_text(struct walk *walk, const struct cairn_field *field, json_t *json,
                     const char *pointer, char *ret)
{
    if (!json_is_string(json))
        return wrong_type(walk, pointer, "a string");
    const char *text = json_string_value(json);
    size_t bytes = json_string_length(json);
    if (walk->strictness == CAIRN_STRICT &&
        cairn_rule_text(field, text, bytes, pointer, walk->error) < 0)
        return -CAIRN_INVALID;
    const char *copy = cairn_copy_bytes(walk->arena, text, bytes);
    memcpy(ret, &copy, sizeof copy);
    return 0;
}

static int read_enum(struct walk *walk, const struct cairn_field *field, json_t *json,
                     const char *pointer, char *ret)
{
    int value = json_is_string(json) ? cairn_field_enum(field, json_string_value(json)) : 0;
    if (value == 0 && json_is_string(json) && walk->strictness == CAIRN_LENIENT)
        value = field->fallback;
    if (value == 0) {
        struct cairn_buffer names = cairn_buffer(walk->arena);
        for (uint32_t i = 1; i < field->name_count; i++)
            cairn_buffer_print(&names, "%s%s", i > 1 ? ", " : "", field->names[i]);
        return cairn_wrong(walk->error, pointer, "must be one of: %s", names.text);
    }
    memcpy(ret, &value, sizeof value);
    return 0;
}

static int read_uuid(struct walk *walk, json_t *json, const char *pointer, char *ret)
{
    struct cairn_uuid id = {{0}};
    if (!json_is_string(json) || cairn_uuid_parse(json_string_value(json), &id) < 0 ||
        cairn_uuid_is_zero(id))
        return wrong_type(walk, pointer, "a uuid");
    memcpy(ret, &id, sizeof id);
    return 0;
}

static int read_time(struct walk *walk, json_t *json, const char *pointer, char *ret)
{
    struct cairn_time time = {0};
    if (!json_is_string(json) || cairn_time_parse(json_string_value(json), &time) < 0)
        return wrong_type(walk, pointer, "a time such as 2026-11-21T07:00:00Z");
    memcpy(ret, &time, sizeof time);
    return 0;
}

static int read_day(struct walk *walk, json_t *json, const char *pointer, char *ret)
{
    struct cairn_day day = {0};
    if (!json_is_string(json) || cairn_day_parse(json_string_value(json), &day) < 0)
        return wrong_type(walk, pointer, "a day such as 2026-11-21");
    memcpy(ret, &day, sizeof day);
    return 0;
}

static int read_money(struct walk *walk, const struct cairn_field *field, json_t *json,
                      const char *pointer, char *ret)
{
    json_t *amount = json_object_get(json, "amount");
    json_t *currency = json_object_get(json, "currency");
    if (!json_is_integer(amount) || !json_is_string(currency) ||
        (walk->strictness == CAIRN_STRICT && json_object_size(json) != 2))
        return wrong_type(walk, pointer, "{\"amount\": whole number, \"currency\": string}");

    struct cairn_money money = {.minor = json_integer_value(amount)};
    char at[CAIRN_POINTER_SIZE];
    cairn_pointer_member(at, pointer, "currency");
    if (cairn_rule_currency(json_string_value(currency), at, walk->error) < 0)
        return -CAIRN_INVALID;
    memcpy(money.currency, json_string_value(currency), sizeof money.currency);
    memcpy(ret, &money, sizeof money);
    cairn_pointer_member(at, pointer, "amount");
    return walk->strictness == CAIRN_STRICT
               ? cairn_rule_integer(field, money.minor, at, walk->error)
               : 0;
}

static int read_decimal(struct walk *walk, const struct cairn_field *field, json_t *json,
                        const char *pointer, char *ret)
{
    struct cairn_decimal value = {0};
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    if (cairn_decimal_parse(text, field->scale, &value) < 0)
        return cairn_wrong(walk->error, pointer,
                           "must be a decimal in quotes, with at most %d digits after the point",
                           field->scale);
    memcpy(ret, &value, sizeof value);
    return walk->strictness == CAIRN_STRICT ? cairn_rule_decimal(field, value, pointer, walk->error)
                                            : 0;
}

static int read_duration(struct walk *walk, const struct cairn_field *field, json_t *json,
                         const char *pointer, char *ret)
{
    struct cairn_duration value = {0};
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    if (cairn_duration_parse(text, &value) < 0)
        return wrong_type(walk, pointer, "a duration such as PT15M or P1DT12H");
    memcpy(ret, &value, sizeof value);
    return walk->strictness == CAIRN_STRICT
               ? cairn_rule_duration(field, value, pointer, walk->error)
               : 0;
}

/* ---- records inside records ---- */

/* The layout that CAIRN_LIST gives every list. */
struct list CAIRN_LIST(char);

static int read_value(struct walk *walk, const struct cairn_field *field, json_t *json,
                      const char *pointer, char *ret);

static int read_list(struct walk *walk, const struct cairn_field *field, json_t *json,
                     const char *pointer, char *ret)
{
    if (!json_is_array(json))
        return wrong_type(walk, pointer, "a list");
    size_t count = json_array_size(json);
    int failed = 0;
    if (walk->strictness == CAIRN_STRICT)
        failed = cairn_rule_count(field, count, pointer, walk->error);
    if (failed)
        return failed;

    const struct cairn_field item = cairn_field_item(field);
    size_t align = field->record ? field->record->align : _Alignof(int64_t);
    char *items = count ? cairn_arena_alloc(walk->arena, item.size * count, align) : NULL;
    for (size_t i = 0; i < count; i++) {
        char at[CAIRN_POINTER_SIZE];
        cairn_pointer_index(at, pointer, i);
        if (read_value(walk, &item, json_array_get(json, i), at, items + i * item.size) < 0)
            failed = -CAIRN_INVALID;
    }
    struct list list = {.items = items, .count = count};
    memcpy(ret, &list, sizeof list);
    return failed;
}

static int read_map(struct walk *walk, const struct cairn_field *field, json_t *json,
                    const char *pointer, char *ret)
{
    if (!json_is_object(json))
        return wrong_type(walk, pointer, "an object of texts");
    size_t count = json_object_size(json);
    int failed =
        walk->strictness == CAIRN_STRICT ? cairn_rule_count(field, count, pointer, walk->error) : 0;
    if (failed)
        return failed;

    struct cairn_field text = *field;
    text.kind = CAIRN_KIND_TEXT;
    text.optional = true; /* a value may be empty */
    struct cairn_text_pair *pairs = cairn_new(walk->arena, struct cairn_text_pair, count);
    struct cairn_text_map map = {.items = count ? pairs : NULL, .count = count};
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        char at[CAIRN_POINTER_SIZE];
        cairn_pointer_member(at, pointer, key);
        pairs->key = cairn_copy_text(walk->arena, key);
        if (read_text(walk, &text, value, at, (char *)&pairs->value) < 0)
            failed = -CAIRN_INVALID;
        if (!*key || strlen(key) > cairn_field_max_bytes(field))
            failed = cairn_wrong(walk->error, at, "is a key of 0 or of more than %u bytes",
                                 cairn_field_max_bytes(field));
        pairs++;
    }
    memcpy(ret, &map, sizeof map);
    return failed;
}

static int read_value(struct walk *walk, const struct cairn_field *field, json_t *json,
                      const char *pointer, char *ret)
{
    switch (field->kind) {
    case CAIRN_KIND_INTEGER:
        return read_integer(walk, field, json, pointer, ret);
    case CAIRN_KIND_BOOL:
        return read_bool(walk, json, pointer, ret);
    case CAIRN_KIND_TEXT:
        return read_text(walk, field, json, pointer, ret);
    case CAIRN_KIND_UUID:
        return read_uuid(walk, json, pointer, ret);
    case CAIRN_KIND_TIME:
        return read_time(walk, json, pointer, ret);
    case CAIRN_KIND_DAY:
        return read_day(walk, json, pointer, ret);
    case CAIRN_KIND_MONEY:
        return read_money(walk, field, json, pointer, ret);
    case CAIRN_KIND_ENUM:
        return read_enum(walk, field, json, pointer, ret);
    case CAIRN_KIND_NESTED:
        return read_object(walk, field->record, json, pointer, ret);
    case CAIRN_KIND_LIST:
        return read_list(walk, field, json, pointer, ret);
    case CAIRN_KIND_DECIMAL:
        return read_decimal(walk, field, json, pointer, ret);
    case CAIRN_KIND_DURATION:
        return read_duration(walk, field, json, pointer, ret);
    case CAIRN_KIND_TEXT_MAP:
        return read_map(walk, field, json, pointer, ret);
    }
    return cairn_fail(walk->error, CAIRN_BUG, "field %s is of no kind", field->name);
}

static int read_field(struct walk *walk, const struct cairn_field *field, json_t *object,
                      const char *pointer, char *ret)
{
    char at[CAIRN_POINTER_SIZE];
    json_t *json = json_object_get(object, field->name);
    cairn_pointer_member(at, pointer, field->name);
    if (json && !json_is_null(json))
        return read_value(walk, field, json, at,
                          cairn_field_wrap(field, ret + field->offset, walk->arena));
    if (field->optional)
        return 0;
    return cairn_wrong(walk->error, at, json ? "must not be null" : "is missing");
}

static int refuse_unknown(struct walk *walk, const struct cairn_record *record, json_t *object,
                          const char *pointer, const char *extra)
{
    int failed = 0;
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (cairn_record_field(record, name) || (extra && strcmp(name, extra) == 0))
            continue;
        char at[CAIRN_POINTER_SIZE];
        cairn_pointer_member(at, pointer, name);
        failed = cairn_wrong(walk->error, at, "is not a field of this request");
    }
    return failed;
}

static int read_object(struct walk *walk, const struct cairn_record *record, json_t *json,
                       const char *pointer, char *ret)
{
    if (!json_is_object(json))
        return wrong_type(walk, pointer, "an object");
    const char *extra = walk->extra;
    walk->extra = NULL; /* applies to the outermost object only */

    int failed = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        if (read_field(walk, &record->fields[i], json, pointer, ret) < 0)
            failed = -CAIRN_INVALID;
    }
    if (walk->strictness == CAIRN_STRICT && refuse_unknown(walk, record, json, pointer, extra) < 0)
        failed = -CAIRN_INVALID;
    return failed;
}

/* ---- the text ---- */

/* Counts the nesting of brackets before jansson parses them, whose own limit is 2048 levels. */
static int check_depth(const char *json, size_t bytes, struct cairn_error *error)
{
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < bytes; i++) {
        char c = json[i];
        if (in_text) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            if (++depth > CAIRN_DEPTH_MAX)
                return cairn_fail(error, CAIRN_MALFORMED, "nested deeper than %d levels",
                                  CAIRN_DEPTH_MAX);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return 0;
}

static int parse(const char *json, size_t bytes, json_t **ret, struct cairn_error *error)
{
    int failed = check_depth(json, bytes, error);
    if (failed)
        return failed;
    json_error_t wrong = {.line = 0};
    json_t *tree = bytes ? json_loadb(json, bytes, JSON_REJECT_DUPLICATES, &wrong) : json_object();
    if (!tree)
        return cairn_fail(error, CAIRN_MALFORMED, "not JSON: line %d, column %d: %s", wrong.line,
                          wrong.column, wrong.text);
    *ret = tree;
    return 0;
}

static int decode(struct walk *walk, const struct cairn_record *record, json_t *tree, void *ret)
{
    memset(ret, 0, record->size);
    if (!json_is_object(tree))
        return cairn_fail(walk->error, CAIRN_MALFORMED, "not a JSON object");
    return read_object(walk, record, tree, "", ret);
}

int cairn_record_decode(const struct cairn_record *record, const char *json, size_t bytes,
                        enum cairn_strictness strictness, struct cairn_arena *arena, void *ret,
                        struct cairn_error *error)
{
    AUTO_JSON *tree = NULL;
    int failed = parse(json, bytes, &tree, error);
    if (failed)
        return failed;
    struct walk walk = {.strictness = strictness, .arena = arena, .error = error};
    return decode(&walk, record, tree, ret);
}

int cairn_record_decode_with_id(const struct cairn_record *record, const char *id_name,
                                const char *json, size_t bytes, struct cairn_arena *arena,
                                void *ret, struct cairn_uuid *ret_id, struct cairn_error *error)
{
    AUTO_JSON *tree = NULL;
    int failed = parse(json, bytes, &tree, error);
    if (failed)
        return failed;
    struct walk walk = {
        .strictness = CAIRN_STRICT, .arena = arena, .error = error, .extra = id_name};
    failed = decode(&walk, record, tree, ret);

    json_t *id = json_object_get(tree, id_name);
    if (id) {
        char at[CAIRN_POINTER_SIZE];
        cairn_pointer_member(at, "", id_name);
        if (read_uuid(&walk, id, at, (char *)ret_id) < 0)
            failed = -CAIRN_INVALID;
    }
    return failed;
}
