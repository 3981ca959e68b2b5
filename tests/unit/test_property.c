/* test_property.c - property tests find planted mistakes, and report the shortest sequence as lines
 * that run. */
#include "../support/kit.h"

#include "record/json.h"
#include "testkit/property/generate.h"
#include "testkit/property/literal.h"
#include "testkit/property/shrink/simplify.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a domain with mistakes, one of which is made at a time ---- */

static enum mistake {
    NONE,
    OVERBOOKS,     /* the last night of a stay is not compared */
    FORGETS_CLAIM, /* of the voucher */
    IGNORES_FACT,  /* guests who are not welcome may book */
    LEAVES_TWO,    /* leaving the second stay leaves the first one, too */
    BREAKS_TABLE,  /* a stay of seven nights has none in its event */
    BREAKS_LATE,   /* the same for a stay that is left after a day */
    CRASHES,       /* when a guest books twice */
    ASSERTS,       /* the same, by an assertion of the test framework */
    HANGS,         /* on a stay of more than three nights */
    DEPENDS,       /* on how often it was called */
    OPENS_NONE,    /* every room is refused */
    LEAVES_NONE,   /* every leaving is refused */
} mistake;
static bool labels_differ; /* of the ids that a room makes for its stays */

CAIRN_STRUCT(guest_met, BOOL(welcome));
CAIRN_EVENTS(guest, EVENT(guest_met, "GuestMet", 1));

CAIRN_STRUCT(room_opened, INT(number, CAIRN_RANGE(1, 500)));
CAIRN_STRUCT(room_booked, UUID(stay_id), TEXT(guest), INT(from), INT(nights, CAIRN_RANGE(1, 30)),
             TEXT(voucher, .optional = true), BOOL(welcome));
CAIRN_STRUCT(room_left, UUID(stay_id, .optional = false));
CAIRN_EVENTS(room, EVENT(room_opened, "RoomOpened", 1), EVENT(room_booked, "RoomBooked", 1),
             EVENT(room_left, "RoomLeft", 1));

CAIRN_STRUCT(open_room, INT(number, CAIRN_RANGE(1, 500)));
CAIRN_STRUCT(book_room, UUID(guest_id), TEXT(guest, .max_bytes = 20),
             INT(from, CAIRN_RANGE(1, 365)), INT(nights, CAIRN_RANGE(1, 30)),
             TEXT(voucher, .optional = true));
CAIRN_STRUCT(leave_room, UUID(stay_id));
CAIRN_COMMANDS(room, COMMAND(open_room, "POST /rooms"), COMMAND(book_room, "POST /rooms/{id}/book"),
               INTERNAL(leave_room));

CAIRN_STRUCT(room_guest, BOOL(welcome));
CAIRN_FACT(room_guest, guest);
CAIRN_LEARN(room_guest, guest_met)
{
    self->welcome = event->welcome;
}

CAIRN_STRUCT(stay, UUID(stay_id), TEXT(guest), INT(from), INT(nights));
CAIRN_STRUCT(room, LIST(stays, stay), INT(booked), TIME(opened_at, .optional = true));

CAIRN_EVOLVE(room, room_opened)
{
}

CAIRN_EVOLVE(room, room_booked)
{
    CAIRN_APPEND(arena, self->stays, .stay_id = event->stay_id, .guest = event->guest,
                 .from = event->from, .nights = event->nights);
    self->booked++;
}

CAIRN_EVOLVE(room, room_left)
{
    const struct stay *stay = CAIRN_FIND(self->stays, stay_id, event->stay_id);
    bool is_first = stay == self->stays.items;
    CAIRN_REMOVE(arena, self->stays, stay);
    if (mistake == LEAVES_TWO && !is_first)
        CAIRN_REMOVE(arena, self->stays, self->stays.items);
}

CAIRN_DECIDE(room, open_room)
{
    if (mistake == OPENS_NONE)
        return cairn_refuse(error, "room-closed", "no room is open");
    CAIRN_EMIT(ret, room_opened, .number = command->number);
    return 0;
}

static bool is_taken(const struct room *self, int64_t from, int64_t to)
{
    CAIRN_FOR_EACH (stay, self->stays) {
        int64_t end = stay->from + stay->nights - (mistake == OVERBOOKS ? 1 : 0);
        if (stay->from < to && from < end)
            return true;
    }
    return false;
}

