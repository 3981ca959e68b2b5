/* test_kinds.c - the kinds of fields beyond the plain ones: decimals, durations, lists of scalars,
 * maps of texts, optional values, records behind pointers, enums that gain values. */
#include "../support/support.h"

#include "core/containers/arena.h"
#include "record/json.h"

#include <cairn/json.h>

#include <stdlib.h>
#include <string.h>

CAIRN_ENUM(colour, (RED, "red"), (OTHER_COLOUR, "other"));
CAIRN_STRUCT(place, TEXT(city, .max_bytes = 20), DECIMAL(height, 1));
CAIRN_STRUCT(address, TEXT(street), RECORD(place, place));
CAIRN_STRUCT(all_kinds, DECIMAL(price, 2, CAIRN_RANGE(0, 100000)),
             DURATION(stay, CAIRN_RANGE(CAIRN_MINUTES(1), CAIRN_HOURS(48))),
             TEXTS(tags, .max_count = 3, .max_bytes = 5), INTS(numbers, CAIRN_RANGE(1, 9)),
             UUIDS(ids), DAYS(days), TEXT_MAP(labels, .max_count = 2, .max_bytes = 8),
             OPTIONAL_INT(discount, CAIRN_RANGE(0, 50)), OPTIONAL_BOOL(sure),
             OPTIONAL_DECIMAL(rate, 3), OPTIONAL_DURATION(rest), OPTIONAL_RECORD(home, address),
             RECORD(work, address), ENUM(colour, colour, .fallback = OTHER_COLOUR));

#define ID "01890000-0000-7000-8000-000000000001"
#define WORK "\"work\":{\"street\":\"b\",\"place\":{\"city\":\"c\",\"height\":\"-0.5\"}}"
static const char whole[] =
    "{\"price\":\"12.50\",\"stay\":\"PT36H\",\"tags\":[\"a\",\"b\"],\"numbers\":[1,9],\"ids\":[\"" ID
    "\"],\"days\":[\"2026-11-29\"],\"labels\":{\"z\":\"1\",\"a\":\"\"},\"discount\":0,\"sure\":false,"
    "\"rate\":\"0.125\",\"rest\":\"PT1M30.5S\",\"home\":{\"street\":\"x\",\"place\":{\"city\":\"y\","
    "\"height\":\"8848.9\"}}," WORK ",\"colour\":\"red\"}";
static const char bare[] =
    "{\"price\":\"0.00\",\"stay\":\"PT1M\",\"tags\":[],\"numbers\":[],\"ids\":[],\"days\":[],"
    "\"labels\":{},\"discount\":null,\"sure\":null,\"rate\":null,\"rest\":null,\"home\":null," WORK
    ",\"colour\":\"other\"}";

static struct cairn_arena arena;

static int teardown(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static int read_as(enum cairn_strictness strictness, const char *json, struct all_kinds *ret,
                   struct cairn_error *error)
{
    cairn_error_reset(error);
    return cairn_record_decode(&all_kinds_record, json, strlen(json), strictness, &arena, ret,
                               error);
}

static const char *write_json(const struct all_kinds *value)
{
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_record_encode(&all_kinds_record, value, &out);
    return out.text;
}

static void every_kind_is_read_and_written_as_the_same_text(void **state)
{
    (void)state;
    const char *const texts[] = {whole, bare};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct all_kinds value;
        struct cairn_error error = {0};
        assert_int_equal(read_as(CAIRN_STRICT, texts[i], &value, &error), 0);
        assert_string_equal(write_json(&value), texts[i]);
        assert_int_equal(cairn_record_check(&all_kinds_record, &value, &error), 0);
    }
}

static void zero_is_told_from_nothing(void **state)
{
    (void)state;
    struct all_kinds some;
    struct all_kinds none;
    struct cairn_error error = {0};
    assert_int_equal(read_as(CAIRN_STRICT, whole, &some, &error), 0);
    assert_int_equal(read_as(CAIRN_STRICT, bare, &none, &error), 0);
    assert_true(some.discount.is_set && some.discount.value == 0);
    assert_true(some.sure.is_set && !some.sure.value);
    assert_int_equal(some.rate.value.units, 125);
    assert_int_equal(some.rest.value.us, 90500000);
    assert_string_equal(some.home->place.city, "y");
    assert_false(none.discount.is_set || none.sure.is_set || none.rate.is_set || none.rest.is_set);
    assert_null(none.home);
}

