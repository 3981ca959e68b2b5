/* test_record.c - tests field tables: JSON in, JSON out, checks, schema. */
#include "../support/support.h"

#include "record/json.h"

#include <string.h>

CAIRN_STRUCT(part, TEXT(name, .max_bytes = 5), INT(count, CAIRN_RANGE(1, 9)));

CAIRN_ENUM(colour, (RED, "red"), (GREEN, "green"));
CAIRN_STRUCT(whole, INT(number), BOOL(flag), TEXT(text), UUID(id), TIME(at), DAY(day), MONEY(price),
             ENUM(colour, colour), RECORD(best, part),
             LIST(parts, part, .min_count = 1, .max_count = 3), TEXT(note, .optional = true));

static const char whole_json[] =
    "{\"number\":-42,\"flag\":true,\"text\":\"caf\xC3\xA9 \\\"x\\\"\\n\","
    "\"id\":\"01890000-0000-7000-8000-0000000000ff\",\"at\":\"2026-11-21T07:00:00.123456Z\","
    "\"day\":\"2026-11-21\",\"price\":{\"amount\":1999,\"currency\":\"EUR\"},\"colour\":\"green\","
    "\"best\":{\"name\":\"a\",\"count\":1},\"parts\":[{\"name\":\"b\",\"count\":2},"
    "{\"name\":\"c\",\"count\":3}],\"note\":null}";

static int setup(void **state)
{
    static struct cairn_arena arena;
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    cairn_arena_close(*state);
    return 0;
}

static int decode(struct cairn_arena *arena, const struct cairn_record *record, const char *json,
                  enum cairn_strictness strictness, void *ret, struct cairn_error *error)
{
    *error = (struct cairn_error){0};
    return cairn_record_decode(record, json, strlen(json), strictness, arena, ret, error);
}

static const char *encode(struct cairn_arena *arena, const struct cairn_record *record,
                          const void *value)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_record_encode(record, value, &out);
    return out.text;
}

static void every_kind_goes_there_and_back(void **state)
{
    struct whole whole;
    struct cairn_error error;
    assert_int_equal(decode(*state, &whole_record, whole_json, CAIRN_STRICT, &whole, &error), 0);
    assert_int_equal(whole.number, -42);
    assert_true(whole.flag);
    assert_string_equal(whole.text, "caf\xC3\xA9 \"x\"\n");
    assert_int_equal(whole.colour, GREEN);
    assert_int_equal(RED, 1); /* a zeroed one is visibly unset */
    assert_int_equal(whole.price.minor, 1999);
    assert_int_equal(whole.parts.count, 2);
    assert_string_equal(whole.parts.items[1].name, "c");
    assert_null(whole.note);
    assert_string_equal(encode(*state, &whole_record, &whole), whole_json);
    assert_int_equal(cairn_record_check(&whole_record, &whole, &error), 0);
}

CAIRN_STRUCT(stay, TIME(at), DAY(from), TIME(left_at, .optional = true),
             DAY(until, .optional = true));

static void every_time_and_day_is_told_from_an_absent_one(void **state)
{
    static const char *const texts[] = {
        "{\"at\":\"1970-01-01T00:00:00.000000Z\",\"from\":\"1970-01-01\","
        "\"left_at\":\"1970-01-01T00:00:00.000000Z\",\"until\":\"1970-01-01\"}",
        "{\"at\":\"0001-01-01T00:00:00.000000Z\",\"from\":\"0001-01-01\","
        "\"left_at\":\"0001-01-01T00:00:00.000000Z\",\"until\":\"0001-01-01\"}",
        "{\"at\":\"9999-12-31T23:59:59.999999Z\",\"from\":\"9999-12-31\","
        "\"left_at\":null,\"until\":null}",
    };
    struct cairn_error error;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct stay stay;
        assert_int_equal(decode(*state, &stay_record, texts[i], CAIRN_STRICT, &stay, &error), 0);
        assert_int_equal(cairn_record_check(&stay_record, &stay, &error), 0);
        assert_string_equal(encode(*state, &stay_record, &stay), texts[i]);
    }
    assert_int_equal(cairn_record_check(&stay_record, &(struct stay){0}, &error), -CAIRN_INVALID);
}