static void misbehave(const struct room *self, const struct book_room *command)
{
    static int calls;
    bool comes_again = CAIRN_FIND(self->stays, guest, command->guest) != NULL;
    volatile bool hangs = mistake == HANGS && command->nights > 3;
    if (mistake == CRASHES && comes_again)
        abort();
    if (mistake == ASSERTS && comes_again)
        assert_string_equal(command->guest, "another");
    while (hangs)
        continue;
    if (mistake == DEPENDS && ++calls == 100)
        abort();
}

static const char *label_of(const struct room *self, struct cairn_arena *arena)
{
    return labels_differ ? cairn_print(arena, "%" PRId64, self->booked) : "stay";
}

CAIRN_DECIDE(room, book_room, NEED(room_guest, guest_id))
{
    const struct room_guest *guest = CAIRN_KNOWN(given, room_guest);
    misbehave(self, command);
    if (!guest->welcome && mistake != IGNORES_FACT)
        return cairn_refuse(error, "guest-unwelcome", "the guest is not welcome");
    if (is_taken(self, command->from, command->from + command->nights))
        return cairn_refuse(error, "room-taken", "the room is taken");
    CAIRN_EMIT(ret, room_booked, .stay_id = cairn_new_id(given, label_of(self, given->arena)),
               .guest = command->guest, .from = command->from, .voucher = command->voucher,
               .nights = mistake == BREAKS_TABLE && command->nights == 7 ? 0 : command->nights,
               .welcome = guest->welcome);
    if (command->voucher && mistake != FORGETS_CLAIM)
        cairn_claim(ret, "voucher", command->voucher, "the voucher was used");
    return 0;
}

CAIRN_DECIDE(room, leave_room)
{
    static const char begin[] = "2026-01-01T00:00:00Z";
    bool is_late = given->now.us > CAIRN_TIME(begin).us + CAIRN_HOURS(24);
    if (!CAIRN_FIND(self->stays, stay_id, command->stay_id) || mistake == LEAVES_NONE)
        return cairn_refuse(error, "stay-unknown", "there is no such stay");
    if (mistake == BREAKS_LATE && is_late)
        CAIRN_EMIT(ret, room_left);
    else
        CAIRN_EMIT(ret, room_left, .stay_id = command->stay_id);
    return 0;
}

CAIRN_DECIDER(room, .state_version = 1);

static bool spoils; /* the test makes a command that its table does not allow */

CAIRN_GENERATE(room, book_room)
{
    if (spoils)
        command->nights = 0;
    else if (cairn_random_chance(random, 20) && self->stays.count > 0)
        command->from = self->stays.items[0].from;
}

/* ---- invariants ---- */

CAIRN_INVARIANT(room, no_night_is_sold_twice)
{
    CAIRN_FOR_EACH (a, self->stays) {
        CAIRN_FOR_EACH (b, self->stays) {
            if (a < b && a->from < b->from + b->nights && b->from < a->from + a->nights)
                return cairn_broken(error, "%s and %s share a night", a->guest, b->guest);
        }
    }
    return 0;
}

CAIRN_INVARIANT(room, a_voucher_is_for_one_room)
{
    CAIRN_FOR_EACH (a, *history) {
        CAIRN_FOR_EACH (b, *history) {
            const struct room_booked *one = CAIRN_EVENT_AS(a, room_booked);
            const struct room_booked *two = CAIRN_EVENT_AS(b, room_booked);
            if (one && two && one->voucher && two->voucher &&
                strcmp(one->voucher, two->voucher) == 0 &&
                !cairn_uuid_equal(a->meta.id, b->meta.id))
                return cairn_broken(error, "\"%s\" is used in two rooms", one->voucher);
        }
    }
    return 0;
}

CAIRN_INVARIANT(room, guests_are_welcome)
{
    CAIRN_FOR_EACH (at, *history) {
        const struct room_booked *booked = CAIRN_EVENT_AS(at, room_booked);
        if (booked && !booked->welcome)
            return cairn_broken(error, "%s is not welcome", booked->guest);
    }
    return 0;
}

