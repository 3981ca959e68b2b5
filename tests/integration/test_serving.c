/* test_serving.c - tests of whole services over HTTP, in the test's process: commands, queries that
 * read their own writes, rows of given events, processes and reactors with a target of the test. */
#include "../support/fixture.h"
#include "../support/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a domain: a desk is reserved, and a badge is printed for its owner ---- */

CAIRN_STRUCT(desk_reserved, TEXT(owner, .max_bytes = 20), INT(floor, CAIRN_RANGE(0, 9)));
CAIRN_STRUCT(desk_reserved_v1, TEXT(who));
CAIRN_STRUCT(desk_released);
CAIRN_EVENTS(desk, EVENT(desk_reserved, "DeskReserved", 2, desk_reserved_v1),
             EVENT(desk_released, "DeskReleased", 1));
CAIRN_STRUCT(reserve_desk, TEXT(owner, .max_bytes = 20), INT(floor, CAIRN_RANGE(0, 9)));
CAIRN_STRUCT(release_desk);
CAIRN_COMMANDS(desk, COMMAND(reserve_desk, "POST /desks"),
               COMMAND(release_desk, "POST /desks/{id}/release"));

CAIRN_UPCAST(desk_reserved_v1, desk_reserved)
{
    *ret = (struct desk_reserved){.owner = old->who, .floor = 1};
}

CAIRN_STRUCT(desk, BOOL(released));
CAIRN_EVOLVE(desk, desk_reserved)
{
    self->released = false;
}
CAIRN_EVOLVE(desk, desk_released)
{
    self->released = true;
}
CAIRN_DECIDE(desk, reserve_desk)
{
    CAIRN_EMIT(ret, desk_reserved, .owner = command->owner, .floor = command->floor);
    return 0;
}
CAIRN_DECIDE(desk, release_desk)
{
    if (self->released)
        return cairn_refuse(error, "desk-free", "the desk is free");
    CAIRN_EMIT(ret, desk_released);
    return 0;
}
CAIRN_DECIDER(desk, .state_version = 1);

CAIRN_STRUCT(badge_ordered, UUID(desk_id), TEXT(owner));
CAIRN_STRUCT(badge_printed, TEXT(number));
CAIRN_EVENTS(badge, EVENT(badge_ordered, "BadgeOrdered", 1),
             EVENT(badge_printed, "BadgePrinted", 1));
CAIRN_STRUCT(order_badge, UUID(desk_id), TEXT(owner));
CAIRN_STRUCT(finish_badge, TEXT(number));
CAIRN_COMMANDS(badge, COMMAND(order_badge, "POST /badges"),
               COMMAND(finish_badge, "POST /badges/{id}/finish"));
CAIRN_STRUCT(badge);
CAIRN_EVOLVE(badge, badge_ordered)
{
}
CAIRN_EVOLVE(badge, badge_printed)
{
}
CAIRN_DECIDE(badge, order_badge)
{
    CAIRN_EMIT(ret, badge_ordered, .desk_id = command->desk_id, .owner = command->owner);
    return 0;
}
CAIRN_DECIDE(badge, finish_badge)
{
    CAIRN_EMIT(ret, badge_printed, .number = command->number);
    return 0;
}
CAIRN_DECIDER(badge, .state_version = 1);

CAIRN_STRUCT(badging, BOOL(ordered));
CAIRN_PROCESS(badging, CAIRN_SENDS(badge));
CAIRN_WHEN(badging, desk, desk_reserved)
{
    self->ordered = true;
    CAIRN_SEND(ret, badge, cairn_new_id(given, "badge"), order_badge, .desk_id = given->id,
               .owner = event->owner);
}

