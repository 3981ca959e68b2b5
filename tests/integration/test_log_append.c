/* test_log_append.c - appending over HTTP: what is valid is appended once, all or nothing, under
 * the conditions of the request; what is not changes nothing and is told in full. */
#include "../support/callers.h"
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/http_client.h"
#include "../support/support.h"
#include "../support/vessels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_MS = 20000, THREADS = 8 };

#define POT "pot-0193a1c2-0000-7000-8000-000000000001"
#define OTHER_POT "pot-0193a1c2-0000-7000-8000-000000000002"
#define JAR "jar-0193a1c2-0000-7000-8000-000000000003"
#define VASE "vase-0193a1c2-0000-7000-8000-000000000004"
#define ADA "01890000-0000-7000-8000-00000000000a"
#define BOB "01890000-0000-7000-8000-00000000000b"

#define ONE "Content-Type: application/cloudevents+json\r\n"
#define BATCH "Content-Type: application/cloudevents-batch+json; charset=utf-8\r\n"
#define JSON "Content-Type: application/json\r\n"
#define FILLED(litres)                                                                              \
    "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"urn:scale\",\"type\":\"Filled\",\"data\":{" \
    "\"litres\":" litres "}}"
#define FILLED_IN(stream, litres)                                                                  \
    "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"urn:scale\",\"type\":\"Filled\","          \
    "\"subject\":\"" stream "\",\"data\":{\"litres\":" litres "}}"

/* Jars are read only, vases are not shown. */
static const struct cairn_log_face faces[] = {
    {.events = &pot_events, .read = CAIRN_ANYONE, .append = CAIRN_ROLE("scale")},
    {.events = &jar_events, .read = CAIRN_ANYONE},
    {.events = NULL},
};
static const struct cairn_service service = {.name = "log", .port = 8061, .log = faces};
static const struct cairn_service *const services[] = {&service, NULL};

static struct bench {
    char url[512];
    struct cairn_host *host;
    struct http_reply reply;
} bench;

