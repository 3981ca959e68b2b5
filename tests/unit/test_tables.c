/* test_tables.c - tests the check of a decider's tables against its structs at start: it finds
 * errors that a compiler accepts. */
#include "../support/kit.h"

#include "command/check/decider_check.h"

#include <cairn/decider.h>

#include <stdio.h>
#include <string.h>

CAIRN_STRUCT(door_opened);
CAIRN_STRUCT(door_closed);
CAIRN_EVENTS(door, EVENT(door_opened, "DoorOpened", 1), EVENT(door_closed, "DoorClosed", 1));
CAIRN_STRUCT(open_door);
CAIRN_COMMANDS(door, COMMAND(open_door, "POST /doors/{id}/open"));

CAIRN_STRUCT(door, BOOL(open));

CAIRN_EVOLVE(door, door_opened)
{
    self->open = true;
}

CAIRN_EVOLVE(door, door_closed)
{
    self->open = false;
}

CAIRN_DECIDE(door, open_door)
{
    CAIRN_EMIT(ret, door_opened);
    return 0;
}

CAIRN_DECIDER(door, .state_version = 1);

/* Checks the decider of doors with these events instead of its own. */
static void wants(const struct cairn_events *events, const char *words)
{
    struct cairn_decider decider = door_decider;
    struct cairn_error error = {0};
    decider.events = events;
    int outcome = cairn_decider_check(&decider, &error);
    assert_int_equal(outcome, words ? -CAIRN_BUG : 0);
    if (words && !strstr(error.message, words))
        fail_msg("wanted: %s\nin: %s", words, error.message);
}

CAIRN_STRUCT(make_door, INT(door_id));
CAIRN_STRUCT(hang_door, UUID(door_id));

static int check_command(const char *route, const struct cairn_record *record,
                         struct cairn_error *error)
{
    const struct cairn_command_type type = {.name = record->name, .route = route, .record = record};
    const struct cairn_commands commands = {.category = "door", .types = &type, .count = 1};
    struct cairn_decider decider = door_decider;
    decider.commands = &commands;
    return cairn_decider_check(&decider, error);
}

static void a_member_that_names_the_stream_must_be_a_uuid(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    assert_int_equal(check_command("POST /doors", &hang_door_record, &error), 0);
    assert_int_equal(check_command("POST /doors/{id}/make", &make_door_record, &error), 0);
    assert_int_equal(check_command("POST /doors", &make_door_record, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "make_door creates a stream, and its member door_id"));
}

static void right_tables_pass(void **state)
{
    (void)state;
    wants(door_decider.events, NULL);
}

CAIRN_EVENTS(one_name, EVENT(door_opened, "DoorMoved", 1), EVENT(door_closed, "DoorMoved", 1));
CAIRN_EVENTS(one_struct, EVENT(door_opened, "DoorOpened", 1), EVENT(door_opened, "DoorClosed", 1));

static void a_name_and_a_struct_are_one_event_only(void **state)
{
    (void)state;
    wants(&one_name_events, "two events are called DoorMoved");
    wants(&one_struct_events, "two events are a struct door_opened");
}

/* ---- a fact that learns from an event of another stream ---- */

CAIRN_STRUCT(bell_rung);
CAIRN_EVENTS(bell, EVENT(bell_rung, "BellRung", 1));
CAIRN_STRUCT(ring_bell, UUID(door_id));
CAIRN_COMMANDS(bell, COMMAND(ring_bell, "POST /bells"));
CAIRN_STRUCT(bell, INT(times));

CAIRN_STRUCT(doorway, BOOL(open));
CAIRN_FACT(doorway, door);
CAIRN_LEARN(doorway, door_opened)
{
    self->open = true;
}

enum { LINE_OF_THE_ERROR = __LINE__ + 1 };
CAIRN_LEARN(doorway, bell_rung)
{
    self->open = false;
}

CAIRN_EVOLVE(bell, bell_rung)
{
    self->times++;
}

CAIRN_DECIDE(bell, ring_bell, NEED(doorway, door_id))
{
    if (!CAIRN_KNOWN(given, doorway)->open)
        CAIRN_EMIT(ret, bell_rung);
    return 0;
}

CAIRN_DECIDER(bell, .state_version = 1);

static void a_fact_learns_from_events_of_its_stream_only(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    char wanted[200];
    assert_int_equal(cairn_decider_check(&bell_decider, &error), -CAIRN_BUG);
    (void)snprintf(wanted, sizeof wanted, "%s:%d: bell_rung is not an event of door", __FILE__,
                   (int)LINE_OF_THE_ERROR);
    if (!strstr(error.message, wanted))
        fail_msg("wanted: %s\nin: %s", wanted, error.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_tables_pass),
        cmocka_unit_test(a_member_that_names_the_stream_must_be_a_uuid),
        cmocka_unit_test(a_name_and_a_struct_are_one_event_only),
        cmocka_unit_test(a_fact_learns_from_events_of_its_stream_only),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
