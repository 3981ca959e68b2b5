/* test_evolution.c - a release whose log has events of older and newer releases: how the service
 * reads them, and when it does not start. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"

#include "runtime/host.h"
#include "runtime/start_gate.h"

#include <cairn/service.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a small domain: jars, formerly filled by the spoon ---- */

CAIRN_STRUCT(jar_filled_v1, INT(spoons));
CAIRN_STRUCT(jar_filled, INT(grams, CAIRN_RANGE(1, 1000)));
CAIRN_STRUCT(jar_emptied, INT(grams));
CAIRN_EVENTS(jar, EVENT(jar_filled, "JarFilled", 2, jar_filled_v1),
             EVENT(jar_emptied, "JarEmptied", 1));

CAIRN_UPCAST(jar_filled_v1, jar_filled)
{
    ret->grams = old->spoons * 10;
}

CAIRN_STRUCT(empty_jar);
CAIRN_COMMANDS(jar, COMMAND(empty_jar, "POST /jars/{id}/empty"));

CAIRN_STRUCT(jar, INT(grams));

CAIRN_EVOLVE(jar, jar_filled)
{
    self->grams += event->grams;
}

CAIRN_EVOLVE(jar, jar_emptied)
{
    self->grams = 0;
}

CAIRN_DECIDE(jar, empty_jar)
{
    CAIRN_EMIT(ret, jar_emptied, .grams = self->grams);
    return 0;
}

CAIRN_DECIDER(jar, .state_version = 1);

/* A shelf uses its jar as a fact; a list of jars handles only JarFilled. */
CAIRN_STRUCT(shelf_jar, INT(grams));
CAIRN_FACT(shelf_jar, jar);

CAIRN_LEARN(shelf_jar, jar_filled)
{
    self->grams += event->grams;
}

CAIRN_LEARN(shelf_jar, jar_emptied)
{
    self->grams = 0;
}

CAIRN_STRUCT(shelf_built);
CAIRN_EVENTS(shelf, EVENT(shelf_built, "ShelfBuilt", 1));

CAIRN_STRUCT(build_shelf, UUID(jar_id));
CAIRN_COMMANDS(shelf, COMMAND(build_shelf, "POST /shelves"));

CAIRN_STRUCT(shelf, BOOL(built));

CAIRN_EVOLVE(shelf, shelf_built)
{
    self->built = true;
}

CAIRN_DECIDE(shelf, build_shelf, NEED(shelf_jar, jar_id))
{
    if (CAIRN_KNOWN(given, shelf_jar)->grams < 100)
        return cairn_refuse(error, "not-worth-it", "there is too little in the jar");
    CAIRN_EMIT(ret, shelf_built);
    return 0;
}

CAIRN_DECIDER(shelf, .state_version = 1);

CAIRN_STRUCT(jars, INT(grams));
CAIRN_PROJECTION(jars, .version = 1);

CAIRN_ON(jars, jar, jar_filled)
{
    row->grams += event->grams;
    return CAIRN_KEEP;
}

static const struct cairn_service jar_service = {.name = "jar", .deciders = {&jar_decider}};
static const struct cairn_service shelf_service = {.name = "shelf", .deciders = {&shelf_decider}};
static const struct cairn_service jar_list = {.name = "jars", .projections = {&jars_projection}};

/* ---- the bench ---- */

#define JAR "01890000-0000-7000-8000-00000000000a"

static struct {
    char url[512];
    char writer_url[600];
    struct cairn_config config;
    struct cairn_host *host;
} bench;

static int setup(void **state)
{
    (void)state;
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_writer", bench.writer_url, sizeof bench.writer_url);
    bench.config = (struct cairn_config){
        .database_url = bench.writer_url,
        .redis_url = "",
        .bind = "127.0.0.1",
        .workers = 2,
        .queue_max = 100,
        .connections_max = 100,
        .body_max_bytes = 100000,
        .request_deadline_ms = 10000,
        .conflict_retries = 3,
        .append_queue_max = 100,
        .append_batch_events = 100,
        .stop_grace_s = 5,
    };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (bench.host)
        cairn_host_stop(bench.host);
    bench.host = NULL;
    fixture_drop(bench.url);
    return 0;
}

static void start(const struct cairn_service *service)
{
    static const struct cairn_service *services[2];
    struct cairn_error error = {0};
    services[0] = service;
    if (cairn_host_check(services, &error) < 0 ||
        cairn_host_start(&bench.config, services, &bench.host, &error) < 0)
        fail_msg("%s", error.message);
}

/* Appends the next event of a stream, as another release wrote it. */
static void put(const char *stream, const char *type, int schema_version, const char *data)
{
    char sql[800];
    (void)snprintf(sql, sizeof sql,
                   "insert into cairn.events (shard, position, stream, version, type,"
                   " schema_version, event_id, data, meta, recorded_at) select 0, cairn.head() + 1,"
                   " '%s', (select count(*) + 1 from cairn.events where stream = '%s'), '%s', %d,"
                   " gen_random_uuid(), '%s', '{}', clock_timestamp()",
                   stream, stream, type, schema_version, data);
    fixture_sql(bench.url, sql);
    (void)snprintf(sql, sizeof sql,
                   "insert into cairn.event_types values (split_part('%s', '-', 1), '%s', %d)"
                   " on conflict do nothing",
                   stream, type, schema_version);
    fixture_sql(bench.url, sql);
}

static void expect(int status, const char *path, const char *body, const char *words)
{
    struct http_reply reply = {0};
    ask(cairn_host_port(bench.host), "POST", path, NULL, body, &reply);
    if (reply.status != status || !strstr(reply.body, words))
        fail_msg("%s: wanted %d %s, got %d %s", path, status, words, reply.status, reply.body);
    http_reply_free(&reply);
}

