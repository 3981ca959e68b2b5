/* test_led_commands.c - commands that come one at a time: their polling thread appends them itself,
 * and waits for nothing. */
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/support.h"
#include "../support/wire.h"

#include "core/containers/arena.h"
#include "core/containers/buffer.h"
#include "core/report/metrics.h"
#include "postgres/postgres.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_STRUCT(note_taken, TEXT(text, .max_bytes = 100));
CAIRN_EVENTS(note, EVENT(note_taken, "NoteTaken", 1));
CAIRN_STRUCT(take_note, TEXT(text, .max_bytes = 100));
CAIRN_COMMANDS(note, COMMAND(take_note, "POST /notes"));
CAIRN_STRUCT(note);
CAIRN_EVOLVE(note, note_taken)
{
}
CAIRN_DECIDE(note, take_note)
{
    CAIRN_EMIT(ret, note_taken, .text = command->text);
    return 0;
}
CAIRN_DECIDER(note);

static const struct cairn_service service = {.name = "notes", .deciders = {&note_decider}};
static const struct cairn_service *const services[] = {&service, NULL};

static char url[512];
static struct cairn_host *host;
static struct cairn_pg *other; /* a session that holds the lock of the log */

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    assert_int_equal(cairn_pg_open(url, "other", &other, NULL), 0);
    host = hosting_start(url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cairn_host_stop(host);
    cairn_pg_close(other);
    fixture_drop(url);
    return 0;
}

static int64_t led(void)
{
    static const char name[] = "\ncairn_appends_led_total ";
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    const char *at = strstr(text.text, name);
    int64_t value = at ? strtoll(at + strlen(name), NULL, 10) : 0;
    cairn_arena_close(&arena);
    return value;
}

static int post(const char *text)
{
    char body[200];
    (void)snprintf(body, sizeof body, "{\"text\":\"%s\"}", text);
    return hosting_post(host, "/notes", "", body);
}

static int64_t count_of(const char *text)
{
    char sql[200];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from cairn.events where data ->> 'text' = '%s'", text);
    return fixture_sql_int(url, sql);
}

static void other_says(const char *sql)
{
    struct cairn_error error = {0};
    if (cairn_pg_script(other, sql, &error) < 0)
        fail_msg("%s: %s", sql, error.message);
}

static bool an_append_waits(void *context)
{
    (void)context;
    return fixture_sql_int(url, "select count(*) from pg_stat_activity where wait_event_type ="
                                " 'Lock' and query like '%cairn.append_one%'"
                                " and datname = current_database()") > 0;
}

/* Sends a command that cannot be carried out before the lock is released. */
static struct wire post_behind_the_lock(const char *text)
{
    char request[300];
    char body[100];
    int length = snprintf(body, sizeof body, "{\"text\":\"%s\"}", text);
    (void)snprintf(request, sizeof request,
                   "POST /notes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                   "Content-Length: %d\r\n\r\n%s",
                   length, body);
    other_says("begin; lock table cairn.append_lock in exclusive mode");
    struct wire wire = wire_open(cairn_host_port(host));
    wire_send(&wire, request);
    fixture_wait(an_append_waits, NULL, 20000, "the append to wait for the lock");
    return wire;
}

/* ---- tests ---- */

static void commands_one_at_a_time_are_appended_by_their_polling_thread(void **state)
{
    (void)state;
    enum { COUNT = 20 };
    int64_t before = led();
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(post("one"), 201);
    /* the first one is for the appender's thread, which connects; on a busy machine also one that
     * comes before that has released the connection */
    assert_in_range(led() - before, COUNT / 2, COUNT - 1);
    assert_int_equal(count_of("one"), COUNT);
}

/* Answers come from all polling threads, on connections of their own, while an append is under way
 * that a polling thread has sent. */
static void an_append_that_takes_long_holds_up_no_other_request(void **state)
{
    (void)state;
    assert_int_equal(post("warm"), 201);
    assert_int_equal(post("warm"), 201);
    struct wire slow = post_behind_the_lock("slow");
    for (int i = 0; i < 8; i++)
        assert_int_equal(wire_ask(cairn_host_port(host), "GET /healthz HTTP/1.1\r\n", "").status,
                         200);
    assert_false(wire_readable(&slow, 0));
    other_says("rollback");
    assert_int_equal(wire_read(&slow).status, 201);
    wire_close(&slow);
    assert_int_equal(count_of("slow"), 1);
}

static void a_client_that_leaves_takes_no_append_along(void **state)
{
    (void)state;
    assert_int_equal(post("warm"), 201);
    struct wire gone = post_behind_the_lock("gone");
    wire_close(&gone);
    other_says("rollback");
    fixture_wait_sql(url, "select count(*) from cairn.events where data ->> 'text' = 'gone'", 1,
                     20000);
    assert_int_equal(post("after"), 201);
}

static void a_command_whose_connection_is_lost_is_carried_out_once(void **state)
{
    (void)state;
    assert_int_equal(post("warm"), 201);
    struct wire wire = post_behind_the_lock("lost");
    fixture_sql(url, "select pg_terminate_backend(pid) from pg_stat_activity where datname ="
                     " current_database() and query like '%cairn.append_one%'"
                     " and pid <> pg_backend_pid()");
    other_says("rollback");
    assert_int_equal(wire_read(&wire).status, 201);
    wire_close(&wire);
    assert_int_equal(count_of("lost"), 1);
}

static void a_server_that_stops_answers_what_is_led(void **state)
{
    (void)state;
    struct cairn_host *shared = host;
    host = hosting_start(url, services);
    assert_int_equal(post("warm"), 201);
    assert_int_equal(post("warm"), 201);
    struct wire wire = post_behind_the_lock("last");
    other_says("rollback");
    cairn_host_stop(host);
    assert_int_equal(wire_read(&wire).status, 201);
    wire_close(&wire);
    assert_int_equal(count_of("last"), 1);
    host = shared;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_one_at_a_time_are_appended_by_their_polling_thread),
        cmocka_unit_test(an_append_that_takes_long_holds_up_no_other_request),
        cmocka_unit_test(a_client_that_leaves_takes_no_append_along),
        cmocka_unit_test(a_command_whose_connection_is_lost_is_carried_out_once),
        cmocka_unit_test(a_server_that_stops_answers_what_is_led),
    };
    return cmocka_run_group_tests_name("led commands", tests, setup, teardown);
}
