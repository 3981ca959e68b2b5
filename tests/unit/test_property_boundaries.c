/* test_property_boundaries.c - property tests of boundaries: what their parts learn from other
 * nouns happens in between, by the rules of those nouns if they are known; a mistake is shrunk to
 * the lines of a test. */
#include "../support/kit.h"

#include <cairn/boundary.h>

#include <ctype.h>
#include <string.h>

static enum mistake {
    NONE,
    OVERFILLS,    /* boats take one passenger too many */
    FORGETS_SELF, /* a passenger can board twice */
} mistake;

/* ---- weather: an ordinary noun, whose events have tags ---- */

CAIRN_STRUCT(storm_came, UUID(boat_id, .tag = "boat"));
CAIRN_EVENTS(weather, EVENT(storm_came, "StormCame", 1));

/* ---- boats: a boundary that others learn from ---- */

CAIRN_STRUCT(boat_built, UUID(boat_id, .tag = "boat"), INT(places));
CAIRN_STRUCT(boat_lengthened, UUID(boat_id, .tag = "boat"), INT(places));
CAIRN_EVENTS(boat, EVENT(boat_built, "BoatBuilt", 1), EVENT(boat_lengthened, "BoatLengthened", 1));
CAIRN_STRUCT(build_boat, UUID(boat_id), INT(places, CAIRN_RANGE(1, 2)));
CAIRN_STRUCT(lengthen_boat, UUID(boat_id), INT(places, CAIRN_RANGE(1, 2)));
CAIRN_COMMANDS(boat, COMMAND(build_boat, "POST /boats"),
               COMMAND(lengthen_boat, "POST /boats/longer"));

CAIRN_STRUCT(hull, INT(places));
CAIRN_PART(hull, "boat");
CAIRN_LEARN_FROM(hull, boat, boat_built)
{
    self->places = event->places;
}
CAIRN_LEARN_FROM(hull, boat, boat_lengthened)
{
    self->places += event->places;
}
CAIRN_BOUNDARY(boat, CAIRN_OVER(hull, boat_id));
CAIRN_DECIDE(boat, build_boat)
{
    if (self->hull->places)
        return cairn_refuse(error, "boat-built", "the boat was built before");
    CAIRN_EMIT(ret, boat_built, .boat_id = command->boat_id, .places = command->places);
    return 0;
}
CAIRN_DECIDE(boat, lengthen_boat)
{
    if (!self->hull->places)
        return cairn_refuse(error, "boat-unknown", "there is no such boat");
    CAIRN_EMIT(ret, boat_lengthened, .boat_id = command->boat_id, .places = command->places);
    return 0;
}

/* ---- passengers ---- */

CAIRN_STRUCT(boat_boarded, UUID(boat_id, .tag = "boat"), UUID(guest_id, .tag = "guest"));
CAIRN_EVENTS(boarding, EVENT(boat_boarded, "BoatBoarded", 1));
CAIRN_STRUCT(board_boat, UUID(boat_id), UUID(guest_id));
CAIRN_COMMANDS(boarding, COMMAND(board_boat, "POST /boardings"));

CAIRN_STRUCT(deck, INT(places), INT(taken), BOOL(stormy));
CAIRN_PART(deck, "boat");
CAIRN_LEARN_FROM(deck, boat, boat_built)
{
    self->places = event->places;
}
CAIRN_LEARN_FROM(deck, boat, boat_lengthened)
{
    self->places += event->places;
}
CAIRN_LEARN_FROM(deck, weather, storm_came)
{
    self->stormy = true;
}
CAIRN_LEARN_FROM(deck, boarding, boat_boarded)
{
    self->taken++;
}
CAIRN_STRUCT(boat_guest, INT(boats));
CAIRN_PART(boat_guest, "guest");
CAIRN_LEARN_FROM(boat_guest, boarding, boat_boarded)
{
    self->boats++;
}
CAIRN_BOUNDARY(boarding, CAIRN_OVER(deck, boat_id), CAIRN_OVER(boat_guest, guest_id));
CAIRN_DECIDE(boarding, board_boat)
{
    if (self->deck->stormy)
        return cairn_refuse(error, "boat-stormy", "the boat stays ashore");
    if (self->deck->taken >= self->deck->places + (mistake == OVERFILLS))
        return cairn_refuse(error, "boat-full", "the boat is full");
    if (self->boat_guest->boats && mistake != FORGETS_SELF)
        return cairn_refuse(error, "guest-aboard", "the guest is aboard");
    CAIRN_EMIT(ret, boat_boarded, .boat_id = command->boat_id, .guest_id = command->guest_id);
    return 0;
}

/* ---- what has to hold ---- */

/* `self` is what the last command looked at, with what it did. */
CAIRN_INVARIANT(boarding, no_boat_is_overfilled)
{
    if (self->deck->taken > self->deck->places)
        return cairn_broken(error, "%" PRId64 " passengers in %" PRId64 " places",
                            self->deck->taken, self->deck->places);
    return 0;
}

