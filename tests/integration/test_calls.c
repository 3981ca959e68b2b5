/* test_calls.c - tests the part of the test kit that stands in for other systems: it answers calls
 * by a script, records them, and fails tests that do not name them. */
#include "../support/fixture.h"
#include "../support/kit.h"

#include <stdio.h>
#include <string.h>

/* ---- a domain: a guest's letter is printed by a partner ---- */

CAIRN_STRUCT(letter_written, TEXT(text));
CAIRN_STRUCT(letter_torn);
CAIRN_EVENTS(letter, EVENT(letter_written, "LetterWritten", 1),
             EVENT(letter_torn, "LetterTorn", 1));

static struct cairn_target printer = {
    .name = "printer",
    .url = "http://127.0.0.1:9",
    .deadline_us = CAIRN_MILLISECONDS(2000),
    .backoff_us = 1000,
    .breaker_failures = 4,
};
static const char *archive_url;
static int64_t archive_number;
static struct cairn_target archive = {.name = "archive", .attempts = 1};
static int starts;
static int stops;
static bool refuses_to_start;

static int start(struct cairn_error *error)
{
    archive.url = archive_url;
    starts++;
    return refuses_to_start ? cairn_fail(error, CAIRN_CONFIG, "no archive today") : 0;
}

static void stop(void)
{
    stops++;
}

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_ARCHIVE_NUMBER", .fallback = "7", .number = &archive_number, .max = 100},
    {.name = "CAIRN_ARCHIVE_URL", .fallback = "http://127.0.0.1:9", .text = &archive_url},
    {.name = NULL},
};
static const struct cairn_service printing_service = {
    .name = "printing", .settings = settings, .start = start, .stop = stop};

CAIRN_REACTOR(printing);

static int answered; /* the last status */
static char answered_body[100];

static enum cairn_outcome print_text(struct cairn_target *target, const char *path,
                                     const char *text, const struct cairn_call *call,
                                     struct cairn_error *error)
{
    struct cairn_outbound_response response = {0};
    char body[200];
    (void)snprintf(body, sizeof body, "{ \"text\": \"%s\", \"copies\": %" PRId64 " }", text,
                   archive_number);
    const struct cairn_outbound_request request = {.method = *text ? "POST" : "GET",
                                                   .path = path,
                                                   .content_type = "application/json",
                                                   .body = *text ? body : NULL,
                                                   .body_bytes = *text ? strlen(body) : 0,
                                                   .idempotency_key = call->idempotency_key,
                                                   .idempotent = strcmp(text, "once") != 0};
    int failed = cairn_outbound_call(target, &request, &response, error);
    answered = failed ? failed : response.status;
    (void)snprintf(answered_body, sizeof answered_body, "%s", failed ? "" : response.body);
    cairn_outbound_response_reset(&response);
    return failed ? CAIRN_TRY_AGAIN : answered < 300 ? CAIRN_DONE : CAIRN_GIVE_UP;
}

CAIRN_HANDLE(printing, letter, letter_written)
{
    return print_text(&printer, "/print?tray=2", event->text, call, error);
}

CAIRN_HANDLE(printing, letter, letter_torn)
{
    return print_text(&archive, "/torn", "", call, error);
}

#define PRINTED(text) "{\"copies\":0,\"text\":\"" text "\"}"

static int setup(void **state)
{
    archive_number = 0;
    return kit_setup(state);
}

/* ---- what passes ---- */

static void calls_are_answered_by_the_script_and_recorded(void **state)
{
    (void)state;
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(201, "{\"job\":1}");
    CALL_ANSWERS(409, "busy", .content_type = "text/plain");
    WHEN_EVENT(letter_written, .text = "dear");
    THEN_CALLED("POST", "/print?tray=2", PRINTED("dear"));
    THEN_CALL_HEADER("Idempotency-Key", EVENT_KEY());
    THEN_CALL_HEADER("content-type", "application/json");
    THEN_CALL_HEADER("Authorization", NULL);
    THEN_OUTCOME(CAIRN_DONE);
    assert_string_equal(answered_body, "{\"job\":1}");
    WHEN_EVENT(letter_written, .text = "sir");
    THEN_CALLED("POST", "/print?tray=2", NULL);
    THEN_OUTCOME(CAIRN_GIVE_UP);
    assert_int_equal(answered, 409);
}