CAIRN_INVARIANT(room, stays_are_those_that_were_not_left)
{
    int64_t stays = 0;
    CAIRN_FOR_EACH (at, *history) {
        stays += CAIRN_EVENT_AS(at, room_booked) ? 1 : 0;
        stays -= CAIRN_EVENT_AS(at, room_left) ? 1 : 0;
    }
    if (stays == (int64_t)self->stays.count)
        return 0;
    return cairn_broken(error, "%" PRId64 " stays became %zu", stays, self->stays.count);
}

CAIRN_INVARIANT(room, each_stay_has_an_id_of_its_own)
{
    CAIRN_FOR_EACH (a, *history) {
        CAIRN_FOR_EACH (b, *history) {
            const struct room_booked *one = CAIRN_EVENT_AS(a, room_booked);
            const struct room_booked *two = CAIRN_EVENT_AS(b, room_booked);
            if (one && two && one != two && cairn_uuid_equal(one->stay_id, two->stay_id))
                return cairn_broken(error, "an id was made twice");
        }
    }
    return 0;
}

/* ---- catching failures ---- */

static char said[16384]; /* the first failure, each run of white space as one space */

static void add_squeezed(const char *text)
{
    size_t length = strlen(said);
    for (; *text && length + 2 < sizeof said; text++) {
        if (!isspace((unsigned char)*text))
            said[length++] = *text;
        else if (length > 0 && said[length - 1] != ' ')
            said[length++] = ' ';
        said[length] = '\0';
    }
}

static void remember(const char *file, int line, const char *message)
{
    assert_string_equal(strrchr(file, '/'), "/test_property.c");
    assert_true(line > 0);
    if (said[0] == '\0')
        add_squeezed(message);
}

static void begin(enum mistake made)
{
    said[0] = '\0';
    mistake = made;
    labels_differ = true;
    cairn_test_on_failure(remember);
}

static void expect_said(const char *words)
{
    if (!strstr(said, words))
        fail_msg("wanted: %s\nin: %s", words, said);
}

/* Lines of a test, as code and as text. */
#define LINES(name, ...)                                                                           \
    static void name(void)                                                                         \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }                                                                                              \
    static const char name##_text[] = #__VA_ARGS__

/* The failure has these lines, and they run as a test that says the same. */
#define EXPECT_LINES(name) expect_lines(name, name##_text)
static void expect_lines(void (*lines)(void), const char *text)
{
    expect_said(text);
    said[0] = '\0';
    lines();
    assert_string_equal(said, "");
}

/* ---- finding ---- */

static int setup(void **state)
{
    (void)state;
    return unsetenv("CAIRN_TEST_SEED");
}

static void a_property_that_holds_passes(void **state)
{
    (void)state;
    begin(NONE);
    CAIRN_PROPERTY(room, no_night_is_sold_twice, .takes_all = true);
    CAIRN_PROPERTY(room, a_voucher_is_for_one_room, .streams = 3);
    CAIRN_PROPERTY(room, guests_are_welcome);
    CAIRN_PROPERTY(room, stays_are_those_that_were_not_left);
    CAIRN_NO_BUGS(room, .sequences = 50);
    assert_string_equal(said, "");
}

/* clang-format off */
LINES(overbooked,
    CAIRN_DECIDING(room);
    GIVEN_FACT(room_guest, .welcome = true);
    WHEN(open_room, .number = 1);
    THEN(room_opened, .number = 1);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("36a28e94-8d15-80b7-a30f-eaa27d555919"), .guest = "a",
         .from = 1, .nights = 1, .welcome = true);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("02d84baa-a9e6-8e18-ad4d-78faa8524fa4"), .guest = "a",
         .from = 1, .nights = 1, .welcome = true);
);

LINES(voucher_of_two,
    CAIRN_DECIDING(room);
    GIVEN_FACT(room_guest, .welcome = true);
    WHEN(open_room, .number = 1);
    THEN(room_opened, .number = 1);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1, .voucher = "a");
    THEN(room_booked, .stay_id = CAIRN_UUID("36a28e94-8d15-80b7-a30f-eaa27d555919"), .guest = "a",
         .from = 1, .nights = 1, .voucher = "a", .welcome = true);
    STREAM(CAIRN_UUID("01890000-0000-7000-8000-000000000002"));
    WHEN(open_room, .number = 1);
    THEN(room_opened, .number = 1);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1, .voucher = "a");
    THEN(room_booked, .stay_id = CAIRN_UUID("e63925ff-6528-8f63-9664-a74ba0573beb"), .guest = "a",
         .from = 1, .nights = 1, .voucher = "a", .welcome = true);
);