CAIRN_INVARIANT(boarding, a_guest_boards_once)
{
    return self->boat_guest->boats > 1 ? cairn_broken(error, "a guest boarded twice") : 0;
}

/* Boats are lengthened by their own rules only: after they were built. */
CAIRN_INVARIANT(boarding, boats_are_built_first)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct boat_lengthened *longer = CAIRN_EVENT_AS(at, boat_lengthened);
        bool built = !longer;
        for (const struct cairn_happened *before = history->items; !built && before < at;
             before++) {
            const struct boat_built *first = CAIRN_EVENT_AS(before, boat_built);
            built = first && cairn_uuid_equal(first->boat_id, longer->boat_id);
        }
        if (!built)
            return cairn_broken(error, "a boat was lengthened that was not built");
    }
    return 0;
}

CAIRN_INVARIANT(boarding, no_storm_comes)
{
    CAIRN_FOR_EACH (at, *history) {
        if (CAIRN_EVENT_AS(at, storm_came))
            return cairn_broken(error, "a storm came");
    }
    return 0;
}

/* ---- catching failures ---- */

static char said[16384]; /* each run of white space as one space */

static void remember(const char *file, int line, const char *message)
{
    size_t length = strlen(said);
    assert_non_null(file);
    assert_true(line > 0);
    for (; *message && length + 2 < sizeof said; message++) {
        if (!isspace((unsigned char)*message))
            said[length++] = *message;
        else if (length > 0 && said[length - 1] != ' ')
            said[length++] = ' ';
        said[length] = '\0';
    }
}

static void begin(enum mistake made)
{
    said[0] = '\0';
    mistake = made;
    cairn_test_on_failure(remember);
}

static void expect_said(const char *words)
{
    if (!strstr(said, words))
        fail_msg("wanted: %s\nin: %s", words, said);
}

/* ---- tests ---- */

static void rules_of_a_boundary_hold_for_any_commands(void **state)
{
    (void)state;
    begin(NONE);
    for (int64_t seed = 1; seed <= 5; seed++) {
        CAIRN_PROPERTY(boarding, no_boat_is_overfilled, .takes_all = true, .seed = seed);
        CAIRN_PROPERTY(boarding, a_guest_boards_once, .takes_all = true, .seed = seed);
        CAIRN_PROPERTY(boarding, boats_are_built_first, .seed = seed);
        CAIRN_NO_BUGS(boat, .takes_all = true, .seed = seed);
    }
    assert_string_equal(said, "");
}

static void lines_of_an_overfilled_boat(void)
{
    CAIRN_DECIDING(boarding);
    WHEN(board_boat, .boat_id = CAIRN_TEST_ID, .guest_id = CAIRN_TEST_ID);
    THEN(boat_boarded, .boat_id = CAIRN_TEST_ID, .guest_id = CAIRN_TEST_ID);
}

static void a_mistake_in_a_boundary_is_found_and_shrunk_to_a_test(void **state)
{
    (void)state;
    begin(OVERFILLS);
    CAIRN_PROPERTY(boarding, no_boat_is_overfilled, .seed = 1);
    expect_said("no_boat_is_overfilled of boarding does not hold: 1 passengers in 0 places");
    expect_said(" 1 of its ");
    expect_said("CAIRN_DECIDING(boarding); WHEN(board_boat, ");
    said[0] = '\0';
    lines_of_an_overfilled_boat();
    assert_string_equal(said, "");
}

static void what_others_do_is_part_of_the_lines(void **state)
{
    (void)state;
    for (int64_t seed = 1; seed <= 5; seed++) {
        begin(FORGETS_SELF);
        CAIRN_PROPERTY(boarding, a_guest_boards_once, .seed = seed);
        expect_said("a_guest_boards_once of boarding does not hold: a guest boarded twice");
        /* a boat has places first, of another boundary's command, whose event is given */
        expect_said("CAIRN_DECIDING(boarding); GIVEN(boat_built, .boat_id = ");
        expect_said("THEN(boat_boarded, ");
        assert_null(strstr(said, "WHEN(build_boat"));
    }
}

static void events_of_an_ordinary_noun_happen_at_random(void **state)
{
    (void)state;
    begin(NONE);
    CAIRN_PROPERTY(boarding, no_storm_comes, .seed = 1);
    expect_said("no_storm_comes of boarding does not hold: a storm came");
    expect_said("GIVEN(storm_came, .boat_id = ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_a_boundary_hold_for_any_commands),
        cmocka_unit_test(a_mistake_in_a_boundary_is_found_and_shrunk_to_a_test),
        cmocka_unit_test(what_others_do_is_part_of_the_lines),
        cmocka_unit_test(events_of_an_ordinary_noun_happen_at_random),
    };
    return cmocka_run_group_tests_name("property boundaries", tests, kit_setup, NULL);
}