static void all_wrong_fields_are_named_at_once(void **state)
{
    struct whole whole;
    struct cairn_error error;
    const char *json =
        "{\"number\":\"1\",\"flag\":1,\"text\":\"\",\"id\":\"nope\",\"at\":\"today\","
        "\"day\":\"2026-02-30\",\"price\":{\"amount\":1},\"colour\":\"blue\","
        "\"best\":{\"name\":\"toolong\",\"count\":10},"
        "\"parts\":[{\"name\":\"b\",\"count\":0}],\"a/b~c\":1}";
    assert_int_equal(decode(*state, &whole_record, json, CAIRN_STRICT, &whole, &error),
                     -CAIRN_INVALID);
    static const char *const pointers[] = {
        "/number",    "/flag",       "/text",          "/id",
        "/at",        "/day",        "/price",         "/colour",
        "/best/name", "/best/count", "/parts/0/count", "/a~1b~0c"};
    assert_int_equal(error.wrong_count, sizeof pointers / sizeof pointers[0]);
    for (size_t i = 0; i < error.wrong_count; i++)
        assert_string_equal(error.wrong[i].pointer, pointers[i]);
}

static void missing_and_null_fields_are_told_apart(void **state)
{
    struct part part;
    struct cairn_error error;
    assert_int_equal(decode(*state, &part_record, "{\"name\":null}", CAIRN_STRICT, &part, &error),
                     -CAIRN_INVALID);
    assert_string_equal(error.wrong[0].message, "must not be null");
    assert_string_equal(error.wrong[1].message, "is missing");
}

static void what_is_not_json_is_malformed(void **state)
{
    static const char *const texts[] = {
        "{",
        "[]",
        "42",
        "{\"name\":\"a\",\"name\":\"b\",\"count\":1}",
        "{\"name\":\"\\u0000\",\"count\":1}",
        "{\"name\":\"\\ud800\",\"count\":1}",
        "{\"name\":\"\xFF\",\"count\":1}",
        "{\"name\":\"\xED\xA0\x80\",\"count\":1}",
        "{\"name\":\"a\",\"count\":9223372036854775808}",
        "{\"name\":\"a\",\"count\":1} x",
        "{\"name\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],\"count\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct part part;
        struct cairn_error error;
        assert_int_equal(decode(*state, &part_record, texts[i], CAIRN_STRICT, &part, &error),
                         -CAIRN_MALFORMED);
        assert_true(error.message[0] != '\0');
    }
}

static void empty_text_is_an_empty_object(void **state)
{
    struct part part;
    struct cairn_error error;
    assert_int_equal(decode(*state, &part_record, "", CAIRN_STRICT, &part, &error), -CAIRN_INVALID);
    assert_int_equal(error.wrong_count, 2);
}

static void stored_events_are_read_leniently(void **state)
{
    struct part part;
    struct cairn_error error;
    const char *json = "{\"name\":\"longer than five\",\"count\":1000,\"added_later\":true}";
    assert_int_equal(decode(*state, &part_record, json, CAIRN_STRICT, &part, &error),
                     -CAIRN_INVALID);
    assert_int_equal(error.wrong_count, 3);
    assert_int_equal(decode(*state, &part_record, json, CAIRN_LENIENT, &part, &error), 0);
    assert_int_equal(part.count, 1000);
}

static void an_id_may_come_with_the_body(void **state)
{
    struct part part;
    struct cairn_error error = {0};
    struct cairn_uuid id = {{0}};
    const char *json =
        "{\"part_id\":\"01890000-0000-7000-8000-000000000001\",\"name\":\"a\",\"count\":1}";
    assert_int_equal(cairn_record_decode_with_id(&part_record, "part_id", json, strlen(json),
                                                 *state, &part, &id, &error),
                     0);
    assert_true(cairn_uuid_equal(id, CAIRN_UUID("01890000-0000-7000-8000-000000000001")));
    json = "{\"part_id\":7,\"name\":\"a\",\"count\":1}";
    assert_int_equal(cairn_record_decode_with_id(&part_record, "part_id", json, strlen(json),
                                                 *state, &part, &id, &error),
                     -CAIRN_INVALID);
    assert_string_equal(error.wrong[0].pointer, "/part_id");
}

