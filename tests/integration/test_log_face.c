/* test_log_face.c - the log over HTTP: pages, long polls, streams and feeds show what the log has,
 * in its order, and nothing that a caller's policy does not allow. */
#include "../support/callers.h"
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/sse.h"
#include "../support/support.h"
#include "../support/vessels.h"

#include "runtime/check/policy_check.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 20000 };

#define POT "pot-0193a1c2-0000-7000-8000-000000000001"
#define OTHER_POT "pot-0193a1c2-0000-7000-8000-000000000002"
#define JAR "jar-0193a1c2-0000-7000-8000-000000000003"
#define VASE "vase-0193a1c2-0000-7000-8000-000000000004"
#define ADA "01890000-0000-7000-8000-00000000000a"
#define NOBODY_S "0193a1c2-0000-7000-8000-0000000000ff"

/* Vases are not shown. */
static const struct cairn_log_face faces[] = {
    {.events = &pot_events, .read = CAIRN_ANYONE},
    {.events = &jar_events, .read = CAIRN_ROLE("clerk")},
    {.events = NULL},
};
static const struct cairn_service service = {.name = "log", .port = 8061, .log = faces};
static const struct cairn_service *const services[] = {&service, NULL};

static struct bench {
    char url[512];
    struct cairn_host *host;
    struct http_reply reply;
    json_t *events;
} bench;

static int setup(void **state)
{
    (void)state;
    bench = (struct bench){0};
    fixture_database(bench.url, sizeof bench.url);
    bench.host = hosting_start(bench.url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (bench.host)
        cairn_host_stop(bench.host);
    json_decref(bench.events);
    http_reply_free(&bench.reply);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

static void append(const char *stream, int litres)
{
    char sql[300];
    (void)snprintf(sql, sizeof sql, "select cairn.append('%s', 'Filled', '{\"litres\": %d}')",
                   stream, litres);
    fixture_sql(bench.url, sql);
}

static void get_as(const char *path, const char *headers, int status)
{
    http_reply_free(&bench.reply);
    assert_int_equal(http_send(cairn_host_port(bench.host), "GET", path, headers, NULL, 0,
                               &bench.reply, LONG_MS),
                     0);
    if (bench.reply.status != status)
        fail_msg("%s is answered %d: %s", path, bench.reply.status, bench.reply.body);
}

/* Reads a batch. Returns how many events there are. */
static size_t get(const char *path)
{
    char type[80];
    get_as(path, NULL, 200);
    assert_true(http_header(&bench.reply, "Content-Type", type, sizeof type));
    assert_string_equal(type, "application/cloudevents-batch+json");
    json_decref(bench.events);
    bench.events = json_loads(bench.reply.body, 0, NULL);
    assert_non_null(bench.events);
    return json_array_size(bench.events);
}

static const char *text_at(size_t i, const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(bench.events, i), name));
    assert_non_null(text);
    return text;
}

static int litres_at(size_t i)
{
    json_t *data = json_object_get(json_array_get(bench.events, i), "data");
    return (int)json_integer_value(json_object_get(data, "litres"));
}

