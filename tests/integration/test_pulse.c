/* test_pulse.c - how the system is, as operators are told each second: a console beside a database,
 * and services that come and go. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/sse.h"
#include "../support/support.h"
#include "../support/system.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 90000, STREAMS_MAX = 32 };

static char url[512];
static struct child console;
static int port;

static int set_up(void **state)
{
    (void)state;
    static const char *const env[] = {"CAIRN_AUTH=off", NULL};
    fixture_database(url, sizeof url);
    port = fixture_free_port();
    service_launch(&console, "console", url, port, env);
    fixture_wait_http(port, "/readyz", PATIENCE_MS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    child_kill(&console, SIGKILL);
    fixture_drop(url);
    return 0;
}

static struct sse follow(void)
{
    struct sse sse;
    assert_true(sse_open(&sse, port, "/admin/pulse", NULL));
    return sse;
}

static json_t *next_sample(struct sse *sse)
{
    struct sse_message message = sse_expect(sse);
    assert_string_equal(message.event, "message");
    json_t *sample = json_loads(message.data, 0, NULL);
    if (!sample)
        fail_msg("not JSON: %s", message.data);
    return sample;
}

static double number(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static int64_t connections_of(const json_t *sample, const char *service)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(sample, "services"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "service")), service) == 0)
            return json_integer_value(json_object_get(row, "connections"));
    }
    fail_msg("no service %s", service);
    return -1;
}

static void wait_for_connections(struct sse *sse, const char *service, bool wanted)
{
    int64_t until_ms = fixture_now_ms() + PATIENCE_MS;
    bool has = !wanted;
    while (has != wanted && fixture_now_ms() < until_ms) {
        json_t *sample = next_sample(sse);
        has = connections_of(sample, service) > 0;
        json_decref(sample);
    }
    assert_int_equal(has, wanted);
}

static void appends_are_counted_between_two_samples(void **state)
{
    (void)state;
    struct sse sse = follow();
    json_t *first = next_sample(&sse);
    assert_true(number(first, "seconds") == 0);
    fixture_sql(url, "select cairn.append('vase-' || i, 'VaseMade', '{}')"
                     " from generate_series(1, 40) i");
    double seen = 0;
    double seconds = 0;
    int64_t head = 0;
    while (head < 40) {
        json_t *sample = next_sample(&sse);
        head = (int64_t)number(json_object_get(sample, "store"), "head");
        seen += number(sample, "appends_per_s") * number(sample, "seconds");
        seconds += number(sample, "seconds");
        assert_true(number(sample, "log_ms") > 0);
        json_decref(sample);
    }
    json_t *last = next_sample(&sse); /* what was appended after the head of a sample was read */
    seen += number(last, "appends_per_s") * number(last, "seconds");
    seconds += number(last, "seconds");
    double rounded = 0.1 + 0.06 * seconds; /* a rate has one decimal */
    assert_true(seen > 40 - rounded && seen < 40 + rounded);
    assert_non_null(json_object_get(last, "bus"));
    json_decref(first);
    json_decref(last);
    sse_close(&sse);
}

static void services_are_seen_to_come_and_to_go(void **state)
{
    (void)state;
    static const char *const env[] = {"CAIRN_AUTH=off", NULL};
    struct child user;
    struct sse sse = follow();
    json_t *none = next_sample(&sse);
    assert_int_equal(connections_of(none, "user"), 0);
    json_decref(none);
    service_launch(&user, "user", url, fixture_free_port(), env);
    wait_for_connections(&sse, "user", true);
    child_kill(&user, SIGKILL);
    wait_for_connections(&sse, "user", false);
    sse_close(&sse);
}

static void let_connect(const char *name, bool may)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "alter database %s with allow_connections %s", name,
                   may ? "true" : "false");
    fixture_sql(getenv("CAIRN_TEST_ADMIN_URL"), sql);
    (void)snprintf(sql, sizeof sql,
                   "select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s'",
                   name);
    if (!may)
        fixture_sql(getenv("CAIRN_TEST_ADMIN_URL"), sql);
}

static void a_database_that_is_away_is_told_and_seen_to_come_back(void **state)
{
    (void)state;
    struct sse sse = follow();
    struct sse_message message = {.event = "message"};
    char name[100];
    fixture_sql_text(url, "select current_database()", name, sizeof name);
    json_decref(next_sample(&sse));
    let_connect(name, false);
    while (strcmp(message.event, "problem") != 0)
        message = sse_expect(&sse);
    assert_null(strstr(message.data, "test_")); /* not where the database is */
    let_connect(name, true);
    while (strcmp(message.event, "message") != 0)
        message = sse_expect(&sse);
    assert_non_null(strstr(message.data, "\"read_models\":"));
    sse_close(&sse);
}

static void more_than_it_can_serve_are_refused(void **state)
{
    (void)state;
    static struct sse streams[STREAMS_MAX];
    static struct http_reply reply;
    for (size_t i = 0; i < STREAMS_MAX; i++) {
        streams[i] = follow();
        json_decref(next_sample(&streams[i]));
    }
    ask_for(503, port, "GET", "/admin/pulse", NULL, NULL, &reply);
    ask_for(400, port, "GET", "/admin/pulse?more=1", NULL, NULL, &reply);
    for (size_t i = 0; i < STREAMS_MAX; i++)
        sse_close(&streams[i]);
    http_reply_free(&reply);
}

static void a_console_that_stops_ends_its_streams(void **state)
{
    (void)state;
    struct sse sse = follow();
    struct sse_message message;
    json_decref(next_sample(&sse));
    assert_int_equal(kill(console.pid, SIGTERM), 0);
    while (sse_next(&sse, &message, PATIENCE_MS))
        continue;
    assert_true(sse.ended);
    assert_int_equal(child_wait(&console, PATIENCE_MS), 0);
    sse_close(&sse);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(appends_are_counted_between_two_samples),
        TEST(services_are_seen_to_come_and_to_go),
        TEST(a_database_that_is_away_is_told_and_seen_to_come_back),
        TEST(more_than_it_can_serve_are_refused),
        TEST(a_console_that_stops_ends_its_streams),
    };
    return cmocka_run_group_tests_name("pulse", tests, NULL, NULL);
}