/* A copy points into its own block only: the original is overwritten. */
static void a_copy_owns_all_that_it_points_to(void **state)
{
    (void)state;
    struct all_kinds value;
    struct cairn_error error = {0};
    struct cairn_arena first = {0};
    assert_int_equal(cairn_record_decode(&all_kinds_record, whole, strlen(whole), CAIRN_STRICT,
                                         &first, &value, &error),
                     0);
    struct all_kinds copy;
    cairn_record_copy(&all_kinds_record, &value, &copy, &arena);
    void *block = cairn_allocate(cairn_record_bytes(&all_kinds_record, &value));
    cairn_record_pack(&all_kinds_record, &value, block);
    cairn_arena_close(&first);
    assert_string_equal(write_json(&copy), whole);
    assert_string_equal(write_json(block), whole);
    free(block);
}

/* Replaces the value of a member of `bare`, and expects what is said about it. */
static void is_refused(const char *member, const char *value, const char *pointer,
                       const char *message)
{
    struct all_kinds ret;
    struct cairn_error error = {0};
    struct cairn_buffer json = cairn_buffer(&arena);
    const char *at = strstr(bare, cairn_print(&arena, "\"%s\":", member));
    assert_non_null(at);
    at += strlen(member) + 3;
    cairn_buffer_bytes(&json, bare, (size_t)(at - bare));
    cairn_buffer_text(&json, value);
    at += *at == '[' || *at == '{' ? 2 : strcspn(at, ",}");
    cairn_buffer_text(&json, at);
    assert_int_equal(read_as(CAIRN_STRICT, json.text, &ret, &error), -CAIRN_INVALID);
    assert_string_equal(error.wrong[0].pointer, pointer);
    assert_string_equal(error.wrong[0].message, message);
}

static void each_kind_says_what_it_wants(void **state)
{
    (void)state;
    static const char decimal[] =
        "must be a decimal in quotes, with at most 2 digits after the point";
    static const char *const no_decimals[] = {"12.5",    "\"1.255\"", "\"\"",
                                              "\"1e3\"", "\"01\"",    "\".5\"",
                                              "\"5.\"",  "\"--1\"",   "\"99999999999999999\""};
    for (size_t i = 0; i < sizeof no_decimals / sizeof no_decimals[0]; i++)
        is_refused("price", no_decimals[i], "/price", decimal);
    is_refused("price", "\"1000.01\"", "/price", "must be from 0.00 to 1000.00");
    is_refused("price", "\"-0.01\"", "/price", "must be from 0.00 to 1000.00");

    static const char *const no_durations[] = {
        "15",         "\"15m\"",    "\"P\"",     "\"PT\"",           "\"P1M\"",  "\"P1Y\"",
        "\"PT1S1M\"", "\"PT1.5M\"", "\"-PT1M\"", "\"PT1.1234567S\"", "\"P1DT\"", "\"PT1D\""};
    for (size_t i = 0; i < sizeof no_durations / sizeof no_durations[0]; i++)
        is_refused("stay", no_durations[i], "/stay", "must be a duration such as PT15M or P1DT12H");
    is_refused("stay", "\"PT59S\"", "/stay", "must be from PT1M to PT48H");

    is_refused("tags", "[\"a\",\"b\",\"c\",\"d\"]", "/tags", "must have at most 3 items");
    is_refused("tags", "[\"a\",\"bbbbbb\"]", "/tags/1", "must be at most 5 bytes long");
    is_refused("tags", "[\"\"]", "/tags/0", "must not be empty");
    is_refused("tags", "{}", "/tags", "must be a list");
    is_refused("numbers", "[1,10]", "/numbers/1", "must be from 1 to 9");
    is_refused("ids", "[\"1\"]", "/ids/0", "must be a uuid");
    is_refused("days", "[\"2026-02-30\"]", "/days/0", "must be a day such as 2026-11-21");
    is_refused("labels", "[]", "/labels", "must be an object of texts");
    is_refused("labels", "{\"a\":1}", "/labels/a", "must be a string");
    is_refused("labels", "{\"a\":\"123456789\"}", "/labels/a", "must be at most 8 bytes long");
    is_refused("labels", "{\"\":\"1\"}", "/labels/", "is a key of 0 or of more than 8 bytes");
    is_refused("labels", "{\"a\":\"\",\"b\":\"\",\"c\":\"\"}", "/labels",
               "must have at most 2 items");
    is_refused("discount", "51", "/discount", "must be from 0 to 50");
    is_refused("sure", "1", "/sure", "must be true or false");
    is_refused("home", "{\"street\":\"x\"}", "/home/place", "is missing");
    is_refused("colour", "\"blue\"", "/colour", "must be one of: red, other");
}

