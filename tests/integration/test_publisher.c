/* test_publisher.c - the bus has what the log has: each event once, in order, without gaps; despite
 * killed or frozen publishers, and whatever happens to Redis. */
#include "../support/bus.h"
#include "../support/cairn.h"
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/vessels.h"

#include "bus/cloudevent.h"
#include "bus/publish/publisher.h"
#include "core/threads/clock.h"
#include "record/json.h"
#include "store/append/append.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 60000, KILLS = 50, KEEP = 1000000, CAP = 1000000 };

#define ID "0193a1c2-0000-7000-8000-00000000000"

/* ---- the bench ---- */

static struct bench {
    char url[512];
    char projector_url[600];
    const char *redis_url;
    struct bus_view view;
    struct cairn_leases *leases;
    struct cairn_publisher *publisher;
    int64_t keep, cap;
} bench;

static void start_publisher(void)
{
    const struct cairn_publisher_options options = {.database_url = bench.projector_url,
                                                    .redis_url = bench.redis_url,
                                                    .publications = publications,
                                                    .count = 3,
                                                    .keep = bench.keep,
                                                    .cap = bench.cap};
    struct cairn_publisher_options with_leases = options;
    struct cairn_error error = {0};
    assert_int_equal(cairn_leases_open(bench.projector_url, "publisher", &bench.leases, NULL), 0);
    with_leases.leases = bench.leases;
    if (cairn_publisher_start(&with_leases, &bench.publisher, &error) < 0)
        fail_msg("%s", error.message);
}

static void stop_publisher(void)
{
    cairn_publisher_stop(bench.publisher);
    cairn_leases_close(bench.leases);
    bench.publisher = NULL;
    bench.leases = NULL;
}

static int setup(void **state)
{
    (void)state;
    bench = (struct bench){.keep = KEEP, .cap = CAP};
    fixture_database(bench.url, sizeof bench.url);
    fixture_url_as(bench.url, "cairn_projector", bench.projector_url, sizeof bench.projector_url);
    bench.redis_url = fixture_redis();
    bus_view_open(&bench.view, bench.url, bench.redis_url);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop_publisher();
    bus_view_close(&bench.view);
    fixture_drop(bench.url);
    return 0;
}

/* ---- helpers ---- */

/* Appends `count` events over ten streams of the category. */
static void append(const char *category, int count, int bytes)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "select count(*) from (select cairn.append('%s-" ID "' || i %% 10, 'Filled',"
                   " json_build_object('litres', i, 'why', repeat('x', %d))::text::json)"
                   " from generate_series(1, %d) i) t",
                   category, bytes, count);
    fixture_sql(bench.url, sql);
}

static void append_all(int count)
{
    append("pot", count, 0);
    append("jar", count, 0);
    append("vase", count, 0);
    append("other", count, 0);
}

static void expect_log(void)
{
    bus_wait(&bench.view);
    for (size_t i = 0; i < 3; i++)
        bus_expect_log(&bench.view, publications[i]->events->category, 0);
}

static bool says(void *context)
{
    struct cairn_publisher_state state;
    cairn_publisher_state(bench.publisher, &state);
    return strstr(state.problem, context) != NULL;
}

static void wait_for_problem(const char *words)
{
    char copy[100];
    (void)snprintf(copy, sizeof copy, "%s", words);
    fixture_wait(says, copy, LONG_MS, words);
}

static const char *json_of(const char *category, size_t index)
{
    struct cairn_redis_reply entries = bus_entries(&bench.view, category);
    assert_true(index < entries.count);
    return bus_entry_json(&entries.items[index]);
}

static void expect_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

/* ---- published events ---- */

static void the_bus_has_what_the_log_has_and_nothing_else(void **state)
{
    (void)state;
    append_all(300);
    start_publisher();
    expect_log();
    append_all(30);
    expect_log();
    assert_int_equal(bus_redis(&bench.view, "EXISTS cairn:bus:other:1").integer, 0);
}