static struct cairn_target printer = {.name = "printer"};
CAIRN_REACTOR(printing);
CAIRN_HANDLE(printing, badge, badge_ordered)
{
    struct cairn_outbound_response response = {0};
    const char *number;
    const struct cairn_outbound_request request = {.method = "POST",
                                                   .path = "/badges",
                                                   .body = event->owner,
                                                   .body_bytes = strlen(event->owner),
                                                   .content_type = "text/plain",
                                                   .idempotent = true};
    int failed = cairn_outbound_call(&printer, &request, &response, error);
    number = failed ? "" : response.body;
    if (!failed)
        failed = CAIRN_TELL(call, error, badge, call->meta->id, finish_badge, .number = number);
    cairn_outbound_response_reset(&response);
    return cairn_outcome_of(failed);
}

CAIRN_STRUCT(desks, UUID(desk_id), TEXT(owner), INT(floor), BOOL(free));
CAIRN_PROJECTION(desks, .version = 1, CAIRN_INDEXES("owner"));
CAIRN_ON(desks, desk, desk_reserved)
{
    *row = (struct desks){.desk_id = meta->id, .owner = event->owner, .floor = event->floor};
    return CAIRN_KEEP;
}
CAIRN_ON(desks, desk, desk_released)
{
    row->free = true;
    return CAIRN_KEEP;
}

CAIRN_STRUCT(badges, TEXT(owner), TEXT(number, .optional = true));
CAIRN_PROJECTION(badges, .version = 1);
CAIRN_ON_BY(badges, badge, badge_ordered, desk_id)
{
    row->owner = event->owner;
    return CAIRN_KEEP;
}

CAIRN_STRUCT(numbers, TEXT(number));
CAIRN_PROJECTION(numbers, .version = 1, CAIRN_INDEXES("number"));
CAIRN_ON(numbers, badge, badge_printed)
{
    row->number = event->number;
    return CAIRN_KEEP;
}

static int starts, stops;
static int start(struct cairn_error *error)
{
    (void)error;
    starts++;
    return 0;
}
static void stop(void)
{
    stops++;
}

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_PRINTER_URL", .fallback = "http://127.0.0.1:9", .text = &printer.url},
    {.name = NULL},
};

static const struct cairn_service desk_service = {.name = "desk",
                                                  .port = 8030,
                                                  .deciders = {&desk_decider, &badge_decider},
                                                  .processes = {&badging_process},
                                                  .reactors = {&printing_reactor},
                                                  .settings = settings,
                                                  .start = start,
                                                  .stop = stop};
static const struct cairn_service reading_service = {
    .name = "reading",
    .port = 8031,
    .projections = {&desks_projection, &badges_projection, &numbers_projection},
    .resources = CAIRN_RESOURCES(
        {.path = "/desks/{id}", .projection = &desks_projection},
        {.path = "/desks",
         .projection = &desks_projection,
         .list = true,
         .filters = {{"floor", "floor", CAIRN_EQUAL}},
         .order = "owner"},
        {.path = "/badges/{id}", .projection = &badges_projection},
        {.path = "/numbers", .projection = &numbers_projection, .list = true, .order = "number"})};
static const struct cairn_service broken_service = {
    .name = "broken", .port = 8032, .resources = CAIRN_RESOURCES({.path = "/desks/{key}"})};

static char url[512];

/* ---- what passes ---- */

