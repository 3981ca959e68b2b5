/* test_tables.c - tests the check of a decider's tables against its structs at start: it finds
 * errors that a compiler accepts. */
#include "../support/kit.h"

#include "command/endpoint.h"

#include <cairn/decider.h>

#include <string.h>

struct door_opened {
    CAIRN_NO_FIELDS;
};
struct door_closed {
    CAIRN_NO_FIELDS;
};
struct door_event {
    enum { DOOR_OPENED = 1, DOOR_CLOSED } type;
    union {
        struct door_opened door_opened;
        struct door_closed door_closed;
    } as;
};
CAIRN_EMPTY_RECORD(door_opened);
CAIRN_EMPTY_RECORD(door_closed);

struct open_door {
    CAIRN_NO_FIELDS;
};
struct door_command {
    enum { OPEN_DOOR = 1 } type;
    union {
        struct open_door open_door;
    } as;
};
CAIRN_EMPTY_RECORD(open_door);

struct door {
    bool open;
};
CAIRN_RECORD(door, CAIRN_FIELD(door, open));

CAIRN_EVENTS(door, CAIRN_EVENT(door, DOOR_OPENED, door_opened, "DoorOpened", 1),
             CAIRN_EVENT(door, DOOR_CLOSED, door_closed, "DoorClosed", 1));
CAIRN_COMMANDS(door, CAIRN_COMMAND(door, OPEN_DOOR, open_door, "POST /doors/{id}/open"));

static void wants(const struct cairn_event_type *types, uint32_t count, const char *words)
{
    const struct cairn_events events = {
        .category = "door", .size = sizeof(struct door_event), .types = types, .count = count};
    const struct cairn_decider decider = {
        .category = "door", .events = &events, .commands = &door_commands, .state = &door_record};
    struct cairn_error error = {0};
    int outcome = cairn_decider_check(&decider, &error);
    assert_int_equal(outcome, words ? -CAIRN_BUG : 0);
    if (words && !strstr(error.message, words))
        fail_msg("wanted: %s\nin: %s", words, error.message);
}

struct make_door {
    int64_t door_id;
};
struct hang_door {
    struct cairn_uuid door_id;
};
CAIRN_RECORD(make_door, CAIRN_FIELD(make_door, door_id));
CAIRN_RECORD(hang_door, CAIRN_FIELD(hang_door, door_id));

static int check_command(const char *route, const struct cairn_record *record,
                         struct cairn_error *error)
{
    const struct cairn_command_type type = {
        .name = record->name, .route = route, .tag = 1, .record = record};
    const struct cairn_commands commands = {.category = "door", .types = &type, .count = 1};
    const struct cairn_decider decider = {
        .category = "door", .events = &door_events, .commands = &commands, .state = &door_record};
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
    wants(door_events.types, door_events.count, NULL);
}

static void a_value_in_two_rows_is_found(void **state)
{
    (void)state;
    const struct cairn_event_type types[] = {
        CAIRN_EVENT(door, DOOR_OPENED, door_opened, "DoorOpened", 1),
        CAIRN_EVENT(door, DOOR_OPENED, door_closed, "DoorClosed", 1)};
    wants(types, 2, "the events of door give the enum's value 1 to 2 rows");
}

static void a_row_that_was_left_out_is_found(void **state)
{
    (void)state;
    const struct cairn_event_type types[] = {
        CAIRN_EVENT(door, DOOR_CLOSED, door_closed, "DoorClosed", 1)};
    wants(types, 1, "the events of door give the enum's value 1 to 0 rows");
}

static void a_name_and_a_struct_are_one_event_only(void **state)
{
    (void)state;
    const struct cairn_event_type names[] = {
        CAIRN_EVENT(door, DOOR_OPENED, door_opened, "DoorMoved", 1),
        CAIRN_EVENT(door, DOOR_CLOSED, door_closed, "DoorMoved", 1)};
    wants(names, 2, "two events are called DoorMoved");
    const struct cairn_event_type structs[] = {
        CAIRN_EVENT(door, DOOR_OPENED, door_opened, "DoorOpened", 1),
        CAIRN_EVENT(door, DOOR_CLOSED, door_opened, "DoorClosed", 1)};
    wants(structs, 2, "two events are a struct door_opened");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_tables_pass),
        cmocka_unit_test(a_member_that_names_the_stream_must_be_a_uuid),
        cmocka_unit_test(a_value_in_two_rows_is_found),
        cmocka_unit_test(a_row_that_was_left_out_is_found),
        cmocka_unit_test(a_name_and_a_struct_are_one_event_only),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