static void an_event_is_a_cloudevent_that_says_what_happened(void **state)
{
    (void)state;
    fixture_sql(bench.url, "select cairn.append('pot-" ID "1', 'Filled', '{\"litres\": 7}')");
    start_publisher();
    bus_wait(&bench.view);
    const char *json = json_of("pot", 0);
    char source[80];
    fixture_sql_text(bench.url,
                     "select '\"source\":\"urn:uuid:' || store_id || '\"' from cairn.store", source,
                     sizeof source);
    expect_part(json, "{\"specversion\":\"1.0\",\"id\":\"");
    expect_part(json, source);
    expect_part(json, "\"type\":\"Filled\",\"subject\":\"pot-" ID "1\",\"time\":\"20");
    expect_part(json, "\"position\":\"1\",\"version\":\"1\",\"schemaversion\":\"1\"");
    expect_part(json, "\"style\":\"event\",\"datacontenttype\":\"application/json\","
                      "\"data\":{\"litres\": 7}}");
}

static void a_thin_event_says_only_that_it_happened(void **state)
{
    (void)state;
    fixture_sql(bench.url, "select cairn.append('jar-" ID "1', 'Filled', '{\"litres\": 7}')");
    start_publisher();
    bus_wait(&bench.view);
    const char *json = json_of("jar", 0);
    expect_part(json, "\"type\":\"Filled\",\"subject\":\"jar-" ID "1\"");
    expect_part(json, "\"position\":\"1\",\"version\":\"1\",\"schemaversion\":\"1\","
                      "\"style\":\"thin\"}");
    assert_null(strstr(json, "data"));
    assert_null(strstr(json, "litres"));
}

/* Appends an event that Ada has caused. */
static void append_by_ada(const char *stream)
{
    struct cairn_store *store = NULL;
    struct cairn_arena arena = {0};
    struct cairn_appended appended;
    const struct cairn_new_event event = {
        .id = cairn_uuid_make(),
        .type = "Filled",
        .schema_version = 1,
        .data = "{\"litres\":7}",
        .meta = "{\"actor\":{\"sub\":\"ada\",\"iss\":\"https://id.example.com\"}}"};
    const struct cairn_write write = {.expected = {.stream = stream, .version = CAIRN_VERSION_ANY},
                                      .events = &event,
                                      .event_count = 1};
    const struct cairn_append append = {.writes = &write, .write_count = 1};
    assert_int_equal(cairn_store_open(bench.url, "test", &store, NULL), 0);
    assert_int_equal(cairn_store_append(store, &append, &arena, &appended, NULL), 0);
    cairn_store_close(store);
    cairn_arena_close(&arena);
}

static void who_caused_an_event_is_on_the_bus_where_its_publication_shows_it(void **state)
{
    (void)state;
    struct cairn_arena arena = {0};
    struct cairn_cloudevent event;
    append_by_ada("pot-" ID "1");
    append_by_ada("jar-" ID "1");
    fixture_sql(bench.url, "select cairn.append('jar-" ID "1', 'Filled', '{\"litres\": 7}')");
    start_publisher();
    bus_wait(&bench.view);
    assert_null(strstr(json_of("pot", 0), "ada"));
    assert_null(strstr(json_of("jar", 1), "actor"));
    const char *json = json_of("jar", 0);
    expect_part(json, "\"style\":\"thin\",\"actor\":\"ada\","
                      "\"actorissuer\":\"https://id.example.com\"}");
    assert_int_equal(cairn_cloudevent_read(json, strlen(json), &arena, &event, NULL), 0);
    const struct cairn_actor actor = cairn_caused_by(&event.meta, &arena);
    assert_string_equal(actor.sub, "ada");
    assert_string_equal(actor.iss, "https://id.example.com");
    cairn_arena_close(&arena);
}