static void commands_are_answered_and_read(void **state)
{
    (void)state;
    CAIRN_SERVING(desk_service, url);
    SERVING_TOO(reading_service);
    WHEN_POST("/desks", "{\"owner\":\"ada\",\"floor\":3}");
    THEN_STATUS(201);
    THEN_HEADER("ETag", "\"1\"");
    THEN_HEADER("X-Missing", NULL);
    THEN_BODY_HAS("/events/0/type", "DeskReserved");
    THEN_BODY_HAS("/version", "1");
    const char *desk = LOCATION();
    const char *stream = ANSWER("/stream");
    assert_string_equal(desk + strlen("/desks/"), stream + strlen("desk-"));
    WHEN_GET(desk);
    THEN_STATUS(200);
    THEN_BODY_HAS("/owner", "ada");
    THEN_BODY_HAS("/floor", "3");
    THEN_BODY_HAS("/free", "false");
    THEN_BODY(PATH("{\"desk_id\":\"%s\",\"owner\":\"ada\",\"floor\":3,\"free\":false}", desk + 7));
    HEADER("If-Match", "\"2\"");
    WHEN_POST(PATH("%s/release", desk), NULL);
    THEN_STATUS(412);
    HEADER("If-Match", "\"1\"");
    WHEN_POST(PATH("%s/release", desk), NULL);
    WHEN_GET(desk); /* reads the test's own write, without a pause */
    THEN_BODY_HAS("/free", "true");
    WHEN_POST(PATH("%s/release", desk), "{}");
    THEN_STATUS(422);
    THEN_BODY_HAS("/code", "desk-free");
    WHEN_POST("/desks", "{\"owner\":\"\",\"floor\":10}");
    THEN_STATUS(400);
    THEN_BODY_HAS("/errors/0/pointer", "/owner");
    WHEN_GET("/nothing");
    THEN_STATUS(404);
    WHEN_REQUEST("HEAD", desk, NULL);
    THEN_STATUS(200);
    THEN_HEADER("Content-Type", "application/json");
}

static void queries_show_the_rows_of_given_events(void **state)
{
    (void)state;
    CAIRN_SERVING(reading_service, url);
    STREAM(CAIRN_UUID("01890000-0000-7000-8000-0000000000d1"));
    GIVEN(desk_reserved, .owner = "zoe", .floor = 7);
    STREAM(CAIRN_UUID("01890000-0000-7000-8000-0000000000d2"));
    GIVEN(desk_reserved, .owner = "bob", .floor = 7);
    STREAM(CAIRN_UUID("01890000-0000-7000-8000-0000000000d3"));
    GIVEN(desk_reserved, .owner = "eve", .floor = 8);
    GIVEN(desk_released);
    WHEN_GET("/desks?floor=7");
    THEN_BODY_HAS("/items/0/owner", "bob");
    THEN_BODY_HAS("/items/1/owner", "zoe");
    THEN_BODY_HAS("/next", "null");
    WHEN_GET("/desks?floor=8");
    THEN_BODY_HAS("/items/0/free", "true");
    WHEN_GET("/desks?floors=8");
    THEN_STATUS(400);
}

static void an_old_event_is_stored_as_it_is_given(void **state)
{
    (void)state;
    CAIRN_SERVING(reading_service, NULL);
    GIVEN(desk_reserved_v1, .who = "ada");
    WHEN_GET("/desks/" CAIRN_TEST_KEY);
    THEN_BODY_HAS("/owner", "ada");
    THEN_BODY_HAS("/floor", "1");
}

static void processes_and_reactors_do_their_work(void **state)
{
    (void)state;
    starts = stops = 0;
    printer.url = "http://127.0.0.1:10";
    {
        CAIRN_SERVING(desk_service, NULL);
        SERVING_TOO(reading_service);
        TARGET_SETTING(desk_service, "CAIRN_PRINTER_URL");
        CALL_ANSWERS(200, "B-1");
        assert_int_equal(starts, 0);
        WHEN_POST("/desks", "{\"owner\":\"ada\",\"floor\":3}");
        THEN_STATUS(201);
        THEN_CALLED("POST", "/badges", "ada");
        const char *desk = LOCATION();
        THEN_EVENTUALLY(PATH("/badges/%s", desk + strlen("/desks/")), "/owner", "ada");
        THEN_EVENTUALLY("/numbers", "/items/0/number", "B-1");
        assert_int_equal(starts, 1);
        assert_int_equal(stops, 0);
    }
    assert_int_equal(stops, 1);
    assert_string_equal(printer.url, "http://127.0.0.1:10");
}

