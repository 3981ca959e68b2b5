/* test_traced_commands.c - the spans of many commands at once: none is lost, and each append is
 * linked with the batch that it went with. */
#include "../support/collector.h"
#include "../support/fixture.h"
#include "../support/hosting.h"
#include "../support/support.h"

#include <cairn/service.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

CAIRN_STRUCT(note_taken, TEXT(text, .max_bytes = 100));
CAIRN_EVENTS(note, EVENT(note_taken, "NoteTaken", 1));
CAIRN_STRUCT(take_note, TEXT(text, .max_bytes = 100));
CAIRN_STRUCT(tear_note);
CAIRN_COMMANDS(note, COMMAND(take_note, "POST /notes"),
               COMMAND(tear_note, "POST /notes/{id}/tear"));
CAIRN_STRUCT(note);
CAIRN_EVOLVE(note, note_taken)
{
}
CAIRN_DECIDE(note, take_note)
{
    CAIRN_EMIT(ret, note_taken, .text = command->text);
    return 0;
}
CAIRN_DECIDE(note, tear_note)
{
    return cairn_refuse(error, "too-tough", "the paper is too tough");
}
CAIRN_DECIDER(note);

static const struct cairn_service service = {.name = "notes", .deciders = {&note_decider}};
static const struct cairn_service *const services[] = {&service, NULL};

enum { THREADS = 8, EACH = 40, ALL = THREADS * EACH };

static char url[512];
static struct collector collector;
static struct cairn_host *host;

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    if (!collector_start(&collector))
        return 0;
    (void)setenv("OTEL_EXPORTER_OTLP_ENDPOINT", strchr(collector.setting, '=') + 1, 1);
    (void)setenv("OTEL_BSP_SCHEDULE_DELAY", "50", 1);
    host = hosting_start(url, services);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (host) {
        cairn_host_stop(host);
        collector_stop(&collector);
    }
    host = NULL;
    (void)unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    (void)unsetenv("OTEL_BSP_SCHEDULE_DELAY");
    (void)unsetenv("OTEL_TRACES_SAMPLER");
    fixture_drop(url);
    return 0;
}

static void *take_notes(void *context)
{
    for (int i = 0; i < EACH; i++)
        assert_int_equal(hosting_post(host, "/notes", "", "{\"text\":\"x\"}"), 201);
    return context;
}

static void every_command_has_its_spans_and_every_append_its_batch(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    if (!host)
        skip();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_notes, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    collector_wait(&collector, ".name == \"POST /notes\" and .kind == \"server\"", ALL);
    collector_wait(&collector,
                   ".name == \"decide take_note\" and .attributes[\"cairn.events\"] == 1", ALL);
    collector_wait(&collector,
                   ".name == \"append note\" and (.links | length) == 1 and "
                   ".attributes[\"cairn.version\"] == 1 and .attributes[\"cairn.position\"] > 0",
                   ALL);
    /* Each link is to a batch that was recorded. */
    assert_int_equal(collector_linked(&collector, "append note", "batch "), ALL);
    assert_int_equal(collector_count(&collector, ".name == \"POST /notes\""), ALL);
    collector_expect_right(&collector);
}

static void a_refusal_is_told_and_is_no_failure(void **state)
{
    static const char *const mine = "traceparent: 00-22222222222222222222222222222222-"
                                    "b7ad6b7169203331-01\r\n";
    (void)state;
    if (!host)
        skip();
    assert_int_equal(hosting_post(host, "/notes", mine, "{\"text\":\"x\"}"), 201);
    char id[80];
    char path[120];
    fixture_sql_text(url, "select substr(stream, 6) from cairn.events limit 1", id, sizeof id);
    (void)snprintf(path, sizeof path, "/notes/%s/tear", id);
    assert_int_equal(hosting_post(host, path, mine, "{}"), 422);
    collector_wait(&collector,
                   ".name == \"decide tear_note\" and .attributes[\"cairn.refusal\"] == "
                   "\"too-tough\" and (.problem // \"\") == \"\"",
                   1);
    collector_wait(&collector,
                   ".name == \"POST /notes/{id}/tear\" and "
                   ".attributes[\"http.response.status_code\"] == 422",
                   1);
    collector_expect_right(&collector);
}

static void a_trace_that_its_caller_does_not_record_has_no_spans(void **state)
{
    (void)state;
    if (!host)
        skip();
    assert_int_equal(hosting_post(host, "/notes",
                                  "traceparent: 00-33333333333333333333333333333333-"
                                  "b7ad6b7169203331-00\r\n",
                                  "{\"text\":\"x\"}"),
                     201);
    assert_int_equal(hosting_post(host, "/notes",
                                  "traceparent: 00-44444444444444444444444444444444-"
                                  "b7ad6b7169203331-01\r\n",
                                  "{\"text\":\"x\"}"),
                     201);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events where meta ->> "
                                          "'traceparent' like '00-3333%-00'"),
                     1);
    collector_wait(&collector, ".trace == \"44444444444444444444444444444444\"", 4);
    assert_int_equal(collector_count(&collector, ".trace == \"33333333333333333333333333333333\""),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_command_has_its_spans_and_every_append_its_batch,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_is_told_and_is_no_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(a_trace_that_its_caller_does_not_record_has_no_spans, setup,
                                        teardown),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("traced_commands", tests, NULL, NULL);
}
