/* test_upcasters.c - tests events of older versions: the chain that lifts them, the errors in it
 * that are found at start, and that deciders and projections see the newest shape only. */
#include "../support/kit.h"

#include "store/events/events.h"
#include "store/store.h"

#include <cairn/decider.h>

#include <stdio.h>
#include <string.h>

/* ---- a domain with a past: a parcel's address was one text, its weight was in pounds ---- */

/* An address is "Street 1, Town". */
CAIRN_STRUCT(parcel_sent_v1, TEXT(address), INT(pounds));
CAIRN_STRUCT(parcel_sent_v2, TEXT(address), INT(grams));
CAIRN_STRUCT(parcel_line, TEXT(text));
CAIRN_STRUCT(parcel_sent, LIST(lines, parcel_line, .min_count = 1), TEXT(label),
             INT(grams, CAIRN_RANGE(1, 9999)));
CAIRN_STRUCT(parcel_lost);

CAIRN_EVENTS(parcel, EVENT(parcel_sent, "ParcelSent", 3, parcel_sent_v1, parcel_sent_v2),
             EVENT(parcel_lost, "ParcelLost", 1));

CAIRN_UPCAST(parcel_sent_v1, parcel_sent_v2)
{
    *ret = (struct parcel_sent_v2){.address = old->address, .grams = old->pounds * 454};
}

CAIRN_UPCAST(parcel_sent_v2, parcel_sent)
{
    const char *comma = strstr(old->address, ", ");
    struct parcel_line *lines = CAIRN_NEW(arena, struct parcel_line, comma ? 2 : 1);
    lines[0].text = old->address;
    if (comma) {
        lines[0].text = cairn_print(arena, "%.*s", (int)(comma - old->address), old->address);
        lines[1].text = comma + 2;
    }
    *ret = (struct parcel_sent){
        .lines = {lines, comma ? 2 : 1},
        .label = cairn_print(arena, "%s (%d lines)", old->address, comma ? 2 : 1),
        .grams = old->grams,
    };
}

/* ---- a decider and a projection ---- */

CAIRN_STRUCT(lose_parcel);
CAIRN_COMMANDS(parcel, COMMAND(lose_parcel, "POST /parcels/{id}/lose"));

CAIRN_STRUCT(parcel, INT(grams));

CAIRN_EVOLVE(parcel, parcel_sent)
{
    self->grams = event->grams;
}

CAIRN_EVOLVE(parcel, parcel_lost)
{
    self->grams = 0;
}

CAIRN_DECIDE(parcel, lose_parcel)
{
    if (self->grams != 908)
        return cairn_refuse(error, "wrong-weight", "it weighs %d g", (int)self->grams);
    CAIRN_EMIT(ret, parcel_lost);
    return 0;
}

CAIRN_DECIDER(parcel, .state_version = 1);

CAIRN_STRUCT(parcels, TEXT(label), TEXT(town, .optional = true));
CAIRN_PROJECTION(parcels, .version = 1);

CAIRN_ON(parcels, parcel, parcel_sent)
{
    row->label = event->label;
    row->town = event->lines.items[event->lines.count - 1].text;
    return CAIRN_KEEP;
}

/* ---- decoding ---- */

static struct cairn_arena arena;

static int teardown(void **state)
{
    (void)state;
    cairn_arena_close(&arena);
    return 0;
}

static int decode(int64_t version, const char *data, struct parcel_sent *ret,
                  struct cairn_error *error)
{
    const struct cairn_stored_event stored = {.stream = "parcel-1",
                                              .position = 7,
                                              .type = "ParcelSent",
                                              .schema_version = version,
                                              .data = data,
                                              .data_bytes = strlen(data)};
    *error = (struct cairn_error){0};
    return cairn_event_decode(&parcel_events.types[0], &stored, &arena, ret, error);
}

static void expect_failure(int64_t version, const char *data, enum cairn_code code,
                           const char *words)
{
    struct cairn_error error;
    struct parcel_sent event;
    assert_int_equal(decode(version, data, &event, &error), -(int)code);
    assert_string_equal(error.message, words);
}

static void every_version_is_decoded_as_the_newest(void **state)
{
    (void)state;
    struct cairn_error error;
    struct parcel_sent event;
    assert_int_equal(
        decode(1, "{\"address\":\"Main Street 1, Town\",\"pounds\":2}", &event, &error), 0);
    assert_int_equal(event.grams, 908);
    assert_int_equal(event.lines.count, 2);
    assert_string_equal(event.lines.items[0].text, "Main Street 1");
    assert_string_equal(event.lines.items[1].text, "Town");
    assert_string_equal(event.label, "Main Street 1, Town (2 lines)");

    assert_int_equal(decode(2, "{\"address\":\"Town\",\"grams\":5}", &event, &error), 0);
    assert_int_equal(event.grams, 5);
    assert_int_equal(event.lines.count, 1);

    assert_int_equal(
        decode(3, "{\"lines\":[{\"text\":\"x\"}],\"label\":\"y\",\"grams\":6}", &event, &error), 0);
    assert_int_equal(event.grams, 6);
}