static int setup(void **state)
{
    char writer[600];
    (void)state;
    bench = (struct bench){0};
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", writer, sizeof writer);
    bench.host = hosting_start(writer, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (bench.host)
        cairn_host_stop(bench.host);
    http_reply_free(&bench.reply);
    fixture_drop(bench.url);
    return 0;
}

static void post(int status, const char *path, const char *headers, const char *body)
{
    http_reply_free(&bench.reply);
    assert_int_equal(http_send(cairn_host_port(bench.host), "POST", path, headers, body,
                               strlen(body), &bench.reply, LONG_MS),
                     0);
    if (bench.reply.status != status)
        fail_msg("%s is answered %d: %s", path, bench.reply.status, bench.reply.body);
}

static void expect_said(const char *words)
{
    if (!strstr(bench.reply.body, words))
        fail_msg("%s is not in %s", words, bench.reply.body);
}

static int64_t count_events(void)
{
    return fixture_sql_int(bench.url, "select count(*) from cairn.events");
}

static void events_are_appended_in_each_mode_and_kept_as_their_table_says(void **state)
{
    char text[300];
    (void)state;
    post(201, "/streams/" POT, ONE, FILLED(" 1 "));
    expect_said("{\"streams\":[{\"stream\":\"" POT
                "\",\"version\":1,\"position\":1}],\"position\":1}");
    assert_true(http_header(&bench.reply, "ETag", text, sizeof text));
    assert_string_equal(text, "\"1\"");
    assert_true(http_header(&bench.reply, "Cairn-Position", text, sizeof text));
    post(201, "/streams/" POT, BATCH, "[" FILLED("2") "," FILLED("3") "]");
    expect_said("\"version\":3");
    post(201, "/streams/" POT, JSON "ce-specversion: 1.0\r\nce-type: Filled\r\nce-id: b\r\n",
         "{\"litres\":4}");
    fixture_sql_text(bench.url,
                     "select string_agg(data::text, '' order by position) from"
                     " cairn.events",
                     text, sizeof text);
    assert_string_equal(text, "{\"litres\":1}{\"litres\":2}{\"litres\":3}{\"litres\":4}");
    fixture_sql_text(bench.url, "select meta ->> 'origin' from cairn.events where position = 1",
                     text, sizeof text);
    assert_string_equal(text, "{\"source\":\"urn:scale\",\"id\":\"a\"}");
}

static void what_is_wrong_is_told_in_full_and_changes_nothing(void **state)
{
    (void)state;
    post(400, "/streams/" POT, BATCH,
         "[" FILLED("\"x\"") "," FILLED("1,\"colour\":\"red\"") "," FILLED("1") "]");
    expect_said("/0/data/litres");
    expect_said("/1/data/colour");
    post(400, "/streams/" POT, ONE, "{\"specversion\":\"1.0\",\"type\":\"None\",\"data\":{}}");
    post(400, "/streams/" POT, ONE, "{\"specversion\":\"0.3\",\"type\":\"Filled\",\"data\":{}}");
    post(400, "/streams/" POT, ONE, "{\"specversion\":\"1.0\",\"type\":\"Filled\"}");
    expect_said("/data/litres");
    post(400, "/streams/" POT, ONE, FILLED_IN(OTHER_POT, "1"));
    post(400, "/streams/" POT, BATCH, "[]");
    post(400, "/streams/" POT, BATCH, "[" FILLED("1"));
    post(400, "/streams/" POT, ONE, "nonsense");
    post(400, "/streams/" POT, JSON, "{\"litres\":1}");
    post(400, "/streams/pot-none", ONE, FILLED("1"));
    post(400, "/events", BATCH, "[" FILLED("1") "]"); /* without a subject */
    post(400, "/events", JSON, "{\"conditions\":[]}");
    post(415, "/streams/" POT, "Content-Type: text/plain\r\n", FILLED("1"));
    post(415, "/streams/" POT, NULL, "");
    post(415, "/streams/" POT, "Content-Type: application/cloudevents+json; charset=latin1\r\n",
         FILLED("1"));
    post(404, "/streams/" VASE, ONE, FILLED("1"));
    post(403, "/streams/" JAR, ONE, FILLED("1"));
    post(400, "/streams/" POT, ONE "If-Match: x\r\n", FILLED("1"));
    post(400, "/streams/" POT, ONE "If-Match: \"1\"\r\nIf-None-Match: *\r\n", FILLED("1"));
    assert_int_equal(count_events(), 0);
}

static void an_append_depends_on_the_version_of_its_stream(void **state)
{
    (void)state;
    post(201, "/streams/" POT, ONE "If-None-Match: *\r\n", FILLED("1"));
    post(412, "/streams/" POT, ONE "If-None-Match: *\r\n", FILLED("1"));
    post(201, "/streams/" POT, ONE "If-Match: \"1\"\r\n", FILLED("2"));
    post(412, "/streams/" POT, ONE "If-Match: \"1\"\r\n", FILLED("2"));
    post(412, "/streams/" OTHER_POT, ONE "If-Match: \"1\"\r\n", FILLED("2"));
    assert_int_equal(count_events(), 2);
}

static void several_streams_are_appended_to_under_conditions_or_not_at_all(void **state)
{
    (void)state;
    post(201, "/streams/" POT, ONE, FILLED("1"));
    fixture_sql(bench.url, "select cairn.append('" JAR "', 'Filled', '{\"litres\":1}')");
    post(201, "/events", JSON,
         "{\"conditions\":[{\"stream\":\"" POT "\",\"version\":1},{\"stream\":\"" JAR
         "\",\"version\":1},{\"stream\":\"" VASE "\",\"version\":0}],\"events\":[" FILLED_IN(
             POT, "2") "," FILLED_IN(OTHER_POT, "3") "," FILLED_IN(POT, "4") "]}");
    expect_said("{\"stream\":\"" POT "\",\"version\":3,");
    expect_said("{\"stream\":\"" OTHER_POT "\",\"version\":1,");
    post(409, "/events", JSON, /* a stream that is only looked at has moved */
         "{\"conditions\":[{\"stream\":\"" JAR
         "\",\"version\":2}],\"events\":[" FILLED_IN(POT, "5") "]}");
    post(409, "/events", JSON,
         "{\"conditions\":[{\"stream\":\"" OTHER_POT
         "\",\"version\":0}],\"events\":[" FILLED_IN(POT, "5") "," FILLED_IN(OTHER_POT, "5") "]}");
    assert_int_equal(count_events(), 5);
}

static void an_append_with_a_key_is_done_once_and_answered_alike(void **state)
{
    static const char body[] = "{\"events\":[" FILLED_IN(POT, "1") "," FILLED_IN(
        OTHER_POT, "2") "," FILLED_IN(POT, "3") "]}";
    char first[600];
    (void)state;
    post(201, "/events", JSON "Idempotency-Key: \"k1\"\r\n", body);
    (void)snprintf(first, sizeof first, "%s", bench.reply.body);
    post(201, "/streams/" POT, ONE, FILLED("9"));
    post(201, "/events", JSON "Idempotency-Key: \"k1\"\r\n", body);
    assert_string_equal(bench.reply.body, first);
    post(422, "/events", JSON "Idempotency-Key: \"k1\"\r\n",
         "{\"events\":[" FILLED_IN(POT, "7") "]}");
    assert_int_equal(count_events(), 4);
}

static atomic_int created;

static void *append_with_one_key(void *context)
{
    struct http_reply reply = {0};
    (void)context;
    assert_int_equal(http_send(cairn_host_port(bench.host), "POST", "/streams/" POT,
                               ONE "Idempotency-Key: \"same\"\r\n", FILLED("1"),
                               strlen(FILLED("1")), &reply, LONG_MS),
                     0);
    atomic_fetch_add(&created, reply.status == 201 && strstr(reply.body, "\"version\":1"));
    http_reply_free(&reply);
    return NULL;
}

static void many_at_once_with_one_key_append_once(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    atomic_store(&created, 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, append_with_one_key, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&created), THREADS);
    assert_int_equal(count_events(), 1);
}

