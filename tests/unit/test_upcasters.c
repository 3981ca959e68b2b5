/* test_upcasters.c - tests events of older versions: the chain that lifts them, the errors in it
 * that are found at start, and that deciders and projections see the newest shape only. */
#include "../support/kit.h"

#include "store/read/events.h"
#include "store/store.h"

#include <cairn/decider.h>

#include <stdio.h>
#include <string.h>

/* ---- a domain with a past: a parcel's address was one text, its weight was in pounds ---- */

struct parcel_sent_v1 {
    const char *address; /* "Street 1, Town" */
    int64_t pounds;
};
CAIRN_RECORD(parcel_sent_v1, CAIRN_FIELD(parcel_sent_v1, address),
             CAIRN_FIELD(parcel_sent_v1, pounds));

struct parcel_sent_v2 {
    const char *address;
    int64_t grams;
};
CAIRN_RECORD(parcel_sent_v2, CAIRN_FIELD(parcel_sent_v2, address),
             CAIRN_FIELD(parcel_sent_v2, grams));

struct parcel_line {
    const char *text;
};
struct parcel_lines CAIRN_LIST(struct parcel_line);
CAIRN_RECORD(parcel_line, CAIRN_FIELD(parcel_line, text));

struct parcel_sent {
    struct parcel_lines lines;
    const char *label;
    int64_t grams;
};
CAIRN_RECORD(parcel_sent, CAIRN_LIST_FIELD(parcel_sent, lines, parcel_line, .min_count = 1),
             CAIRN_FIELD(parcel_sent, label),
             CAIRN_FIELD(parcel_sent, grams, CAIRN_RANGE(1, 9999)));

struct parcel_lost {
    CAIRN_NO_FIELDS;
};
CAIRN_EMPTY_RECORD(parcel_lost);

static void lift(struct parcel_sent_v2 *ret, const struct parcel_sent_v1 *old)
{
    *ret = (struct parcel_sent_v2){.address = old->address, .grams = old->pounds * 454};
}
CAIRN_UPCASTER(parcel_sent_v1, 1, parcel_sent_v2, lift);

static void lift_v2(struct parcel_sent *ret, const struct parcel_sent_v2 *old,
                    struct cairn_lift *lift)
{
    const char *comma = strstr(old->address, ", ");
    struct parcel_line *lines = CAIRN_LIFT_ITEMS(lift, struct parcel_line, comma ? 2 : 1);
    lines[0].text = old->address;
    if (comma) {
        lines[0].text = cairn_lift_text(lift, "%.*s", (int)(comma - old->address), old->address);
        lines[1].text = comma + 2;
    }
    *ret = (struct parcel_sent){
        .lines = {lines, comma ? 2 : 1},
        .label = cairn_lift_text(lift, "%s (%d lines)", old->address, comma ? 2 : 1),
        .grams = old->grams,
    };
}
CAIRN_UPCASTER_MAKING(parcel_sent_v2, 2, parcel_sent, lift_v2);

struct parcel_event {
    enum { PARCEL_SENT = 1, PARCEL_LOST } type;
    union {
        struct parcel_sent parcel_sent;
        struct parcel_lost parcel_lost;
    } as;
};
CAIRN_EVENTS(parcel,
             CAIRN_EVENT(parcel, PARCEL_SENT, parcel_sent, "ParcelSent", 3,
                         .upcasters = {&parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster}),
             CAIRN_EVENT(parcel, PARCEL_LOST, parcel_lost, "ParcelLost", 1));

/* ---- a decider and a projection ---- */

struct lose_parcel {
    CAIRN_NO_FIELDS;
};
CAIRN_EMPTY_RECORD(lose_parcel);
struct parcel_command {
    enum { LOSE_PARCEL = 1 } type;
    union {
        struct lose_parcel lose_parcel;
    } as;
};
CAIRN_COMMANDS(parcel, CAIRN_COMMAND(parcel, LOSE_PARCEL, lose_parcel, "POST /parcels/{id}/lose"));

struct parcel {
    int64_t grams;
};
CAIRN_RECORD(parcel, CAIRN_FIELD(parcel, grams));