LINES(unwelcome,
    CAIRN_DECIDING(room);
    WHEN(open_room, .number = 1);
    THEN(room_opened, .number = 1);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("36a28e94-8d15-80b7-a30f-eaa27d555919"), .guest = "a",
         .from = 1, .nights = 1);
);

LINES(left_with_fresh_ids,
    CAIRN_DECIDING(room);
    FRESH_IDS();
    GIVEN_FACT(room_guest, .welcome = true);
    WHEN(open_room, .number = 1);
    THEN(room_opened, .number = 1);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("a366c5bf-9c97-8a3d-a1c0-3141f6d9a615"), .guest = "a",
         .from = 1, .nights = 1, .welcome = true);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 2, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("cf178ab0-8478-8f3d-89cc-71e989a5b855"), .guest = "a",
         .from = 2, .nights = 1, .welcome = true);
    WHEN(leave_room, .stay_id = CAIRN_UUID("cf178ab0-8478-8f3d-89cc-71e989a5b855"));
    THEN(room_left, .stay_id = CAIRN_UUID("cf178ab0-8478-8f3d-89cc-71e989a5b855"));
);

LINES(left_twice,
    CAIRN_DECIDING(room);
    GIVEN_FACT(room_guest, .welcome = true);
    WHEN(open_room, .number = 1);
    THEN(room_opened, .number = 1);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 1, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("36a28e94-8d15-80b7-a30f-eaa27d555919"), .guest = "a",
         .from = 1, .nights = 1, .welcome = true);
    WHEN(book_room, .guest_id = CAIRN_UUID("01890000-0000-7000-8000-00000000000a"), .guest = "a",
         .from = 2, .nights = 1);
    THEN(room_booked, .stay_id = CAIRN_UUID("02d84baa-a9e6-8e18-ad4d-78faa8524fa4"), .guest = "a",
         .from = 2, .nights = 1, .welcome = true);
    WHEN(leave_room, .stay_id = CAIRN_UUID("02d84baa-a9e6-8e18-ad4d-78faa8524fa4"));
    THEN(room_left, .stay_id = CAIRN_UUID("02d84baa-a9e6-8e18-ad4d-78faa8524fa4"));
);
/* clang-format on */

static void a_broken_invariant_is_shrunk_to_the_shortest_sequence(void **state)
{
    (void)state;
    for (int64_t seed = 1; seed <= 10; seed++) {
        begin(OVERBOOKS);
        CAIRN_PROPERTY(room, no_night_is_sold_twice, .seed = seed);
        expect_said("no_night_is_sold_twice of room does not hold: a and a share a night ");
        EXPECT_LINES(overbooked);
    }
}

static void streams_of_a_sequence_collide_by_their_claims(void **state)
{
    (void)state;
    begin(FORGETS_CLAIM);
    CAIRN_PROPERTY(room, a_voucher_is_for_one_room, .streams = 2, .seed = 1);
    expect_said("a_voucher_is_for_one_room of room does not hold: \"a\" is used in two rooms ");
    EXPECT_LINES(voucher_of_two);
}

static void facts_are_those_that_events_of_their_noun_make(void **state)
{
    (void)state;
    begin(IGNORES_FACT);
    CAIRN_PROPERTY(room, guests_are_welcome);
    EXPECT_LINES(unwelcome);
}

static void a_command_can_name_what_an_earlier_one_made(void **state)
{
    (void)state;
    begin(LEAVES_TWO);
    CAIRN_PROPERTY(room, stays_are_those_that_were_not_left, .seed = 1);
    expect_said("does not hold: 1 stays became 0 ");
    EXPECT_LINES(left_twice);
}

static void each_command_makes_ids_of_its_own_as_in_the_service(void **state)
{
    (void)state;
    begin(NONE);
    labels_differ = false;
    CAIRN_PROPERTY(room, each_stay_has_an_id_of_its_own, .streams = 2);
    assert_string_equal(said, "");
    mistake = LEAVES_TWO;
    CAIRN_PROPERTY(room, stays_are_those_that_were_not_left, .seed = 1);
    EXPECT_LINES(left_with_fresh_ids);
}