/* A stored event of a later release may have a value that this one does not know. */
static void an_unknown_value_in_stored_data_falls_back(void **state)
{
    (void)state;
    struct all_kinds value;
    struct cairn_error error = {0};
    const char *json = cairn_print(&arena, "%.*s\"blue\"}", (int)(strlen(bare) - 8), bare);
    assert_int_equal(read_as(CAIRN_LENIENT, json, &value, &error), 0);
    assert_int_equal(value.colour, OTHER_COLOUR);
}

static void a_currency_is_three_capital_letters_whatever_its_length(void **state)
{
    (void)state;
    CAIRN_STRUCT(price, TEXT(currency, CAIRN_CURRENCY));
    static const char *const wrong[] = {"euros", "eu", "eur", "E R"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct price value;
        struct cairn_error error = {0};
        const char *json = cairn_print(&arena, "{\"currency\":\"%s\"}", wrong[i]);
        assert_int_equal(cairn_record_decode(&price_record, json, strlen(json), CAIRN_STRICT,
                                             &arena, &value, &error),
                         -CAIRN_INVALID);
        assert_string_equal(error.wrong[0].message, "must be a currency, three capital letters");
    }
}

/* The values that code makes are checked as those of requests are. */
static void a_value_made_by_code_is_checked(void **state)
{
    (void)state;
    struct all_kinds value;
    struct cairn_error error = {0};
    static const struct cairn_text_pair twice[] = {{"a", "1"}, {"a", "2"}};
    static const char *const tags[] = {"a", NULL};
    assert_int_equal(read_as(CAIRN_STRICT, bare, &value, &error), 0);
    value.price.units = -1;
    value.stay.us = 1;
    value.labels = (struct cairn_text_map){twice, 2};
    value.tags = (struct cairn_text_list){tags, 2};
    value.discount = (struct cairn_optional_int)CAIRN_SOME(99);
    assert_int_equal(cairn_record_check(&all_kinds_record, &value, &error), -CAIRN_INVALID);
    static const char *const pointers[] = {"/price", "/stay", "/tags/1", "/labels/a", "/discount"};
    assert_int_equal(error.wrong_count, sizeof pointers / sizeof pointers[0]);
    for (size_t i = 0; i < error.wrong_count; i++)
        assert_string_equal(error.wrong[i].pointer, pointers[i]);
}

static void the_example_is_valid_and_the_schema_names_every_kind(void **state)
{
    (void)state;
    struct all_kinds value;
    struct cairn_error error = {0};
    struct cairn_buffer example = cairn_buffer(&arena);
    struct cairn_buffer schema = cairn_buffer(&arena);
    cairn_record_example(&all_kinds_record, NULL, &example);
    assert_int_equal(read_as(CAIRN_STRICT, example.text, &value, &error), 0);
    cairn_record_schema(&all_kinds_record, NULL, &schema);
    static const char *const parts[] = {
        "\"price\":{\"type\":\"string\",\"pattern\":\"^-?(0|[1-9][0-9]*)([.][0-9]{1,2})?$\"}",
        "\"stay\":{\"type\":\"string\",\"format\":\"duration\"}",
        "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":5}",
        "\"labels\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"",
        "\"discount\":{\"type\":[\"integer\",\"null\"],\"minimum\":0,\"maximum\":50}",
        "\"home\":{\"anyOf\":[{\"type\":\"object\"",
        ("\"required\":[\"price\",\"stay\",\"tags\",\"numbers\",\"ids\",\"days\",\"labels\",\"work\","
         "\"colour\"]"),
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!strstr(schema.text, parts[i]))
            fail_msg("no %s in %s", parts[i], schema.text);
    }
}

/* ---- lists that grow (memory.h) ---- */

CAIRN_STRUCT(cart, LIST(places, place), INTS(numbers), TEXTS(names));