static void only_those_append_that_the_policy_names(void **state)
{
    char headers[3000];
    (void)state;
    cairn_host_stop(bench.host);
    callers_open();
    bench.host = hosting_start(bench.url, services);
    post(401, "/streams/" POT, ONE, FILLED("1"));
    (void)snprintf(headers, sizeof headers, ONE "%s", caller_headers(ADA, "clerk"));
    post(403, "/streams/" POT, headers, FILLED("1"));
    (void)snprintf(headers, sizeof headers, ONE "Idempotency-Key: \"k\"\r\n%s",
                   caller_headers(ADA, "scale"));
    post(201, "/streams/" POT, headers, FILLED("1"));
    (void)snprintf(headers, sizeof headers, ONE "Idempotency-Key: \"k\"\r\n%s",
                   caller_headers(BOB, "scale"));
    post(201, "/streams/" POT, headers, FILLED("1")); /* a key belongs to its caller */
    assert_int_equal(count_events(), 2);
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from cairn.events where meta #>>"
                                                " '{actor,sub}' = '" ADA "'"),
                     1);
    cairn_host_stop(bench.host);
    bench.host = NULL;
    callers_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_are_appended_in_each_mode_and_kept_as_their_table_says),
        TEST(what_is_wrong_is_told_in_full_and_changes_nothing),
        TEST(an_append_depends_on_the_version_of_its_stream),
        TEST(several_streams_are_appended_to_under_conditions_or_not_at_all),
        TEST(an_append_with_a_key_is_done_once_and_answered_alike),
        TEST(many_at_once_with_one_key_append_once),
        TEST(only_those_append_that_the_policy_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