/* ---- defects of the decider ---- */

static void a_command_that_fails_as_a_bug_fails_the_test(void **state)
{
    (void)state;
    begin(BREAKS_TABLE);
    CAIRN_PROPERTY(room, no_night_is_sold_twice, .sequences = 1000);
    expect_said("a command of room fails as internal-error: ");
    expect_said(
        ": room on book_room: the decider emitted a RoomBooked whose /nights must be from 1 "
        "to 30: give it a value that struct room_booked allows, or change the struct, at ");
    expect_said(" CAIRN_TEST_SEED=");
    expect_said(".from = 1, .nights = 7);");
}

static void time_passes_in_a_sequence(void **state)
{
    (void)state;
    begin(BREAKS_LATE);
    CAIRN_NO_BUGS(room, .sequences = 1000);
    expect_said("the decider emitted a RoomLeft whose /stay_id is missing");
    expect_said(" AT(\"2026-");
}

static void a_crash_is_reported_with_the_sequence_that_makes_it(void **state)
{
    (void)state;
    begin(CRASHES);
    CAIRN_NO_BUGS(room);
    expect_said("a sequence of room does not come to its end: CAIRN_DECIDE(room, book_room) "
                "(tests/unit/test_property.c:");
    expect_said(") ended the process: Aborted CAIRN_TEST_SEED=");
    expect_said(" 4 of its ");
    expect_said(".welcome = true); WHEN(book_room, .guest_id = "
                "CAIRN_UUID(\"01890000-0000-7000-8000-00000000000a\"), .guest = \"a\", "
                ".from = 1, .nights = 1);");
}

static void an_assertion_of_the_test_framework_is_a_failure_of_the_property(void **state)
{
    (void)state;
    pid_t parent = getpid();
    begin(ASSERTS);
    CAIRN_NO_BUGS(room);
    assert_int_equal(getpid(), parent);
    expect_said(
        "a sequence of room does not come to its end: CAIRN_DECIDE(room, book_room) (tests/");
    expect_said(") ended the process, with exit status ");
}

static void a_command_that_does_not_return_is_reported(void **state)
{
    (void)state;
    begin(HANGS);
    CAIRN_NO_BUGS(room);
    expect_said("CAIRN_DECIDE(room, book_room) (tests/unit/test_property.c:");
    expect_said(") did not return within 1000 ms of processor time ");
    expect_said("WHEN(book_room, ");
}

static void a_result_that_cannot_be_repeated_is_said_to_be_one(void **state)
{
    (void)state;
    begin(DEPENDS);
    CAIRN_NO_BUGS(room);
    expect_said("its result depends on more than state, command and `given`");
}

/* ---- seeds and what is asked for ---- */

static void a_seed_repeats_a_run(void **state)
{
    (void)state;
    static char first[sizeof said];
    begin(LEAVES_TWO);
    CAIRN_PROPERTY(room, stays_are_those_that_were_not_left, .seed = 42);
    memcpy(first, said, sizeof first);
    expect_said("CAIRN_TEST_SEED=42 repeats it. 5 of its ");
    assert_int_equal(setenv("CAIRN_TEST_SEED", "42", 1), 0);
    begin(LEAVES_TWO);
    CAIRN_PROPERTY(room, stays_are_those_that_were_not_left, .seed = 1);
    assert_string_equal(said, first);
    begin(NONE);
    assert_int_equal(setenv("CAIRN_TEST_SEED", "4x", 1), 0);
    CAIRN_NO_BUGS(room);
    expect_said("CAIRN_TEST_SEED is \"4x\": it is a number");
    assert_int_equal(unsetenv("CAIRN_TEST_SEED"), 0);
}

static void a_run_that_says_nothing_fails(void **state)
{
    (void)state;
    begin(OPENS_NONE);
    CAIRN_NO_BUGS(room, .sequences = 10);
    expect_said("10 sequences of room (CAIRN_TEST_SEED=");
    expect_said(" open_room: refused ");
    expect_said(" times, last as \"room-closed\" book_room: refused ");
    begin(LEAVES_NONE);
    CAIRN_NO_BUGS(room);
    assert_string_equal(said, "");
    CAIRN_NO_BUGS(room, .takes_all = true);
    expect_said("better ones: leave_room: refused ");
    assert_null(strstr(said, "open_room"));
}