/* Also for a stream older than the publisher, and with events of other streams in between. */
static void a_carried_state_is_that_of_the_events_version(void **state)
{
    (void)state;
    static const char *const wanted[] = {"\"litres\":7}}", "\"litres\":12}}", "\"litres\":12}}",
                                         "\"data\":null}", "\"litres\":1}}"};
    fixture_sql(bench.url, "select cairn.append('vase-" ID "1', 'Filled', '{\"litres\": 7}');"
                           "select cairn.append('vase-" ID "2', 'Filled', '{\"litres\": 100}');"
                           "select cairn.append('vase-" ID "1', 'Filled', '{\"litres\": 5}');");
    start_publisher();
    bus_wait(&bench.view);
    stop_publisher();
    fixture_sql(bench.url, "select cairn.append('vase-" ID "1', 'Filled', '{\"litres\": 0}');"
                           "select cairn.append('vase-" ID "1', 'Broken', '{}');"
                           "select cairn.append('vase-" ID "1', 'Filled', '{\"litres\": 1}');");
    start_publisher();
    expect_log();
    struct cairn_redis_reply entries = bus_entries(&bench.view, "vase");
    size_t seen = 0;
    for (size_t i = 0; i < entries.count; i++) {
        const char *json = bus_entry_json(&entries.items[i]);
        if (strstr(json, "\"subject\":\"vase-" ID "1\""))
            expect_part(json, wanted[seen++]);
    }
    assert_int_equal(seen, 5);
}

CAIRN_STRUCT(lid_lost);
CAIRN_EVENTS(lid, EVENT(lid_lost, "LidLost", 1));
static const struct cairn_publication lids = {.events = &lid_events};

static struct cairn_publisher *other;

static bool other_says(void *context)
{
    struct cairn_publisher_state state;
    cairn_publisher_state(other, &state);
    return strstr(state.problem, context) != NULL;
}

/* The bus has one position for the log: each would pass over what the other publishes. */
static void two_services_that_publish_other_events_are_told(void **state)
{
    (void)state;
    char unpublished[] = "events of lid are not published: another service publishes";
    char passed_over[] = "events of jar are published too, and not by this service";
    const struct cairn_publication *const own[] = {&lids};
    struct cairn_leases *leases = NULL;
    struct cairn_error error = {0};
    append_all(30);
    start_publisher();
    expect_log();
    assert_int_equal(cairn_leases_open(bench.projector_url, "other", &leases, NULL), 0);
    const struct cairn_publisher_options options = {.database_url = bench.projector_url,
                                                    .redis_url = bench.redis_url,
                                                    .publications = own,
                                                    .count = 1,
                                                    .keep = bench.keep,
                                                    .cap = bench.cap,
                                                    .leases = leases};
    if (cairn_publisher_start(&options, &other, &error) < 0)
        fail_msg("%s", error.message);
    fixture_wait(other_says, unpublished, LONG_MS, unpublished);
    stop_publisher();
    fixture_wait(other_says, passed_over, LONG_MS, passed_over);
    append_all(30);
    start_publisher(); /* the other one lets it */
    expect_log();
    cairn_publisher_stop(other);
    cairn_leases_close(leases);
    assert_int_equal(fixture_sql_int(bench.url, "select count(*) from cairn.bus_streams"), 3);
}

static void a_projection_with_other_keys_is_no_state(void **state)
{
    (void)state;
    struct cairn_error error = {0};
    const struct cairn_publication wrong = {
        .events = &pot_events, .style = CAIRN_BUS_STATE, .state = &vases_projection};
    assert_int_equal(cairn_publication_check(&wrong, &error), -CAIRN_BUG);
    expect_part(error.message, "vases knows no event of pot");
}

static void a_stream_that_cannot_be_folded_blocks_no_other(void **state)
{
    (void)state;
    append("vase", 20, 0);
    fixture_sql(bench.url,
                "select cairn.append('vase-" ID "3', 'Filled', '{\"litres\": \"much\"}')");
    append("vase", 10, 0); /* to ten streams, including this one */
    start_publisher();
    bus_wait(&bench.view);
    struct cairn_redis_reply entries = bus_redis(&bench.view, "XRANGE cairn:bus:vase:1 - +");
    assert_int_equal(entries.count, 31);
    int broken = 0;
    for (size_t i = 0; i < entries.count; i++) {
        const char *json = entries.items[i].items[1].items[1].text;
        bool of_it = strstr(json, "\"subject\":\"vase-" ID "3\"") != NULL && i >= 20;
        assert_int_equal(strstr(json, "\"problem\":") != NULL, of_it);
        assert_int_equal(strstr(json, "\"data\":") == NULL, of_it);
        if (of_it)
            assert_non_null(strstr(json, "cannot be decoded"));
        broken += of_it;
    }
    assert_int_equal(broken, 2);
}

