/* test_record.c - tests field tables: JSON in, JSON out, checks, schema. */
#include "../support/support.h"

#include "record/json.h"

#include <string.h>

struct part {
    const char *name;
    int64_t count;
};
struct parts CAIRN_LIST(struct part);

struct whole {
    int64_t number;
    bool flag;
    const char *text;
    struct cairn_uuid id;
    struct cairn_time at;
    struct cairn_day day;
    struct cairn_money price;
    enum colour { RED = 1, GREEN } colour;
    struct part best;
    struct parts parts;
    const char *note;
};

static const char *const colours[] = {NULL, "red", "green"};

CAIRN_RECORD(part, CAIRN_FIELD(part, name, .max_bytes = 5),
             CAIRN_FIELD(part, count, CAIRN_RANGE(1, 9)));
CAIRN_RECORD(whole, CAIRN_FIELD(whole, number), CAIRN_FIELD(whole, flag), CAIRN_FIELD(whole, text),
             CAIRN_FIELD(whole, id), CAIRN_FIELD(whole, at), CAIRN_FIELD(whole, day),
             CAIRN_FIELD(whole, price), CAIRN_ENUM_FIELD(whole, colour, colours),
             CAIRN_NESTED_FIELD(whole, best, part),
             CAIRN_LIST_FIELD(whole, parts, part, .min_count = 1, .max_count = 3),
             CAIRN_FIELD(whole, note, .optional = true));

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
    assert_int_equal(whole.price.minor, 1999);
    assert_int_equal(whole.parts.count, 2);
    assert_string_equal(whole.parts.items[1].name, "c");
    assert_null(whole.note);
    assert_string_equal(encode(*state, &whole_record, &whole), whole_json);
    assert_int_equal(cairn_record_check(&whole_record, &whole, &error), 0);
}

struct stay {
    struct cairn_time at;
    struct cairn_day from;
    struct cairn_time left_at;
    struct cairn_day until;
};
CAIRN_RECORD(stay, CAIRN_FIELD(stay, at), CAIRN_FIELD(stay, from),
             CAIRN_FIELD(stay, left_at, .optional = true),
             CAIRN_FIELD(stay, until, .optional = true));

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

struct gap {
    int64_t first;
    const char *forgotten;
    int64_t last;
};
CAIRN_RECORD(gap, CAIRN_FIELD(gap, first), CAIRN_FIELD(gap, last));

struct tail {
    int64_t first;
    const char *forgotten;
};
CAIRN_RECORD(tail, CAIRN_FIELD(tail, first));

struct nameless {
    enum colour colour;
};
static const char *const holes[] = {NULL, NULL, "green"};
CAIRN_RECORD(nameless, CAIRN_ENUM_FIELD(nameless, colour, holes));

struct stray {
    int64_t first;
};
CAIRN_RECORD(stray, CAIRN_FIELD(tail, first));

static void a_table_that_leaves_a_member_out_is_found(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(cairn_record_table_check(&whole_record, &error), 0);
    assert_int_equal(cairn_record_table_check(&gap_record, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "before `last`"));
    assert_int_equal(cairn_record_table_check(&tail_record, NULL), -CAIRN_BUG);
    assert_int_equal(cairn_record_table_check(&nameless_record, NULL), -CAIRN_BUG);
    error = (struct cairn_error){0};
    assert_int_equal(cairn_record_table_check(&stray_record, &error), -CAIRN_BUG);
    assert_string_equal(error.message,
                        "the table of struct stray has a field of struct tail: `first`");
}

static void a_table_made_by_hand_is_held_to_its_kinds(void **state)
{
    (void)state;
    struct cairn_field field = stray_record.fields[0];
    struct cairn_record made = stray_record;
    made.fields = &field;
    field.of = "stray";
    assert_int_equal(cairn_record_table_check(&made, NULL), 0);
    field.size = 0;
    assert_int_equal(cairn_record_table_check(&made, NULL), -CAIRN_BUG);
    field.size = 4;
    assert_int_equal(cairn_record_table_check(&made, NULL), -CAIRN_BUG);
    field.size = 8;
    field.offset = UINT32_MAX - 7;
    assert_int_equal(cairn_record_table_check(&made, NULL), -CAIRN_BUG);
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

struct formats {
    const char *email;
    const char *currency;
    const char *token;
};
CAIRN_RECORD(formats, CAIRN_FIELD(formats, email, .format = CAIRN_FORMAT_EMAIL),
             CAIRN_FIELD(formats, currency, .format = CAIRN_FORMAT_CURRENCY),
             CAIRN_FIELD(formats, token, .format = CAIRN_FORMAT_TOKEN));

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
        cmocka_unit_test(a_table_that_leaves_a_member_out_is_found),
        cmocka_unit_test(a_table_made_by_hand_is_held_to_its_kinds),
        cmocka_unit_test(the_schema_says_what_strict_decoding_wants),
        cmocka_unit_test(formats_are_held),
    };
    return cmocka_run_group_tests_name("record", tests, setup, teardown);
}