static void wrong_properties_are_told_so(void **state)
{
    (void)state;
    begin(NONE);
    spoils = true;
    CAIRN_NO_BUGS(room);
    spoils = false;
    expect_said(
        "the property of room cannot be checked: the test made a book_room whose /nights must "
        "be from 1 to 30: its CAIRN_GENERATE has to make a valid one");
    begin(NONE);
    static const struct cairn_invariant of_another = {
        .name = "beds_are_made", .of = "hotel", .holds = room_invariant_guests_are_welcome_call_};
    cairn_property_check(__FILE__, __LINE__, &room_decider, &of_another,
                         &(const struct cairn_property){.sequences = 1});
    expect_said("beds_are_made is an invariant of hotel, not of room");
    begin(NONE);
    CAIRN_NO_BUGS(room, .streams = 9);
    expect_said("CAIRN_PROPERTY: .streams is 9; it is from 1 to 8");
    begin(NONE);
    CAIRN_NO_BUGS(room, .sequences = -1);
    expect_said(".sequences is -1; it is from 1 to 1000000");
}

/* ---- values ---- */

CAIRN_ENUM(colour, (RED, "red"), (GREEN, "green"), (BLUE, "blue"));
CAIRN_STRUCT(point, INT(x, CAIRN_RANGE(-5, 5)), INT(y, .optional = true));
CAIRN_STRUCT(everything, INT(number),
             INT(large, CAIRN_RANGE(INT64_C(5000000000), CAIRN_INTEGER_MAX)), BOOL(yes),
             TEXT(text, .max_bytes = 30), TEXT(none, .optional = true),
             TEXT(email, .format = CAIRN_FORMAT_EMAIL), TEXT(token, .format = CAIRN_FORMAT_TOKEN),
             TEXT(padded, .min_bytes = 3, .max_bytes = 5), UUID(id), TIME(time), DAY(day),
             MONEY(price), DECIMAL(weight, 3), DURATION(length), ENUM(colour, colour),
             RECORD(point, point), LIST(points, point, .min_count = 1), TEXTS(texts), INTS(ints),
             UUIDS(uuids), DAYS(days), TEXT_MAP(labels), OPTIONAL_INT(count), OPTIONAL_BOOL(maybe),
             OPTIONAL_DECIMAL(share, 2), OPTIONAL_DURATION(pause), OPTIONAL_RECORD(other, point),
             TEXT(currency, CAIRN_CURRENCY));

static const char *json(struct cairn_arena *arena, const void *value)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_record_encode(&everything_record, value, &out);
    return out.text;
}

#define EXPECT_LITERAL(...) expect_literal(#__VA_ARGS__, &(const struct everything){__VA_ARGS__})
static void expect_literal(const char *source, const struct everything *value)
{
    struct cairn_arena arena = {0};
    struct cairn_buffer out = cairn_buffer(&arena);
    cairn_literal_members(&everything_record, value, &out);
    assert_string_equal(out.text + 2, source);
    cairn_arena_close(&arena);
}

/* clang-format off */
static void values_are_written_as_c_source(void **state)
{
    (void)state;
    EXPECT_LITERAL(.number = -7, .large = INT64_C(9007199254740991), .yes = true,
                   .text = "a\"\\\n\303\2444", .padded = "xxx", .id = CAIRN_TEST_ID,
                   .time = CAIRN_TIME("2026-01-01T00:00:00.000001Z"), .day = CAIRN_DAY("2026-01-31"),
                   .price = {-5, "EUR"}, .weight = {1250}, .length = {60000000},
                   .point = {.x = 1, .y = 2});
    EXPECT_LITERAL(.points = CAIRN_ITEMS(point, {.x = 1}, {0}), .texts = {(const char *const[]){"a", "b"}, 2},
                   .ints = {(const int64_t[]){1, 2}, 2}, .uuids = {(const struct cairn_uuid[]){CAIRN_UUID("01890000-0000-7000-8000-00000000000a")}, 1},
                   .days = {(const struct cairn_day[]){CAIRN_DAY("2026-01-31")}, 1},
                   .labels = CAIRN_ITEMS(cairn_text_pair, {"k", "v"}));
    EXPECT_LITERAL(.count = {.is_set = true, .value = 0}, .maybe = {.is_set = true, .value = false},
                   .share = {.is_set = true, .value = {5}}, .pause = {.is_set = true, .value = {1}},
                   .other = &(const struct point){.x = 3});
    expect_literal(".colour = 2 /* green */", &(const struct everything){.colour = GREEN});
}
/* clang-format on */