static void repeated_attempts_are_calls_of_their_own(void **state)
{
    (void)state;
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(503, "");
    CALL_CUT();
    CALL_ANSWERS(200, "{}");
    WHEN_EVENT(letter_written, .text = "dear");
    THEN_CALLED("POST", "/print?tray=2", PRINTED("dear"));
    THEN_CALLED("POST", "/print?tray=2", PRINTED("dear"));
    THEN_CALLED("POST", "/print?tray=2", PRINTED("dear"));
    assert_int_equal(answered, 200);
}

static void a_cut_connection_leaves_the_outcome_open(void **state)
{
    (void)state;
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_CUT();
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", PRINTED("once"));
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    assert_int_equal(answered, -CAIRN_UNKNOWN);
}

static void an_answer_can_come_too_late(void **state)
{
    (void)state;
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}", .delay_ms = 60000);
    int64_t begun_ms = fixture_now_ms();
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", PRINTED("once"));
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    assert_int_equal(answered, -CAIRN_UNKNOWN);
    assert_in_range(fixture_now_ms() - begun_ms, 2000, 20000);
}

static void a_delay_is_part_of_the_answer(void **state)
{
    (void)state;
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}", .delay_ms = 100);
    int64_t begun_ms = fixture_now_ms();
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", PRINTED("once"));
    assert_in_range(fixture_now_ms() - begun_ms, 100, 2000);
}

static void a_target_can_be_away_and_come_back(void **state)
{
    (void)state;
    CAIRN_REACTING(printing);
    TARGET(&printer);
    TARGET_AWAY();
    WHEN_EVENT(letter_written, .text = "once");
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    assert_int_equal(answered, -CAIRN_UNAVAILABLE);
    TARGET_BACK();
    CALL_ANSWERS(200, "{}");
    WHEN_RETRIED();
    THEN_CALLED("POST", "/print?tray=2", NULL);
    assert_int_equal(answered, 200);
}

static void each_test_begins_with_a_closed_breaker(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        CAIRN_REACTING(printing);
        TARGET(&printer);
        CALL_CUT();
        WHEN_EVENT(letter_written, .text = "once");
        THEN_CALLED("POST", "/print?tray=2", NULL);
        THEN_OUTCOME(CAIRN_TRY_AGAIN);
    }
    assert_string_equal(printer.url, "http://127.0.0.1:9");
}

static void a_target_can_be_named_by_the_setting_of_its_url(void **state)
{
    (void)state;
    archive_url = "http://127.0.0.1:10";
    starts = stops = 0;
    for (int i = 1; i <= 2; i++) {
        CAIRN_REACTING(printing);
        TARGET(&printer);
        TARGET_SETTING(printing_service, "CAIRN_ARCHIVE_URL");
        assert_int_equal(starts, i);
        assert_int_equal(archive_number, 7);
        CALL_ANSWERS(200, "{}");
        TARGET(&printer);
        CALL_ANSWERS(200, "{}");
        WHEN_EVENT(letter_torn);
        TARGET_SETTING(printing_service, "CAIRN_ARCHIVE_URL");
        THEN_CALLED("GET", "/torn", "");
        WHEN_EVENT(letter_written, .text = "dear");
        TARGET(&printer);
        THEN_CALLED("POST", "/print?tray=2", "{\"copies\":7,\"text\":\"dear\"}");
        assert_int_equal(stops, i - 1);
    }
    assert_int_equal(stops, 2);
    assert_string_equal(archive_url, "http://127.0.0.1:10");
}

/* ---- what fails ---- */

static void a_call_not_named(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}");
    WHEN_EVENT(letter_written, .text = "once");
}

static void a_call_not_answered(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", NULL);
}

static void a_call_not_answered_nor_named(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    WHEN_EVENT(letter_written, .text = "once");
    THEN_OUTCOME(CAIRN_GIVE_UP);
}

static void another_call(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}");
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=1", PRINTED("once"));
}

static void another_body(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}");
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", PRINTED("twice"));
}

static void another_header(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}");
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", NULL);
    THEN_CALL_HEADER("Content-Type", "text/plain");
}

static void a_call_too_many(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    TARGET_AWAY();
    WHEN_EVENT(letter_written, .text = "once");
    THEN_OUTCOME(CAIRN_TRY_AGAIN);
    THEN_CALLED("POST", "/print?tray=2", NULL);
}