static void each_test_without_a_database_has_one_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        CAIRN_SERVING(desk_service, NULL);
        SERVING_TOO(reading_service);
        WHEN_GET("/desks");
        THEN_BODY_HAS("/items", "[]");
        WHEN_POST("/desks", "{\"owner\":\"ada\",\"floor\":3}");
        THEN_STATUS(201);
    }
    assert_int_equal(
        fixture_sql_int(url,
                        "select count(*) from pg_database where datname like 'cairn\\_test\\_%'"),
        0);
}

static void a_test_that_was_left_is_stopped_by_the_next(void **state)
{
    (void)state;
    struct cairn_scenario *left =
        cairn_scenario_begun(cairn_scenario_service(&desk_service, NULL), __FILE__, __LINE__);
    cairn_scenario_when_request((struct cairn_here){left, __FILE__, __LINE__}, "POST", "/desks",
                                "{\"owner\":\"ada\",\"floor\":3}");
    stops = 0;
    {
        CAIRN_SERVING(reading_service, NULL);
        assert_int_equal(stops, 1);
        WHEN_GET("/desks");
        THEN_BODY_HAS("/items", "[]");
    }
    cairn_scenario_close(&left);
}

/* ---- what fails ---- */

#define RESERVED                                                                                   \
    CAIRN_SERVING(desk_service, url);                                                              \
    WHEN_POST("/desks", "{\"owner\":\"ada\",\"floor\":3}")

static void a_status_not_named(void)
{
    CAIRN_SERVING(desk_service, url);
    WHEN_POST("/desks", "{\"owner\":\"ada\"}");
}

static void another_status(void)
{
    RESERVED;
    THEN_STATUS(200);
}

static void another_value(void)
{
    RESERVED;
    THEN_BODY_HAS("/events/0/type", "DeskReleased");
}

static void no_such_value(void)
{
    RESERVED;
    THEN_BODY_HAS("/events/1/type", "DeskReleased");
}

static void another_body(void)
{
    RESERVED;
    THEN_BODY("{}");
}

static void another_header(void)
{
    RESERVED;
    THEN_HEADER("ETag", "\"2\"");
}

static void no_location(void)
{
    RESERVED;
    WHEN_GET("/healthz");
    (void)LOCATION();
}

static void no_such_answer(void)
{
    RESERVED;
    (void)ANSWER("/nothing");
}

static void a_path_that_is_none(void)
{
    RESERVED;
    WHEN_GET("desks");
}

static void a_header_that_is_none(void)
{
    RESERVED;
    HEADER("Not: one", "x");
}

static void no_request(void)
{
    CAIRN_SERVING(desk_service, url);
    THEN_STATUS(200);
}

static void an_event_of_another_service(void)
{
    CAIRN_SERVING(reading_service, url);
    GIVEN(reserve_desk, .owner = "ada");
}

static void a_service_that_is_wrong(void)
{
    CAIRN_SERVING(broken_service, url);
    WHEN_GET("/desks");
}

static void a_database_that_is_away(void)
{
    CAIRN_SERVING(desk_service, "postgresql://nemo@127.0.0.1:9/nothing");
    WHEN_GET("/healthz");
}

static char empty_url[512];
static void a_database_without_a_schema(void)
{
    CAIRN_SERVING(desk_service, empty_url);
    WHEN_GET("/healthz");
}

static void a_target_that_comes_late(void)
{
    RESERVED;
    TARGET(&printer);
}

static void a_service_that_comes_late(void)
{
    RESERVED;
    SERVING_TOO(reading_service);
}

static void something_that_never_happens(void)
{
    RESERVED;
    THEN_EVENTUALLY("/healthz", "/nothing", "1");
}