static void every_kind_is_generated_within_its_table_and_simplified_to_the_end(void **state)
{
    (void)state;
    size_t longest = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct cairn_arena arena = {0};
        struct cairn_error wrong = {0};
        struct cairn_generator generator = {.random = cairn_random_of(seed, 0),
                                            .arena = &arena,
                                            .now = CAIRN_TIME("2026-01-01T00:00:00Z")};
        void *value = cairn_generate_record(&generator, &everything_record);
        cairn_seen_add(&generator.seen, &everything_record, value);
        value = cairn_generate_record(&generator, &everything_record);
        assert_int_equal(cairn_record_check(&everything_record, value, &wrong), 0);
        const struct cairn_seen none = {.id_count = 0};
        size_t steps = 0;
        struct cairn_change change;
        for (void *next = value; next && steps < 1000; steps++) {
            const char *before = json(&arena, value);
            next = cairn_simplify(&everything_record, value, 0, &none, &arena, &change);
            assert_string_equal(json(&arena, value), before);
            value = next ? next : value;
            assert_int_equal(cairn_record_check(&everything_record, value, &wrong), 0);
        }
        longest = steps > longest ? steps : longest;
        assert_string_equal(
            json(&arena, value),
            "{\"number\":0,\"large\":5000000000,\"yes\":false,\"text\":\"a\",\"none\":null,"
            "\"email\":\"a@b.c\",\"token\":\"a\",\"padded\":\"EUR\","
            "\"id\":\"01890000-0000-7000-8000-00000000000a\","
            "\"time\":\"2026-01-01T00:00:00.000000Z\",\"day\":\"2026-01-01\","
            "\"price\":{\"amount\":0,\"currency\":\"EUR\"},\"weight\":\"0.000\",\"length\":\"PT0S\","
            "\"colour\":\"red\",\"point\":{\"x\":0,\"y\":0},\"points\":[{\"x\":0,\"y\":0}],"
            "\"texts\":[],\"ints\":[],\"uuids\":[],\"days\":[],\"labels\":{},\"count\":null,"
            "\"maybe\":null,\"share\":null,\"pause\":null,\"other\":null,\"currency\":\"EUR\"}");
        cairn_arena_close(&arena);
    }
    assert_in_range(longest, 10, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_property_that_holds_passes),
        cmocka_unit_test(a_broken_invariant_is_shrunk_to_the_shortest_sequence),
        cmocka_unit_test(streams_of_a_sequence_collide_by_their_claims),
        cmocka_unit_test(facts_are_those_that_events_of_their_noun_make),
        cmocka_unit_test(a_command_can_name_what_an_earlier_one_made),
        cmocka_unit_test(each_command_makes_ids_of_its_own_as_in_the_service),
        cmocka_unit_test(a_command_that_fails_as_a_bug_fails_the_test),
        cmocka_unit_test(time_passes_in_a_sequence),
        cmocka_unit_test(a_crash_is_reported_with_the_sequence_that_makes_it),
        cmocka_unit_test(an_assertion_of_the_test_framework_is_a_failure_of_the_property),
        cmocka_unit_test(a_command_that_does_not_return_is_reported),
        cmocka_unit_test(a_result_that_cannot_be_repeated_is_said_to_be_one),
        cmocka_unit_test(a_seed_repeats_a_run),
        cmocka_unit_test(a_run_that_says_nothing_fails),
        cmocka_unit_test(wrong_properties_are_told_so),
        cmocka_unit_test(values_are_written_as_c_source),
        cmocka_unit_test(every_kind_is_generated_within_its_table_and_simplified_to_the_end),
    };
    return cmocka_run_group_tests_name("property", tests, setup, NULL);
}