static void an_answer_that_is_not_taken(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(200, "{}");
    CALL_ANSWERS(200, "{}");
    WHEN_EVENT(letter_written, .text = "once");
    THEN_CALLED("POST", "/print?tray=2", NULL);
}

static void an_answer_that_is_none(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    CALL_ANSWERS(700, "{}");
}

static void no_target(void)
{
    CAIRN_REACTING(printing);
    CALL_ANSWERS(200, "{}");
}

static void no_such_setting(void)
{
    CAIRN_REACTING(printing);
    TARGET_SETTING(printing_service, "CAIRN_ARCHIVE_NUMBER");
}

static void a_service_that_does_not_start(void)
{
    CAIRN_REACTING(printing);
    TARGET_SETTING(printing_service, "CAIRN_ARCHIVE_URL");
}

static void a_header_of_nothing(void)
{
    CAIRN_REACTING(printing);
    TARGET(&printer);
    THEN_CALL_HEADER("Content-Type", "text/plain");
}

static void wrong_tests_fail_and_show_both_sides(void **state)
{
    (void)state;
    KIT_EXPECT_FAILURE(a_call_not_named,
                       "a call of printer that no THEN_CALLED names\n  wanted: nothing\n"
                       "  seen:   POST /print?tray=2 { \"text\": \"once\", \"copies\": 0 }");
    KIT_EXPECT_FAILURE(
        a_call_not_answered,
        "a call of printer that no CALL_ANSWERS answers\n  seen:   POST /print?tray=2");
    KIT_EXPECT_FAILURE(
        a_call_not_answered_nor_named,
        "a call of printer that no CALL_ANSWERS answers\n  seen:   POST /print?tray=2");
    KIT_EXPECT_FAILURE(another_call,
                       "the call of printer differs\n  wanted: POST /print?tray=1 "
                       "{\"copies\":0,\"text\":\"once\"}\n  seen:   POST /print?tray=2");
    KIT_EXPECT_FAILURE(another_body, "the call of printer differs\n  wanted: POST /print?tray=2 "
                                     "{\"copies\":0,\"text\":\"twice\"}\n  seen:   POST");
    KIT_EXPECT_FAILURE(another_header, "the header Content-Type differs\n  wanted: text/plain\n"
                                       "  seen:   application/json");
    KIT_EXPECT_FAILURE(a_call_too_many, "printer was not called any more\n  wanted: POST "
                                        "/print?tray=2 (any body)\n  seen:   nothing");
    KIT_EXPECT_FAILURE(an_answer_that_is_not_taken, "1 CALL_ANSWERS of printer that no call took");
    KIT_EXPECT_FAILURE(an_answer_that_is_none,
                       "CALL_ANSWERS with status 700: one is from 200 to 599");
    KIT_EXPECT_FAILURE(no_target, "CALL_ANSWERS without a TARGET before it");
    KIT_EXPECT_FAILURE(no_such_setting,
                       "the service printing has no setting CAIRN_ARCHIVE_NUMBER that is a text");
    refuses_to_start = true;
    KIT_EXPECT_FAILURE(a_service_that_does_not_start,
                       "the start of the service printing fails: no archive today");
    refuses_to_start = false;
    KIT_EXPECT_FAILURE(a_header_of_nothing, "THEN_CALL_HEADER without a THEN_CALLED before it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(calls_are_answered_by_the_script_and_recorded, setup),
        cmocka_unit_test_setup(repeated_attempts_are_calls_of_their_own, setup),
        cmocka_unit_test_setup(a_cut_connection_leaves_the_outcome_open, setup),
        cmocka_unit_test_setup(an_answer_can_come_too_late, setup),
        cmocka_unit_test_setup(a_delay_is_part_of_the_answer, setup),
        cmocka_unit_test_setup(a_target_can_be_away_and_come_back, setup),
        cmocka_unit_test_setup(each_test_begins_with_a_closed_breaker, setup),
        cmocka_unit_test_setup(a_target_can_be_named_by_the_setting_of_its_url, setup),
        cmocka_unit_test_setup(wrong_tests_fail_and_show_both_sides, setup),
    };
    return cmocka_run_group_tests_name("calls", tests, kit_setup, NULL);
}