static void a_list_grows_is_searched_changed_and_shortened(void **state)
{
    (void)state;
    struct cart cart = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    CAIRN_APPEND(&arena, cart.places, .city = "a", .height.units = 1);
    CAIRN_APPEND(&arena, cart.places, .city = "b", .height.units = 2);
    CAIRN_ADD(&arena, cart.numbers, 7);
    CAIRN_ADD(&arena, cart.names, "x");
    CAIRN_APPEND(&arena, cart.places, .city = "c", .height.units = 3);
    assert_int_equal(cart.places.count, 3);
    assert_int_equal(cart.numbers.items[0], 7);
    assert_string_equal(cart.names.items[0], "x");
    const struct place *b = CAIRN_FIND(cart.places, city, "b");
    assert_ptr_equal(b, &cart.places.items[1]);
    assert_null(CAIRN_FIND(cart.places, city, "d"));

    struct cart before = cart;
    assert_null(CAIRN_EDIT(&arena, cart.places, CAIRN_FIND(cart.places, city, "Nowhere")));
    struct place *edited = CAIRN_EDIT(&arena, cart.places, b);
    assert_true(_Generic(CAIRN_EDIT(&arena, cart.places, b), struct place *
                         : true, default
                         : false));
    edited->height.units = 20;
    size_t count = cart.places.count;
    CAIRN_REMOVE(&arena, cart.places, CAIRN_FIND(cart.places, city, "Nowhere"));
    assert_int_equal(cart.places.count, count);
    CAIRN_REMOVE(&arena, cart.places, &cart.places.items[0]);
    assert_int_equal(cart.places.count, 2);
    assert_int_equal(cart.places.items[0].height.units, 20);
    assert_int_equal(before.places.items[1].height.units, 2);
    int64_t sum = 0;
    CAIRN_FOR_EACH (place, cart.places)
        sum += place->height.units;
    assert_int_equal(sum, 23);
}

/* Two lists that share their beginning do not overwrite each other's next item. */
static void lists_that_share_items_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct cart one = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    CAIRN_ADD(&arena, one.numbers, 1);
    struct cart two = one;
    CAIRN_ADD(&arena, one.numbers, 2);
    CAIRN_ADD(&arena, two.numbers, 3);
    CAIRN_ADD(&arena, one.numbers, 4);
    assert_int_equal(one.numbers.items[1], 2);
    assert_int_equal(one.numbers.items[2], 4);
    assert_int_equal(two.numbers.items[1], 3);
}

/* An append to the list that was allocated last copies nothing: the memory grows with the items. */
static void appending_many_items_takes_memory_for_those_items_only(void **state)
{
    (void)state;
    struct cairn_arena own = {0};
    struct cairn_int_list numbers = {NULL, 0};
    cairn_arena_reserve(&own, 1 << 17);
    for (int64_t i = 0; i < 10000; i++)
        CAIRN_ADD(&own, numbers, i);
    assert_int_equal(numbers.items[9999], 9999);
    assert_true(cairn_arena_bytes(&own) < (1 << 18));
    cairn_arena_close(&own);
}

static void records_are_written_and_read_as_json(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    struct cairn_text_pair pair = {.key = "a", .value = "b"};
    const char *text = CAIRN_TO_JSON(cairn_text_pair, &pair, &arena, &error);
    assert_string_equal(text, "{\"key\":\"a\",\"value\":\"b\"}");
    struct cairn_text_pair back;
    assert_int_equal(CAIRN_FROM_JSON(cairn_text_pair, &back, text, strlen(text), &arena, &error),
                     0);
    assert_string_equal(back.value, "b");
    pair.value = NULL;
    assert_null(CAIRN_TO_JSON(cairn_text_pair, &pair, &arena, &error));
    assert_string_equal(error.wrong[0].pointer, "/value");
    assert_int_equal(CAIRN_FROM_JSON(cairn_text_pair, &back, "[]", 2, &arena, &error),
                     -CAIRN_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read_and_written_as_the_same_text),
        cmocka_unit_test(zero_is_told_from_nothing),
        cmocka_unit_test(a_copy_owns_all_that_it_points_to),
        cmocka_unit_test(each_kind_says_what_it_wants),
        cmocka_unit_test(an_unknown_value_in_stored_data_falls_back),
        cmocka_unit_test(a_currency_is_three_capital_letters_whatever_its_length),
        cmocka_unit_test(a_value_made_by_code_is_checked),
        cmocka_unit_test(the_example_is_valid_and_the_schema_names_every_kind),
        cmocka_unit_test(a_list_grows_is_searched_changed_and_shortened),
        cmocka_unit_test(lists_that_share_items_do_not_disturb_each_other),
        cmocka_unit_test(records_are_written_and_read_as_json),
        cmocka_unit_test(appending_many_items_takes_memory_for_those_items_only),
    };
    return cmocka_run_group_tests_name("kinds", tests, NULL, teardown);
}