/* ---- killed publishers ---- */

/* Runs this program as a process that only publishes. */
static _Noreturn void publish_until_killed(void)
{
    bench = (struct bench){.keep = KEEP, .cap = CAP, .redis_url = getenv("BUS_REDIS")};
    (void)snprintf(bench.projector_url, sizeof bench.projector_url, "%s", getenv("BUS_DATABASE"));
    start_publisher();
    for (;;)
        (void)pause();
}

static void start_process(struct child *child)
{
    static char database[700];
    static char redis[300];
    const char *const argv[] = {"/proc/self/exe", "publish", NULL};
    const char *const env[] = {database, redis, NULL};
    (void)snprintf(database, sizeof database, "BUS_DATABASE=%s", bench.projector_url);
    (void)snprintf(redis, sizeof redis, "BUS_REDIS=%s", bench.redis_url);
    assert_int_equal(child_start(child, argv, env, "/dev/null"), 0);
}

static atomic_bool writing;

static void *write_on(void *context)
{
    (void)context;
    while (atomic_load(&writing))
        append_all(20);
    return NULL;
}

static int64_t wanted_position;

static bool has_come_so_far(void *context)
{
    struct bus_view *view = context;
    cairn_arena_reset(&view->arena);
    return bus_position(view) >= wanted_position;
}

/* Ends its lease at once, so that the test need not wait for the end. */
static void end_lease(void)
{
    fixture_sql(bench.url, "update cairn.leases set held_until = clock_timestamp()");
}

static void a_publisher_killed_at_random_fifty_times_leaves_the_bus_equal_to_the_log(void **state)
{
    (void)state;
    pthread_t writer;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    atomic_store(&writing, true);
    assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
    for (int i = 0; i < KILLS; i++) {
        struct child child;
        wanted_position = bus_position(&bench.view) + 1 + rand_r(&seed) % 400;
        start_process(&child);
        fixture_wait(has_come_so_far, &bench.view, LONG_MS, "it publishes");
        child_kill(&child, SIGKILL);
        end_lease();
    }
    atomic_store(&writing, false);
    assert_int_equal(pthread_join(writer, NULL), 0);
    start_publisher();
    expect_log();
    assert_true(bus_position(&bench.view) > KILLS);
}

static char leader[201];

static bool leads_another(void *context)
{
    char owner[201];
    (void)context;
    fixture_sql_text(bench.url,
                     "select coalesce((select owner from cairn.leases where name = 'bus'), '')",
                     owner, sizeof owner);
    return owner[0] != '\0' && strcmp(owner, leader) != 0;
}

static struct child *find_leader(struct child *first, struct child *second)
{
    char number[40];
    fixture_wait(leads_another, NULL, LONG_MS, "another process leads");
    fixture_sql_text(bench.url, "select owner from cairn.leases where name = 'bus'", leader,
                     sizeof leader);
    (void)snprintf(number, sizeof number, "%d", (int)first->pid);
    return strstr(leader, number) ? first : second;
}

static void of_two_publishers_one_may_freeze_at_any_time(void **state)
{
    (void)state;
    struct child first, second;
    pthread_t writer;
    leader[0] = '\0';
    start_process(&first);
    start_process(&second);
    atomic_store(&writing, true);
    assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct child *frozen = find_leader(&first, &second);
        wanted_position = bus_position(&bench.view) + 100;
        fixture_wait(has_come_so_far, &bench.view, LONG_MS, "it publishes");
        child_kill(frozen, SIGSTOP);
        fixture_wait(leads_another, NULL, LONG_MS, "the other one takes over");
        wanted_position = bus_position(&bench.view) + 200;
        fixture_wait(has_come_so_far, &bench.view, LONG_MS, "the other one publishes");
        child_kill(frozen, SIGCONT);
    }
    atomic_store(&writing, false);
    assert_int_equal(pthread_join(writer, NULL), 0);
    expect_log();
    child_kill(&first, SIGKILL);
    child_kill(&second, SIGKILL);
}