static void gate(const struct cairn_service *service, const char *message)
{
    const struct cairn_service *const services[] = {service, NULL};
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    assert_int_equal(cairn_pg_open(bench.writer_url, "test", &pg, NULL), 0);
    int outcome = cairn_host_gate(services, pg, &error);
    cairn_pg_close(pg);
    assert_string_equal(error.message, message);
    assert_int_equal(outcome, *message ? -CAIRN_SCHEMA : 0);
}

#define PREFIX "the log holds events that this binary cannot read, a newer release can: "

/* ---- a service with events of several versions ---- */

static void a_service_folds_events_of_every_version(void **state)
{
    (void)state;
    put("jar-" JAR, "JarFilled", 1, "{\"spoons\": 3}");
    put("jar-" JAR, "JarFilled", 2, "{\"grams\": 5}");
    start(&jar_service);
    expect(200, "/jars/" JAR "/empty", "{}", "\"version\":3");
    assert_int_equal(
        fixture_sql_int(bench.url, "select data ->> 'grams' from cairn.events where version = 3"),
        35);
    gate(&jar_service, ""); /* the append has registered the types it wrote */
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from cairn.event_types"), 3);
}

static void a_fact_is_folded_of_every_version(void **state)
{
    (void)state;
    put("jar-" JAR, "JarFilled", 1, "{\"spoons\": 3}");
    start(&shelf_service);
    expect(422, "/shelves", "{\"jar_id\":\"" JAR "\"}", "not-worth-it");
    put("jar-" JAR, "JarFilled", 1, "{\"spoons\": 7}");
    expect(201, "/shelves", "{\"jar_id\":\"" JAR "\"}", "\"version\":1");
}

static void a_newer_event_is_503_and_a_bad_lift_is_500(void **state)
{
    (void)state;
    put("jar-" JAR, "JarFilled", 1, "{\"spoons\": 101}");
    start(&jar_service);
    expect(500, "/jars/" JAR "/empty", "{}", "\"code\":\"unreadable-event\"");
#define OTHER "01890000-0000-7000-8000-00000000000b"
    put("jar-" OTHER, "JarFilled", 3, "{\"kilograms\": 1}");
    expect(503, "/jars/" OTHER "/empty", "{}", "\"code\":\"newer-event\"");
#define THIRD "01890000-0000-7000-8000-00000000000c"
    put("jar-" THIRD, "JarCracked", 1, "{}");
    expect(503, "/jars/" THIRD "/empty", "{}", "\"code\":\"newer-event\"");
}

/* ---- the gate ---- */

static void the_gate_names_every_event_that_cannot_be_read(void **state)
{
    (void)state;
    gate(&jar_service, "");
    put("jar-" JAR, "JarFilled", 1, "{}");
    put("jar-" JAR, "JarFilled", 2, "{}");
    put("jar-" JAR, "JarEmptied", 1, "{}");
    put("kettle-" JAR, "KettleBoiled", 7, "{}");
    gate(&jar_service, "");
    gate(&shelf_service, "");
    gate(&jar_list, "");

    put("jar-" JAR, "JarFilled", 3, "{}");
    put("jar-" JAR, "JarFilled", 4, "{}");
    put("jar-" JAR, "JarCracked", 1, "{}");
    const char *all = PREFIX "jar: JarCracked is unknown to this binary; "
                             "jar: JarFilled version 3 (this binary knows up to 2); "
                             "jar: JarFilled version 4 (this binary knows up to 2)";
    gate(&jar_service, all);
    gate(&shelf_service, all); /* because of its fact */
}

static void a_projection_minds_the_events_it_listens_to(void **state)
{
    (void)state;
    put("jar-" JAR, "JarCracked", 1, "{}");
    put("jar-" JAR, "JarEmptied", 9, "{}");
    gate(&jar_list, "");
    put("jar-" JAR, "JarFilled", 3, "{}");
    gate(&jar_list, PREFIX "jar: JarFilled version 3 (this binary knows up to 2)");
}

/* ---- the whole process ---- */

static int run_service(const char *service, const char *log)
{
    char binary[512];
    char url[700];
    struct child child;
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), service);
    (void)snprintf(url, sizeof url, "DATABASE_URL=%s", bench.url);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {url, "REDIS_URL=", "PORT=0", NULL};
    assert_int_equal(child_start(&child, argv, env, log), 0);
    return child_wait(&child, 20000);
}

static void a_process_that_cannot_read_the_log_does_not_start(void **state)
{
    (void)state;
    char log[] = "/tmp/cairn-evolution.XXXXXX";
    char text[8192] = "";
    int fd = mkstemp(log);
    assert_true(fd >= 0);
    put("order-" JAR, "OrderPlaced", 3, "{}");
    put("order-" JAR, "OrderMoved", 1, "{}");
    assert_int_equal(run_service("order", log), 69);
    FILE *file = fdopen(fd, "r");
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    assert_non_null(strstr(text, "\"event\":\"order: OrderMoved is unknown to this binary\""));
    assert_non_null(
        strstr(text, "\"event\":\"order: OrderPlaced version 3 (this binary knows up to 1)\""));
    assert_int_equal(run_service("projector", log), 69);
    (void)remove(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_service_folds_events_of_every_version),
        TEST(a_fact_is_folded_of_every_version),
        TEST(a_newer_event_is_503_and_a_bad_lift_is_500),
        TEST(the_gate_names_every_event_that_cannot_be_read),
        TEST(a_projection_minds_the_events_it_listens_to),
        TEST(a_process_that_cannot_read_the_log_does_not_start),
    };
    return cmocka_run_group_tests_name("evolution", tests, NULL, NULL);
}