static void an_old_event_is_decoded_with_its_own_table(void **state)
{
    (void)state;
    expect_failure(1, "{\"address\":\"x\",\"grams\":2}", CAIRN_UNREADABLE,
                   "event 7, ParcelSent of version 1, cannot be decoded: /pounds is missing");
    expect_failure(2, "[]", CAIRN_UNREADABLE,
                   "event 7, ParcelSent of version 2, cannot be decoded: not a JSON object");
}

static void what_is_lifted_must_be_as_the_newest_table_says(void **state)
{
    (void)state;
    expect_failure(1, "{\"address\":\"x\",\"pounds\":1000}", CAIRN_UNREADABLE,
                   "event 7, ParcelSent of version 1, is lifted to what cannot be: /grams must be "
                   "from 1 to 9999");
    struct cairn_error error;
    struct parcel_sent event; /* a stricter rule does not apply to the newest version */
    assert_int_equal(decode(3, "{\"lines\":[],\"label\":\"y\",\"grams\":99999}", &event, &error),
                     0);
}

static void unknown_versions_are_refused(void **state)
{
    (void)state;
    expect_failure(4, "{}", CAIRN_NEWER_EVENT,
                   "event 7, ParcelSent, is of version 4, this binary knows version 3");
    expect_failure(0, "{}", CAIRN_UNREADABLE,
                   "event 7, ParcelSent, is of version 0, and nothing lifts it to version 3");
}

/* ---- errors found at start ---- */

static void wants(const struct cairn_event_type type, const char *words)
{
    const struct cairn_event_type types[] = {type, parcel_events.types[1]};
    const struct cairn_events events = {.category = "parcel", .types = types, .count = 2};
    struct cairn_error error = {0};
    assert_int_equal(cairn_events_check(&events, &error), words ? -CAIRN_BUG : 0);
    if (words)
        assert_string_equal(error.message, words);
}

#define SENT(version, ...)                                                                         \
    ((struct cairn_event_type){.name = "ParcelSent",                                               \
                               .schema_version = (version),                                        \
                               .record = &parcel_sent_record,                                      \
                               .upcasters = {__VA_ARGS__}})

static void a_chain_is_found_wrong_at_start(void **state)
{
    (void)state;
    wants(parcel_events.types[0], NULL);
    wants(SENT(3, &parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster), NULL);
    wants(SENT(3, &parcel_sent_v2_upcaster, &parcel_sent_v1_upcaster),
          "ParcelSent: the upcast of version 1 makes a struct parcel_sent, version 2 is a struct "
          "parcel_sent_v1");
    wants(SENT(0, NULL), "ParcelSent is at version 0: versions are 1, 2, 3…");
    wants(
        SENT(3, &parcel_sent_v1_upcaster),
        "ParcelSent is at version 3, so its EVENT names 2 older structs, oldest first; it names 1");
    wants(
        SENT(3, &parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster, &parcel_sent_v2_upcaster),
        "ParcelSent is at version 3, so its EVENT names 2 older structs, oldest first; it names 3");
    wants(
        SENT(2, &parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster),
        "ParcelSent is at version 2, so its EVENT names 1 older structs, oldest first; it names 2");
    wants(SENT(2, &parcel_sent_v1_upcaster),
          "ParcelSent: the upcast of version 1 makes a struct parcel_sent_v2, version 2 is a "
          "struct parcel_sent");
    wants(
        SENT(1, &parcel_sent_v1_upcaster),
        "ParcelSent is at version 1, so its EVENT names 0 older structs, oldest first; it names 1");
}

static void an_upcaster_of_another_event_is_found(void **state)
{
    (void)state;
    const struct cairn_upcaster astray = {.from = &parcel_sent_v1_record,
                                          .to = &parcel_lost_record};
    wants(SENT(3, &astray, &parcel_sent_v2_upcaster),
          "ParcelSent: the upcast of version 1 makes a struct parcel_lost, version 2 is a struct "
          "parcel_sent_v2");
}

/* ---- through the kit ---- */

static void a_decider_folds_the_newest_shape(void **state)
{
    (void)state;
    CAIRN_DECIDING(parcel);
    GIVEN(parcel_sent_v1, .address = "Main Street 1, Town", .pounds = 2);
    WHEN(lose_parcel);
    THEN(parcel_lost);
}