/* ---- Redis ---- */

static int64_t memory_used(void)
{
    struct cairn_redis_reply reply = bus_redis(&bench.view, "INFO memory");
    const char *at = strstr(reply.text, "used_memory:");
    assert_non_null(at);
    return strtoll(at + strlen("used_memory:"), NULL, 10);
}

static void a_redis_that_is_full_in_mid_batch_is_waited_for(void **state)
{
    (void)state;
    append_all(50);
    start_publisher();
    expect_log();
    (void)bus_redis(&bench.view, cairn_print(&bench.view.arena, "CONFIG SET maxmemory %" PRId64,
                                             memory_used() + (4 << 20)));
    append("pot", 6000, 2000);
    wait_for_problem("OOM");
    /* the table is told after readiness */
    fixture_wait_sql(bench.url, "select count(*) from cairn.bus where problem is not null", 1,
                     LONG_MS);
    int64_t position = bus_position(&bench.view);
    (void)bus_redis(&bench.view, "CONFIG SET maxmemory 0");
    assert_true(position >= 200 && position < 6200);
    expect_log();
}

static void a_redis_that_was_emptied_is_published_to_again(void **state)
{
    (void)state;
    append_all(300);
    start_publisher();
    expect_log();
    (void)bus_redis(&bench.view, "FLUSHALL");
    expect_log(); /* also without further events */
    (void)bus_redis(&bench.view, "FLUSHALL");
    append_all(30);
    expect_log();
}

static void a_redis_that_was_emptied_without_a_publisher_is_noticed(void **state)
{
    (void)state;
    append_all(100);
    start_publisher();
    expect_log();
    stop_publisher();
    (void)bus_redis(&bench.view, "FLUSHALL");
    start_publisher();
    expect_log();
}

static void a_stream_that_is_gone_is_published_again_and_no_other(void **state)
{
    (void)state;
    append_all(200);
    start_publisher();
    expect_log();
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 readers 0");
    (void)bus_redis(&bench.view, "DEL cairn:bus:vase:1");
    append_all(20);
    expect_log();
    assert_int_equal(bus_redis(&bench.view, "XINFO GROUPS cairn:bus:pot:1").count, 1);
}

static const char *const bus_keys[] = {"cairn:bus", "cairn:bus:pot:1", "cairn:bus:jar:1",
                                       "cairn:bus:vase:1"};

/* Restores Redis's keys to an earlier state, as from an older file. */
static void restore(const struct cairn_redis_reply *dumps)
{
    (void)bus_redis(&bench.view, "FLUSHALL");
    for (size_t i = 0; i < 4; i++) {
        const struct cairn_redis_arg args[] = {CAIRN_ARG("RESTORE"),
                                               CAIRN_ARG(bus_keys[i]),
                                               CAIRN_ARG("0"),
                                               {dumps[i].text, dumps[i].bytes}};
        struct cairn_redis_reply reply;
        assert_int_equal(
            cairn_redis_call(bench.view.redis, args, 4, &bench.view.arena, &reply, NULL), 0);
    }
}

static void a_redis_from_an_older_file_is_brought_up_to_date(void **state)
{
    (void)state;
    struct cairn_redis_reply dumps[4];
    struct bus_view older;
    bus_view_open(&older, bench.url, bench.redis_url);
    append_all(100);
    start_publisher();
    expect_log();
    stop_publisher();
    for (size_t i = 0; i < 4; i++)
        dumps[i] = bus_redis(&older, cairn_print(&older.arena, "DUMP %s", bus_keys[i]));
    start_publisher();
    append_all(100);
    expect_log();
    restore(dumps); /* while the publisher runs */
    expect_log();
    append_all(10);
    expect_log();
    stop_publisher();
    restore(dumps); /* while it is stopped */
    start_publisher();
    expect_log();
    bus_view_close(&older);
}