static void values_made_by_code_are_held_against_the_table(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct part part = {.name = "a", .count = 1};
    assert_int_equal(cairn_record_check(&part_record, &part, &error), 0);
    part = (struct part){.name = NULL, .count = 10};
    assert_int_equal(cairn_record_check(&part_record, &part, &error), -CAIRN_INVALID);
    assert_int_equal(error.wrong_count, 2);
    error = (struct cairn_error){0};
    part = (struct part){.name = "\xC3", .count = 1};
    assert_int_equal(cairn_record_check(&part_record, &part, &error), -CAIRN_INVALID);
    assert_string_equal(error.wrong[0].message, "is not UTF-8");
}

static void a_copy_owns_what_it_points_to(void **state)
{
    char name[] = "abc";
    struct part items[] = {{name, 1}};
    struct whole whole = {.text = name, .parts = {items, 1}, .best = {name, 2}};
    struct whole copy;
    cairn_record_copy(&whole_record, &whole, &copy, *state);
    memset(name, 'x', 3);
    items[0].count = 9;
    assert_string_equal(copy.text, "abc");
    assert_string_equal(copy.best.name, "abc");
    assert_string_equal(copy.parts.items[0].name, "abc");
    assert_int_equal(copy.parts.items[0].count, 1);
}

/* ---- tables ---- */

CAIRN_STRUCT(empty);

static void a_table_has_every_member_in_the_order_of_the_struct(void **state)
{
    (void)state;
    static const char *const names[] = {"number", "flag",   "text", "id",    "at",  "day",
                                        "price",  "colour", "best", "parts", "note"};
    struct cairn_error error = {0};
    uint32_t end = 0;
    assert_int_equal(whole_record.count, sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < whole_record.count; i++) {
        const struct cairn_field *field = &whole_record.fields[i];
        assert_string_equal(field->name, names[i]);
        assert_true(field->offset >= end);
        end = field->offset + field->size;
    }
    assert_int_equal(end, sizeof(struct whole));
    assert_string_equal(whole_record.name, "whole");
    assert_int_equal(whole_record.size, sizeof(struct whole));
    assert_int_equal(whole_record.align, _Alignof(struct whole));
    assert_int_equal(cairn_record_table_check(&whole_record, &error), 0);
}

static void a_struct_may_have_no_fields(void **state)
{
    struct empty empty;
    struct cairn_error error = {0};
    assert_int_equal(empty_record.count, 0);
    assert_int_equal(cairn_record_table_check(&empty_record, &error), 0);
    assert_int_equal(decode(*state, &empty_record, "{}", CAIRN_STRICT, &empty, &error), 0);
    assert_int_equal(cairn_record_check(&empty_record, &empty, &error), 0);
    assert_string_equal(encode(*state, &empty_record, &empty), "{}");
    assert_int_equal(decode(*state, &empty_record, "{\"a\":1}", CAIRN_STRICT, &empty, &error),
                     -CAIRN_INVALID);
}

CAIRN_ENUM(holed, (HOLED_NAMELESS, NULL), (HOLED_GREEN, "green"));
CAIRN_STRUCT(nameless, ENUM(colour, holed));
CAIRN_STRUCT(crowd, LIST(all, nameless));

static void an_enum_value_without_a_name_is_found(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(cairn_record_table_check(&nameless_record, &error), -CAIRN_BUG);
    assert_non_null(
        strstr(error.message, "struct nameless: the field colour has a value without a name"));
    error = (struct cairn_error){0};
    assert_int_equal(cairn_record_table_check(&crowd_record, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "struct nameless: the field colour has a value"));
}

static void a_table_made_by_hand_may_not_name_a_field_twice(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    const struct cairn_field twice[] = {part_record.fields[1], part_record.fields[1]};
    struct cairn_record made = part_record;
    made.fields = twice;
    assert_int_equal(cairn_record_table_check(&made, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "struct part: the field count is declared twice"));
}

CAIRN_STRUCT(number, INT(first));