static void wrong_tests_fail_and_show_the_answer(void **state)
{
    (void)state;
    fixture_empty_database(empty_url, sizeof empty_url);
    KIT_EXPECT_FAILURE(a_status_not_named,
                       "a status that no THEN_STATUS names\n  seen:   POST /desks: "
                       "400 {");
    KIT_EXPECT_FAILURE(another_status,
                       "the status differs\n  wanted: 200\n  seen:   POST /desks: 201 {");
    KIT_EXPECT_FAILURE(another_value,
                       "the value at /events/0/type differs\n  wanted: DeskReleased\n"
                       "  seen:   DeskReserved");
    KIT_EXPECT_FAILURE(no_such_value, "there is nothing at /events/1/type\n  wanted: DeskReleased\n"
                                      "  seen:   POST /desks: 201 {\"stream\":\"desk-");
    KIT_EXPECT_FAILURE(another_body, "the body differs\n  wanted: {}\n  seen:   {\"stream\":");
    KIT_EXPECT_FAILURE(another_header, "the header ETag differs\n  wanted: \"2\"\n  seen:   \"1\"");
    KIT_EXPECT_FAILURE(no_location, "the answer has no Location\n  seen:   GET /healthz: 200 {");
    KIT_EXPECT_FAILURE(no_such_answer,
                       "there is nothing at /nothing\n  seen:   POST /desks: 201 {");
    KIT_EXPECT_FAILURE(a_path_that_is_none, "the path \"desks\" does not begin with /");
    KIT_EXPECT_FAILURE(a_header_that_is_none, "HEADER(\"Not: one\", …) is not a header");
    KIT_EXPECT_FAILURE(no_request, "THEN_STATUS without a WHEN before it");
    KIT_EXPECT_FAILURE(an_event_of_another_service,
                       "reserve_desk is not an event that reading decides on or handles");
    KIT_EXPECT_FAILURE(a_service_that_is_wrong, "the service broken cannot start: ");
    KIT_EXPECT_FAILURE(a_database_that_is_away,
                       "the service desk cannot start: PostgreSQL is unavail");
    KIT_EXPECT_FAILURE(a_database_without_a_schema, "cairn migrate");
    KIT_EXPECT_FAILURE(a_target_that_comes_late,
                       "the target printer comes before the first request");
    KIT_EXPECT_FAILURE(a_service_that_comes_late, "SERVING_TOO comes before the first request");
    KIT_EXPECT_FAILURE(something_that_never_happens,
                       "after 20 s still\n  wanted: 1 at /nothing\n  seen:   GET /healthz: 200 {");
    assert_int_equal(unsetenv("DATABASE_URL"), 0);
    fixture_drop(empty_url);
}

static void no_database(void)
{
    CAIRN_SERVING(desk_service, NULL);
    WHEN_GET("/healthz");
}

static void without_any_database_a_test_says_what_it_needs(void **state)
{
    (void)state;
    char *before = strdup(getenv("DATABASE_URL") ? getenv("DATABASE_URL") : "");
    assert_int_equal(unsetenv("DATABASE_URL"), 0);
    KIT_EXPECT_FAILURE(no_database,
                       "DATABASE_URL is to name a server on which this test may make one");
    assert_int_equal(setenv("DATABASE_URL", before, 1), 0);
    free(before);
}

static int setup(void **state)
{
    fixture_database(url, sizeof url);
    assert_int_equal(setenv("DATABASE_URL", getenv("CAIRN_TEST_ADMIN_URL"), 1), 0);
    return kit_setup(state);
}

static int teardown(void **state)
{
    (void)state;
    fixture_drop(url);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered_and_read),
        cmocka_unit_test(queries_show_the_rows_of_given_events),
        cmocka_unit_test(an_old_event_is_stored_as_it_is_given),
        cmocka_unit_test(processes_and_reactors_do_their_work),
        cmocka_unit_test(each_test_without_a_database_has_one_of_its_own),
        cmocka_unit_test(a_test_that_was_left_is_stopped_by_the_next),
        cmocka_unit_test(without_any_database_a_test_says_what_it_needs),
        cmocka_unit_test(wrong_tests_fail_and_show_the_answer),
    };
    return cmocka_run_group_tests_name("serving", tests, setup, teardown);
}