static void a_redis_that_restarts_is_found_again(void **state)
{
    (void)state;
    append_all(50);
    start_publisher();
    expect_log();
    fixture_redis_stop();
    append_all(50);
    wait_for_problem("Redis");
    fixture_redis_start();
    expect_log();
}

/* ---- refusals ---- */

static void the_bus_of_another_store_is_left_alone(void **state)
{
    (void)state;
    append_all(10);
    start_publisher();
    expect_log();
    stop_publisher();
    fixture_sql(bench.url, "update cairn.store set store_id = gen_random_uuid()");
    start_publisher();
    wait_for_problem("the bus of another store");
    bus_expect_log(&bench.view, "pot", 0);
}

static void entries_that_the_log_does_not_have_are_refused(void **state)
{
    (void)state;
    append_all(10);
    start_publisher();
    expect_log();
    (void)bus_redis(&bench.view, "XADD cairn:bus:pot:1 * event somebody's");
    append_all(1);
    wait_for_problem("entries that the log does not have");
    assert_int_equal(bus_position(&bench.view), 40);
}

/* A log restored to an earlier state is another history, but is marked so only by `cairn
 * recover`. */
static void a_log_that_was_taken_back_is_refused_until_a_new_epoch_begins(void **state)
{
    (void)state;
    append_all(10);
    start_publisher();
    expect_log();
    stop_publisher();
    fixture_sql(bench.url, "alter table cairn.events disable trigger all;"
                           "delete from cairn.events where position > 35;"
                           "alter table cairn.events enable always trigger"
                           " events_are_never_changed");
    append_all(10);
    start_publisher();
    wait_for_problem("not the one that was published");
    stop_publisher();
    fixture_sql(bench.url, "update cairn.store set epoch = 2");
    start_publisher();
    expect_log();
    assert_in_range(bus_redis(&bench.view, "TTL cairn:bus:pot:1").integer, 1, 86400);
    assert_int_equal(bus_redis(&bench.view, "TTL cairn:bus:pot:2").integer, -1);
}

/* ---- trimming ---- */

static int64_t wanted_floor;

static bool is_trimmed_so_far(void *context)
{
    (void)context;
    return fixture_sql_int(bench.url, "select coalesce((select floor from cairn.bus_streams"
                                      " where category = 'pot'), 0)") >= wanted_floor;
}

static void wait_for_floor(int64_t floor)
{
    wanted_floor = floor;
    fixture_wait(is_trimmed_so_far, NULL, LONG_MS, "the stream of pots is trimmed");
}

static int64_t length(void)
{
    return bus_redis(&bench.view, "XLEN cairn:bus:pot:1").integer;
}

static void a_stream_is_trimmed_to_its_slowest_group_and_not_beyond(void **state)
{
    (void)state;
    bench.keep = 0;
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 quick 0 MKSTREAM");
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 slow 0");
    append("pot", 100, 0);
    start_publisher();
    bus_wait(&bench.view);
    (void)bus_redis(&bench.view, "XREADGROUP GROUP quick me COUNT 100 STREAMS cairn:bus:pot:1 >");
    (void)bus_redis(&bench.view, "XREADGROUP GROUP slow me COUNT 70 STREAMS cairn:bus:pot:1 >");
    for (int i = 1; i <= 100; i++)
        (void)bus_redis(&bench.view,
                        cairn_print(&bench.view.arena, "XACK cairn:bus:pot:1 quick %d-0", i));
    for (int i = 1; i <= 60; i++) /* 61 to 70 are pending */
        (void)bus_redis(&bench.view,
                        cairn_print(&bench.view.arena, "XACK cairn:bus:pot:1 slow %d-0", i));
    wait_for_floor(60);
    assert_int_equal(length(), 40);
    bus_expect_log(&bench.view, "pot", 60);
    (void)bus_redis(&bench.view, "FLUSHALL"); /* trimmed entries do not come back */
    bus_wait(&bench.view);
    assert_int_equal(length(), 40);
}