static void a_table_made_by_hand_is_held_to_its_kinds(void **state)
{
    (void)state;
    struct cairn_field field = number_record.fields[0];
    struct cairn_record made = number_record;
    made.fields = &field;
    assert_int_equal(cairn_record_table_check(&made, NULL), 0);
    field.size = 0;
    assert_int_equal(cairn_record_table_check(&made, NULL), -CAIRN_BUG);
    field.size = 4;
    assert_int_equal(cairn_record_table_check(&made, NULL), -CAIRN_BUG);
    field.size = 8;
    field.offset = UINT32_MAX - 7;
    assert_int_equal(cairn_record_table_check(&made, NULL), -CAIRN_BUG);
}

/* Each file that includes a declaration has a table of its own. */
static void tables_of_one_struct_are_the_same(void **state)
{
    (void)state;
    const struct cairn_field backwards[] = {part_record.fields[1], part_record.fields[0]};
    struct cairn_record of_another_file = part_record;
    assert_true(cairn_record_same(&part_record, &part_record));
    assert_true(cairn_record_same(&part_record, &of_another_file));
    assert_false(cairn_record_same(&part_record, &whole_record));
    of_another_file.name = "other";
    assert_false(cairn_record_same(&part_record, &of_another_file));
    of_another_file = part_record;
    of_another_file.fields = backwards;
    assert_false(cairn_record_same(&part_record, &of_another_file));
}

static void the_schema_says_what_strict_decoding_wants(void **state)
{
    struct cairn_buffer out = cairn_buffer(*state);
    cairn_record_schema(&part_record, NULL, &out);
    assert_string_equal(
        out.text,
        "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":1,"
        "\"maxLength\":5},\"count\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9}},"
        "\"required\":[\"name\",\"count\"],\"additionalProperties\":false}");
}

/* ---- formats ---- */

CAIRN_STRUCT(formats, TEXT(email, .format = CAIRN_FORMAT_EMAIL),
             TEXT(currency, .format = CAIRN_FORMAT_CURRENCY),
             TEXT(token, .format = CAIRN_FORMAT_TOKEN));

static unsigned wrong_formats(const char *email, const char *currency, const char *token)
{
    struct cairn_error error = {0};
    const struct formats formats = {email, currency, token};
    (void)!cairn_record_check(&formats_record, &formats, &error);
    return error.wrong_count;
}

static void formats_are_held(void **state)
{
    (void)state;
    assert_int_equal(wrong_formats("ada@example.com", "EUR", "tok_visa-1.x"), 0);
    static const char *const emails[] = {"ada",       "@example.com", "ada@",       "ada@example",
                                         "a b@x.org", "ada@-x.org",   "ada@x..org", "a@b@c.org"};
    for (size_t i = 0; i < sizeof emails / sizeof emails[0]; i++)
        assert_int_equal(wrong_formats(emails[i], "EUR", "t"), 1);
    assert_int_equal(wrong_formats("a@b.c", "eur", "t"), 1);
    assert_int_equal(wrong_formats("a@b.c", "EURO", "t"), 1);
    assert_int_equal(wrong_formats("a@b.c", "EUR", "a b"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_goes_there_and_back),
        cmocka_unit_test(every_time_and_day_is_told_from_an_absent_one),
        cmocka_unit_test(all_wrong_fields_are_named_at_once),
        cmocka_unit_test(missing_and_null_fields_are_told_apart),
        cmocka_unit_test(what_is_not_json_is_malformed),
        cmocka_unit_test(empty_text_is_an_empty_object),
        cmocka_unit_test(stored_events_are_read_leniently),
        cmocka_unit_test(an_id_may_come_with_the_body),
        cmocka_unit_test(values_made_by_code_are_held_against_the_table),
        cmocka_unit_test(a_copy_owns_what_it_points_to),
        cmocka_unit_test(a_table_has_every_member_in_the_order_of_the_struct),
        cmocka_unit_test(a_struct_may_have_no_fields),
        cmocka_unit_test(an_enum_value_without_a_name_is_found),
        cmocka_unit_test(a_table_made_by_hand_may_not_name_a_field_twice),
        cmocka_unit_test(a_table_made_by_hand_is_held_to_its_kinds),
        cmocka_unit_test(tables_of_one_struct_are_the_same),
        cmocka_unit_test(the_schema_says_what_strict_decoding_wants),
        cmocka_unit_test(formats_are_held),
    };
    return cmocka_run_group_tests_name("record", tests, setup, teardown);
}