static void parcel_evolve(struct parcel *self, const struct parcel_event *event)
{
    switch (event->type) {
    case PARCEL_SENT:
        self->grams = event->as.parcel_sent.grams;
        break;
    case PARCEL_LOST:
        self->grams = 0;
        break;
    }
}

static int parcel_decide(const struct parcel *self, const struct parcel_command *command,
                         const struct cairn_given *given, struct cairn_decision *ret,
                         struct cairn_error *error)
{
    (void)command;
    (void)given;
    if (self->grams != 908)
        return cairn_refuse(error, "wrong-weight", "it weighs %d g", (int)self->grams);
    CAIRN_EMIT(ret, parcel_lost, CAIRN_NOTHING);
    return 0;
}
CAIRN_DECIDER(parcel, .state_version = 1);

struct parcels {
    const char *label;
    const char *town;
};
CAIRN_RECORD(parcels, CAIRN_FIELD(parcels, label), CAIRN_FIELD(parcels, town, .optional = true));

static enum cairn_row sent(struct parcels *row, const struct parcel_sent *event,
                           const struct cairn_meta *meta)
{
    (void)meta;
    row->label = event->label;
    row->town = event->lines.items[event->lines.count - 1].text;
    return CAIRN_KEEP;
}
CAIRN_ON(parcels, parcel, parcel_sent, sent);
CAIRN_PROJECTION(parcels, .version = 1, CAIRN_ON_LIST(&parcels_on_parcel_sent));

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
    const struct cairn_event_type types[] = {
        type, CAIRN_EVENT(parcel, PARCEL_LOST, parcel_lost, "ParcelLost", 1)};
    const struct cairn_events events = {
        .category = "parcel", .size = sizeof(struct parcel_event), .types = types, .count = 2};
    struct cairn_error error = {0};
    assert_int_equal(cairn_events_check(&events, &error), words ? -CAIRN_BUG : 0);
    if (words)
        assert_string_equal(error.message, words);
}

#define SENT(version, ...)                                                                         \
    ((struct cairn_event_type)CAIRN_EVENT(parcel, PARCEL_SENT, parcel_sent, "ParcelSent", version, \
                                          .upcasters = {__VA_ARGS__}))

static void a_chain_is_found_wrong_at_start(void **state)
{
    (void)state;
    wants(SENT(3, &parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster), NULL);
    wants(SENT(3, &parcel_sent_v2_upcaster, &parcel_sent_v1_upcaster), NULL);
    wants(SENT(0, NULL), "ParcelSent is at version 0: versions are 1, 2, 3…");
    wants(SENT(3, &parcel_sent_v1_upcaster),
          "ParcelSent is at version 3 and has 0 upcasters of version 2, not one");
    wants(SENT(3, &parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster, &parcel_sent_v2_upcaster),
          "ParcelSent is at version 3 and has 2 upcasters of version 2, not one");
    wants(SENT(2, &parcel_sent_v1_upcaster, &parcel_sent_v2_upcaster),
          "ParcelSent: the upcaster of version 1 makes a struct parcel_sent_v2, version 2 is a "
          "struct parcel_sent");
    wants(SENT(1, &parcel_sent_v1_upcaster),
          "ParcelSent is at version 1 and has an upcaster of version 1");
}

static void an_upcaster_of_another_event_is_found(void **state)
{
    (void)state;
    const struct cairn_upcaster astray = {1, &parcel_sent_v1_record, &parcel_lost_record, NULL};
    wants(SENT(3, &astray, &parcel_sent_v2_upcaster),
          "ParcelSent: the upcaster of version 1 makes a struct parcel_lost, version 2 is a struct "
          "parcel_sent_v2");
}

/* ---- through the kit ---- */

static void a_decider_folds_the_newest_shape(void **state)
{
    (void)state;
    CAIRN_DECIDING(parcel);
    GIVEN(parcel_sent_v1, .address = "Main Street 1, Town", .pounds = 2);
    WHEN(lose_parcel, CAIRN_NOTHING);
    THEN(parcel_lost, CAIRN_NOTHING);
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
    (void)file;
    (void)line;
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
    };
    return cmocka_run_group_tests_name("upcasters", tests, kit_setup, teardown);
}