static void expect_litres(size_t count, const int *litres)
{
    assert_int_equal(json_array_size(bench.events), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(litres_at(i), litres[i]);
}
#define EXPECT(...)                                                                                \
    expect_litres(sizeof((int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__})

static void expect_code(const char *code)
{
    char quoted[80];
    (void)snprintf(quoted, sizeof quoted, "\"code\":\"%s\"", code);
    if (!strstr(bench.reply.body, quoted))
        fail_msg("%s is not in %s", quoted, bench.reply.body);
}

/* ---- pages ---- */

static void a_stream_is_read_forwards_and_backwards_page_by_page(void **state)
{
    char next[300];
    (void)state;
    for (int i = 1; i <= 5; i++) {
        append(POT, i);
        append(OTHER_POT, 100 + i);
    }
    get("/streams/" POT);
    EXPECT(1, 2, 3, 4, 5);
    assert_string_equal(text_at(4, "version"), "5");
    assert_string_equal(text_at(4, "position"), "9");
    assert_string_equal(text_at(4, "subject"), POT);
    get("/streams/" POT "?from=1&limit=2");
    EXPECT(2, 3);
    assert_true(http_header(&bench.reply, "Link", next, sizeof next));
    assert_string_equal(next, "</streams/" POT "?from=3&limit=2>; rel=\"next\"");
    get("/streams/" POT "?direction=backwards&limit=2");
    EXPECT(5, 4);
    get("/streams/" POT "?direction=backwards&from=4&limit=2");
    EXPECT(3, 2);
    get("/streams/" POT "?direction=backwards&from=2");
    EXPECT(1);
    assert_false(http_header(&bench.reply, "Link", next, sizeof next));
    get_as("/streams/" VASE, NULL, 404);
    get_as("/streams/pot-none", NULL, 404);
    assert_int_equal(get("/streams/" POT "?from=5"), 0);
}

static void a_category_and_all_are_read_in_the_order_of_the_log_by_type(void **state)
{
    (void)state;
    append(POT, 1);
    append(JAR, 2);
    append(VASE, 3);
    append(OTHER_POT, 4);
    fixture_sql(bench.url, "select cairn.append('" POT "', 'Broken', '{}')");
    get("/categories/pot");
    EXPECT(1, 4, 0);
    get("/categories/pot?types=Filled");
    EXPECT(1, 4);
    assert_string_equal(text_at(1, "position"), "4");
    get("/categories/pot?from=1&types=Broken,Filled&limit=1");
    EXPECT(4);
    get("/events");
    EXPECT(1, 2, 4, 0);
    get("/events?direction=backwards&limit=3");
    EXPECT(0, 4, 2);
    get("/events?direction=backwards&from=4&types=Filled");
    EXPECT(2, 1);
    get_as("/categories/vase", NULL, 404);
    get_as("/events?limit=0&from=x&colour=red", NULL, 400);
    assert_non_null(strstr(bench.reply.body, "?limit"));
    assert_non_null(strstr(bench.reply.body, "?from"));
    assert_non_null(strstr(bench.reply.body, "?colour"));
}

static void an_event_is_shown_in_structured_and_in_binary_mode(void **state)
{
    char path[120];
    char header[80];
    (void)state;
    append(POT, 7);
    append(VASE, 8);
    get("/events");
    (void)snprintf(path, sizeof path, "/events/%s", text_at(0, "id"));
    get_as(path, NULL, 200);
    assert_true(http_header(&bench.reply, "Content-Type", header, sizeof header));
    assert_string_equal(header, "application/cloudevents+json");
    assert_non_null(strstr(bench.reply.body, "\"specversion\":\"1.0\""));
    get_as(path, "Accept: application/json\r\n", 200);
    assert_string_equal(bench.reply.body, "{\"litres\": 7}");
    assert_true(http_header(&bench.reply, "ce-type", header, sizeof header));
    assert_string_equal(header, "Filled");
    assert_true(http_header(&bench.reply, "ce-subject", header, sizeof header));
    assert_string_equal(header, POT);
    assert_true(http_header(&bench.reply, "ce-position", header, sizeof header));
    assert_string_equal(header, "1");
    char hidden[80];
    fixture_sql_text(bench.url, "select event_id from cairn.events where position = 2", hidden,
                     sizeof hidden);
    (void)snprintf(path, sizeof path, "/events/%s", hidden);
    get_as(path, NULL, 404);
    get_as("/events/" NOBODY_S, NULL, 404);
    get_as("/events/none", NULL, 404);
    get_as("/schemas/Filled", NULL, 200);
    assert_non_null(strstr(bench.reply.body, "\"litres\""));
    get_as("/schemas/None", NULL, 404);
}

static void an_amended_event_is_shown_as_amended_and_a_skipped_one_not_at_all(void **state)
{
    (void)state;
    append(POT, 1);
    append(POT, 2);
    append(POT, 3);
    fixture_sql(bench.url,
                "insert into cairn.amendments (position, event_id, data, reason) select position,"
                " event_id, case position when 1 then '{\"litres\":10}'::json end, 'test'"
                " from cairn.events where position < 3");
    cairn_host_stop(bench.host);
    bench.host = hosting_start(bench.url, services);
    get("/streams/" POT);
    EXPECT(10, 3);
    get("/feed");
    EXPECT(10, 3);
}

/* ---- waiting ---- */

static int64_t count_waiting(void)
{
    struct http_reply reply = {0};
    assert_int_equal(
        http_send(cairn_host_port(bench.host), "GET", "/metrics", NULL, NULL, 0, &reply, LONG_MS),
        0);
    const char *at = strstr(reply.body, "\ncairn_log_waiting ");
    int64_t count = at ? atoi(at + strlen("\ncairn_log_waiting ")) : 0;
    http_reply_free(&reply);
    return count;
}

static bool one_waits(void *context)
{
    (void)context;
    return count_waiting() > 0;
}

/* Executes the statements once a request waits. */
static void *execute_later(void *context)
{
    fixture_wait(one_waits, NULL, LONG_MS, "a request waits");
    fixture_sql(bench.url, context);
    return NULL;
}

/* Sends a request that waits, and is answered when the statements have been executed. */
static void expect_woken(const char *path, const char *sql)
{
    pthread_t thread;
    char statements[600];
    (void)snprintf(statements, sizeof statements, "%s", sql);
    assert_int_equal(pthread_create(&thread, NULL, execute_later, statements), 0);
    (void)get(path);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_long_poll_is_answered_when_there_is_an_event_or_its_time_is_over(void **state)
{
    (void)state;
    append(POT, 1);
    expect_woken("/streams/" OTHER_POT "?timeout=15000",
                 "select cairn.append('" OTHER_POT "', 'Filled', '{\"litres\":2}')");
    EXPECT(2);
    expect_woken("/feeds/pot?from=2&timeout=15000",
                 "select cairn.append('" VASE "', 'Filled', '{\"litres\":3}');"
                 "select cairn.append('" POT "', 'Filled', '{\"litres\":4}')");
    EXPECT(4);
    int64_t begun_ms = fixture_now_ms();
    assert_int_equal(get("/feed?from=4&timeout=300"), 0);
    assert_in_range(fixture_now_ms() - begun_ms, 290, 5000);
    get_as("/feed?timeout=30001", NULL, 400);
}

/* ---- feeds ---- */

static void a_feed_is_read_to_its_end_by_the_id_of_the_last_event(void **state)
{
    char path[120] = "/feeds/pot?limit=7";
    int sum = 0;
    (void)state;
    fixture_sql(bench.url,
                "select count(*) from (select cairn.append(case when i % 3 = 0 then '" POT
                "' else '" VASE "' end, 'Filled', json_build_object('litres', i)) from"
                " generate_series(1, 90) i) t");
    for (size_t count; (count = get(path)) > 0;) {
        for (size_t i = 0; i < count; i++)
            sum += litres_at(i);
        (void)snprintf(path, sizeof path, "/feeds/pot?limit=7&lastEventId=%s",
                       text_at(count - 1, "id"));
    }
    assert_int_equal(sum, 3 * 30 * 31 / 2);
}

static void an_unknown_last_event_is_refused_and_said_to_be_of_another_history(void **state)
{
    (void)state;
    append(POT, 1);
    get_as("/feed?lastEventId=" NOBODY_S, NULL, 412);
    expect_code("position-of-another-timeline");
    get_as("/feed?lastEventId=abc", NULL, 400);
    get_as("/events", "Last-Event-ID: " NOBODY_S "\r\n", 412);
}

static void events_far_behind_rare_ones_are_found(void **state)
{
    (void)state;
    fixture_sql(bench.url, "select count(*) from (select cairn.append('" VASE "', 'Filled',"
                           " '{\"litres\":0}') from generate_series(1, 45000)) t");
    append(POT, 5);
    get("/feeds/pot");
    EXPECT(5);
    append(VASE, 1);
    assert_int_equal(get("/categories/pot?from=45001"), 0);
    get("/categories/pot?direction=backwards");
    EXPECT(5);
}

/* ---- streams ---- */

static int litres_of(const struct sse_message *message)
{
    const char *at = strstr(message->data, "\"litres\":");
    assert_non_null(at);
    return atoi(at + strlen("\"litres\":"));
}

static void a_stream_of_events_goes_on_where_its_client_left_it(void **state)
{
    struct sse sse = {0};
    char last[200];
    (void)state;
    append(POT, 1);
    append(VASE, 9);
    append(POT, 2);
    assert_true(sse_open(&sse, cairn_host_port(bench.host), "/categories/pot",
                         "Accept: text/event-stream\r\n"));
    for (int i = 1; i <= 2; i++) {
        struct sse_message message = sse_expect(&sse);
        assert_int_equal(litres_of(&message), i);
        (void)snprintf(last, sizeof last, "Accept: text/event-stream\r\nLast-Event-ID: %s\r\n",
                       message.id);
    }
    append(VASE, 9);
    append(OTHER_POT, 3);
    struct sse_message live = sse_expect(&sse);
    assert_int_equal(litres_of(&live), 3);
    sse_close(&sse);
    append(POT, 4);
    assert_true(sse_open(&sse, cairn_host_port(bench.host), "/categories/pot", last));
    for (int i = 3; i <= 4; i++) {
        struct sse_message message = sse_expect(&sse);
        assert_int_equal(litres_of(&message), i);
    }
    sse_close(&sse);
    get_as("/streams/" OTHER_POT, last, 412); /* the event is of another stream */
}

static void a_stream_shows_every_event_of_a_long_log_once_and_in_order(void **state)
{
    struct sse sse = {0};
    (void)state;
    fixture_sql(bench.url,
                "select count(*) from (select cairn.append('" POT "', 'Filled',"
                " format('{\"litres\":%s}', i)::json) from generate_series(1, 3000) i) t");
    assert_true(sse_open(&sse, cairn_host_port(bench.host), "/streams/" POT "?limit=1000",
                         "Accept: text/event-stream\r\n"));
    for (int i = 1; i <= 3000; i++) {
        struct sse_message message = sse_expect(&sse);
        assert_int_equal(litres_of(&message), i);
    }
    append(POT, 3001);
    struct sse_message live = sse_expect(&sse);
    assert_int_equal(litres_of(&live), 3001);
    sse_close(&sse);
}

static void streams_and_polls_go_on_when_the_database_has_restarted(void **state)
{
    struct sse sse = {0};
    (void)state;
    append(POT, 1);
    assert_true(
        sse_open(&sse, cairn_host_port(bench.host), "/events", "Accept: text/event-stream\r\n"));
    struct sse_message first = sse_expect(&sse);
    assert_int_equal(litres_of(&first), 1);
    fixture_postgres_stop();
    fixture_postgres_start();
    append(POT, 2);
    struct sse_message second = sse_expect(&sse);
    assert_int_equal(litres_of(&second), 2);
    sse_close(&sse);
    get("/feed?timeout=1000");
    EXPECT(1, 2);
}

static void a_stream_ends_when_the_store_was_restored(void **state)
{
    struct sse sse = {0};
    struct sse_message message;
    (void)state;
    append(POT, 1);
    assert_true(
        sse_open(&sse, cairn_host_port(bench.host), "/events", "Accept: text/event-stream\r\n"));
    message = sse_expect(&sse);
    fixture_sql(bench.url, "update cairn.store set epoch = epoch + 1");
    fixture_sql(bench.url, "select pg_terminate_backend(pid) from pg_stat_activity where"
                           " pid <> pg_backend_pid() and datname = current_database()");
    append(POT, 2);
    assert_false(sse_next(&sse, &message, LONG_MS));
    assert_true(sse.ended);
    sse_close(&sse);
}

/* ---- policies ---- */

static void a_caller_is_shown_the_categories_that_it_may_read(void **state)
{
    (void)state;
    cairn_host_stop(bench.host);
    callers_open();
    bench.host = hosting_start(bench.url, services);
    append(POT, 1);
    append(JAR, 2);
    append(VASE, 3);
    get("/events");
    EXPECT(1);
    get_as("/categories/jar", NULL, 401);
    get_as("/feeds/jar", caller_headers(ADA, "thief"), 403);
    get_as("/streams/" JAR, caller_headers(ADA, "thief"), 403);
    get_as("/streams/" JAR, caller_headers(ADA, "clerk"), 200);
    get_as("/events", caller_headers(ADA, "clerk"), 200);
    assert_non_null(strstr(bench.reply.body, JAR));
    assert_null(strstr(bench.reply.body, VASE));
    get_as("/events", "Authorization: Bearer nonsense\r\n", 401);
    cairn_host_stop(bench.host);
    bench.host = NULL;
    callers_close();
}

static void a_category_without_a_policy_does_not_start(void **state)
{
    static const struct cairn_log_face open[] = {{.events = &pot_events}, {.events = NULL}};
    static const struct cairn_service careless = {.name = "log", .log = open};
    static const struct cairn_service *const all[] = {&careless, NULL};
    struct cairn_error error = {0};
    (void)state;
    assert_int_equal(cairn_policies_check(all, true, &error), -CAIRN_BUG);
    assert_non_null(strstr(error.message, "pot"));
    assert_int_equal(cairn_policies_check(all, false, &error), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stream_is_read_forwards_and_backwards_page_by_page),
        TEST(a_category_and_all_are_read_in_the_order_of_the_log_by_type),
        TEST(an_event_is_shown_in_structured_and_in_binary_mode),
        TEST(an_amended_event_is_shown_as_amended_and_a_skipped_one_not_at_all),
        TEST(a_long_poll_is_answered_when_there_is_an_event_or_its_time_is_over),
        TEST(a_feed_is_read_to_its_end_by_the_id_of_the_last_event),
        TEST(an_unknown_last_event_is_refused_and_said_to_be_of_another_history),
        TEST(events_far_behind_rare_ones_are_found),
        TEST(a_stream_of_events_goes_on_where_its_client_left_it),
        TEST(a_stream_shows_every_event_of_a_long_log_once_and_in_order),
        TEST(streams_and_polls_go_on_when_the_database_has_restarted),
        TEST(a_stream_ends_when_the_store_was_restored),
        TEST(a_caller_is_shown_the_categories_that_it_may_read),
        TEST(a_category_without_a_policy_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