static void the_newest_positions_stay_although_all_groups_have_handled_them(void **state)
{
    (void)state;
    bench.keep = 30;
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 quick $ MKSTREAM");
    append("pot", 100, 0);
    start_publisher();
    bus_wait(&bench.view);
    (void)bus_redis(&bench.view,
                    "XREADGROUP GROUP quick me COUNT 100 NOACK STREAMS cairn:bus:pot:1 >");
    wait_for_floor(70);
    assert_int_equal(length(), 30);
}

static void a_stream_is_trimmed_at_its_cap_even_if_a_group_has_not_read_it(void **state)
{
    (void)state;
    bench.cap = 40;
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 asleep 0 MKSTREAM");
    append("pot", 100, 0);
    start_publisher();
    wait_for_floor(60);
    assert_int_equal(length(), 40);
    bus_expect_log(&bench.view, "pot", 60);
}

static void what_a_group_has_lost_at_the_cap_is_kept_in_the_database(void **state)
{
    (void)state;
    bench.cap = 40;
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 asleep 0 MKSTREAM");
    (void)bus_redis(&bench.view, "XGROUP CREATE cairn:bus:pot:1 awake 0");
    append("pot", 50, 0);
    start_publisher();
    bus_wait(&bench.view);
    (void)bus_redis(&bench.view,
                    "XREADGROUP GROUP awake me COUNT 100 NOACK STREAMS cairn:bus:pot:1 >");
    wait_for_floor(10);
    append("pot", 30, 0);
    wait_for_floor(40);
    char losses[100];
    fixture_sql_text(bench.url,
                     "select string_agg(category || ' ' || consumer_group || ' ' || from_position"
                     " || ' ' || to_position, ', ') from cairn.bus_losses where consumer_group ="
                     " 'asleep'",
                     losses, sizeof losses);
    assert_string_equal(losses, "pot asleep 1 40");
    (void)setenv("REDIS_URL", bench.redis_url, 1);
    cairn_expect(bench.url, 0, "bus --json", "\"lost\":\"1 to 40\"");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "publish") == 0)
        publish_until_killed();
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(the_bus_has_what_the_log_has_and_nothing_else),
        TEST(an_event_is_a_cloudevent_that_says_what_happened),
        TEST(a_thin_event_says_only_that_it_happened),
        TEST(who_caused_an_event_is_on_the_bus_where_its_publication_shows_it),
        TEST(a_carried_state_is_that_of_the_events_version),
        TEST(two_services_that_publish_other_events_are_told),
        TEST(a_projection_with_other_keys_is_no_state),
        TEST(a_stream_that_cannot_be_folded_blocks_no_other),
        TEST(a_publisher_killed_at_random_fifty_times_leaves_the_bus_equal_to_the_log),
        TEST(of_two_publishers_one_may_freeze_at_any_time),
        TEST(a_redis_that_is_full_in_mid_batch_is_waited_for),
        TEST(a_redis_that_was_emptied_is_published_to_again),
        TEST(a_redis_that_was_emptied_without_a_publisher_is_noticed),
        TEST(a_stream_that_is_gone_is_published_again_and_no_other),
        TEST(a_redis_from_an_older_file_is_brought_up_to_date),
        TEST(a_redis_that_restarts_is_found_again),
        TEST(the_bus_of_another_store_is_left_alone),
        TEST(entries_that_the_log_does_not_have_are_refused),
        TEST(a_log_that_was_taken_back_is_refused_until_a_new_epoch_begins),
        TEST(a_stream_is_trimmed_to_its_slowest_group_and_not_beyond),
        TEST(the_newest_positions_stay_although_all_groups_have_handled_them),
        TEST(a_stream_is_trimmed_at_its_cap_even_if_a_group_has_not_read_it),
        TEST(what_a_group_has_lost_at_the_cap_is_kept_in_the_database),
    };
    return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