static void a_projection_folds_the_newest_shape(void **state)
{
    (void)state;
    CAIRN_PROJECTING(parcels);
    GIVEN(parcel_sent_v2, .address = "Main Street 1, Town", .grams = 2);
    THEN_ROW(CAIRN_TEST_KEY, parcels, .label = "Main Street 1, Town (2 lines)", .town = "Town");
}

static char said[1024];

static void remember(const char *file, int line, const char *message)
{
    assert_string_equal(strrchr(file, '/'), "/test_upcasters.c");
    assert_true(line > 0);
    (void)snprintf(said, sizeof said, "%s", message);
}

static void a_test_that_gives_what_cannot_be_lifted_fails(void **state)
{
    (void)state;
    cairn_test_on_failure(remember);
    {
        CAIRN_DECIDING(parcel);
        GIVEN(parcel_sent_v1, .address = "x", .pounds = 1000);
    }
    (void)kit_setup(NULL);
    assert_non_null(strstr(said, "is lifted to what cannot be: /grams"));
}

/* ---- one upcast ---- */

static void each_upcast_is_compared_by_itself(void **state)
{
    (void)state;
    {
        CAIRN_DECIDING(parcel);
        GIVEN(parcel_sent_v1, .address = "Main Street 1, Town", .pounds = 2);
        THEN_UPCAST(parcel_sent_v2, .address = "Main Street 1, Town", .grams = 908);
        THEN_UPCAST(parcel_sent, .lines = CAIRN_ITEMS(parcel_line, {"Main Street 1"}, {"Town"}),
                    .label = "Main Street 1, Town (2 lines)", .grams = 908);
    }
    {
        CAIRN_PROJECTING(parcels);
        GIVEN(parcel_sent_v2, .address = "Town", .grams = 5);
        THEN_UPCAST(parcel_sent, .lines = CAIRN_ITEMS(parcel_line, {"Town"}),
                    .label = "Town (1 lines)", .grams = 5);
    }
}

static void expect_test_failure(void (*scenario)(void), const char *words)
{
    said[0] = '\0';
    cairn_test_on_failure(remember);
    scenario();
    (void)kit_setup(NULL);
    if (!strstr(said, words))
        fail_msg("wanted: %s\nin: %s", words, said);
}

static void another_upcast(void)
{
    CAIRN_DECIDING(parcel);
    GIVEN(parcel_sent_v1, .address = "Town", .pounds = 2);
    THEN_UPCAST(parcel_sent_v2, .address = "Town", .grams = 907);
}

static void an_upcast_of_a_new_event(void)
{
    CAIRN_DECIDING(parcel);
    GIVEN(parcel_sent_v1, .address = "Town", .pounds = 2);
    GIVEN(parcel_lost);
    THEN_UPCAST(parcel_sent_v2, .address = "Town", .grams = 907);
}

static void an_upcast_to_something_else(void)
{
    CAIRN_DECIDING(parcel);
    GIVEN(parcel_sent_v2, .address = "Town", .grams = 2);
    THEN_UPCAST(parcel_sent_v1, .address = "Town", .pounds = 2);
}

static void an_upcast_that_differs_shows_both_sides(void **state)
{
    (void)state;
    expect_test_failure(another_upcast,
                        "the upcast differs\n"
                        "  wanted: parcel_sent_v2 {\"address\":\"Town\",\"grams\":907}\n"
                        "  seen:   parcel_sent_v2 {\"address\":\"Town\",\"grams\":908}");
    expect_test_failure(an_upcast_of_a_new_event,
                        "THEN_UPCAST without an event of an older version before it");
    expect_test_failure(an_upcast_to_something_else,
                        "parcel_sent_v1 is no version of ParcelSent after version 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_decoded_as_the_newest),
        cmocka_unit_test(an_old_event_is_decoded_with_its_own_table),
        cmocka_unit_test(what_is_lifted_must_be_as_the_newest_table_says),
        cmocka_unit_test(unknown_versions_are_refused),
        cmocka_unit_test(a_chain_is_found_wrong_at_start),
        cmocka_unit_test(an_upcaster_of_another_event_is_found),
        cmocka_unit_test(a_decider_folds_the_newest_shape),
        cmocka_unit_test(a_projection_folds_the_newest_shape),
        cmocka_unit_test(a_test_that_gives_what_cannot_be_lifted_fails),
        cmocka_unit_test(each_upcast_is_compared_by_itself),
        cmocka_unit_test(an_upcast_that_differs_shows_both_sides),
    };
    return cmocka_run_group_tests_name("upcasters", tests, kit_setup, teardown);
}
