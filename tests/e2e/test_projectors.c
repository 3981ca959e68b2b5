/* test_projectors.c - projectors as processes, under a load of events: frozen, killed, replaced,
 * with a Redis that is emptied or older than before. At the end each read model is folded again and
 * compared with both stores. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/support.h"

#include "postgres/postgres.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONG_MS = 30000 };

static char url[512];
static const char *redis_url;

/* ---- projectors ---- */

struct projector {
    struct child child;
    int port;
};

static const char *const *environment_of(int port)
{
    static char database[700];
    static char redis[600];
    static char number[20];
    static const char *const env[] = {database, redis, number, NULL};
    char as_projector[600];
    fixture_url_as(url, "cairn_projector", as_projector, sizeof as_projector);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", as_projector);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", redis_url);
    (void)snprintf(number, sizeof number, "PORT=%d", port);
    return env;
}

static struct projector start_projector(void)
{
    static int count;
    char binary[512];
    char log[512];
    struct projector projector = {.port = fixture_free_port()};
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-projector", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(log, sizeof log, "%s/projector-%d-%d.log", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid(), count++);
    const char *const argv[] = {binary, NULL};
    assert_int_equal(child_start(&projector.child, argv, environment_of(projector.port), log), 0);
    return projector;
}

static void end_projector(struct projector *projector)
{
    assert_int_equal(child_stop(&projector->child, LONG_MS), 0);
}

/* ---- a load of orders ---- */

static atomic_bool loading;
static pthread_t loader;

static const struct cairn_statement orders_statement = {
    .name = "orders",
    .sql = "with placed as materialized (select gen_random_uuid() as id, i"
           "     from generate_series(1, $1) i),"
           " done as materialized (select id, i, cairn.append('order-' || id, 'OrderPlaced',"
           "     json_build_object('user_id', gen_random_uuid(), 'currency', 'EUR', 'lines',"
           "     json_build_array(json_build_object('sku', 'tea', 'quantity', 1, 'unit_price', i)),"
           "     'total', i, 'card_token', 'card'), 0) from placed)"
           " select cairn.append('order-' || id, 'OrderCancelled', json_build_object('reason', 'x',"
           "     'was_paid', false, 'currency', 'EUR', 'total', i), 1)"
           "     from done where i % 3 = 0",
};

static int64_t place_orders(struct cairn_pg *pg, int64_t count)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    cairn_pg_add_integer(&params, count);
    struct cairn_error error = {0};
    int64_t done = cairn_pg_run(pg, &orders_statement, &params, &error);
    if (done < 0)
        (void)fprintf(stderr, "the load a step failed and is retried: %s\n", error.message);
    (void)!cairn_pg_script(pg, "notify cairn, 'x'", NULL);
    cairn_arena_close(&arena);
    return done;
}

static void *load(void *context)
{
    (void)context;
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(url, "load", &pg, NULL), 0);
    while (atomic_load(&loading)) {
        if (place_orders(pg, 20) < 0)
            fixture_nap();
        for (int i = 0; i < 10; i++) /* leave CPU time on a small machine */
            fixture_nap();
    }
    cairn_pg_close(pg);
    return NULL;
}

static void start_load(void)
{
    atomic_store(&loading, true);
    assert_int_equal(pthread_create(&loader, NULL, load, NULL), 0);
}

static void stop_load(void)
{
    if (atomic_exchange(&loading, false))
        assert_int_equal(pthread_join(loader, NULL), 0);
}

/* ---- state ---- */

static int64_t sql_int(const char *sql)
{
    return fixture_sql_int(url, sql);
}

static bool is_one(void *context)
{
    return sql_int(context) == 1;
}

static void wait_for_sql(const char *sql, const char *what)
{
    char copy[1000];
    (void)snprintf(copy, sizeof copy, "%s", sql);
    fixture_wait(is_one, copy, LONG_MS, what);
}

static const char at_head[] =
    "select (count(*) = 4)::int from cairn.checkpoints where position = cairn.head()";

/* Waits until this process holds every projection's lease, and the checkpoints have its fence. */
static void wait_until_leading(const struct projector *projector)
{
    char sql[700];
    (void)snprintf(sql, sizeof sql,
                   "select (count(*) = 4)::int from cairn.leases l join cairn.generations g"
                   "     on l.name = 'projection/' || g.projection || '/' || g.code_version"
                   " join cairn.checkpoints c using (projection, generation)"
                   " where l.held_until > clock_timestamp() and c.fence = l.fence"
                   "     and split_part(l.owner, ':', 2) = '%d'",
                   (int)projector->child.pid);
    wait_for_sql(sql, "the projector to have all leases");
}

static void verify(int status, const char *words)
{
    char binary[512];
    char log[512];
    char said[8000];
    struct child child;
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-projector", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(log, sizeof log, "%s/verify-%d.log", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid());
    const char *const argv[] = {binary, "verify", NULL};
    assert_int_equal(child_start(&child, argv, environment_of(1), log), 0);
    int seen = child_wait(&child, 2 * LONG_MS);
    FILE *file = fopen(log, "r");
    assert_non_null(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    (void)fclose(file);
    if (seen != status || !strstr(said, words))
        fail_msg("verify ended with %d: %s", seen, said);
}

static void expect_all_right(void)
{
    stop_load();
    wait_for_sql(at_head, "the projections to reach the head");
    assert_true(sql_int("select cairn.head()") > 0);
    assert_int_equal(sql_int("select count(*) from cairn.parked"), 0);
    verify(0, "order_summary g1");
}

/* ---- each test ---- */

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    redis_url = fixture_redis();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop_load();
    fixture_drop(url);
    return 0;
}

/* ---- freezing ---- */

struct page {
    int port;
    const char *words;
};

static bool says(void *context)
{
    const struct page *page = context;
    struct http_reply reply = {0};
    bool found = http_send(page->port, "GET", "/readyz", NULL, NULL, 0, &reply, 5000) == 0 &&
                 reply.status == 200 && strstr(reply.body, page->words);
    http_reply_free(&reply);
    return found;
}

static void wait_until_ready_as(const struct projector *projector, const char *words)
{
    struct page page = {projector->port, words};
    fixture_wait(says, &page, LONG_MS, words);
}

static void a_projector_that_was_frozen_wakes_up_and_writes_nothing(void **state)
{
    (void)state;
    struct projector projectors[2];
    projectors[0] = start_projector();
    wait_until_leading(&projectors[0]);
    projectors[1] = start_projector();
    wait_until_ready_as(&projectors[1], "\"role\":\"standing by\"");
    start_load();
    for (int round = 0; round < 4; round++) {
        struct projector *owner = &projectors[round % 2];
        struct projector *next = &projectors[(round + 1) % 2];
        wait_until_ready_as(owner, "\"role\":\"leading\"");
        child_kill(&owner->child, SIGSTOP); /* anywhere, also in the middle of a write */
        wait_until_leading(next);
        int64_t head = sql_int("select cairn.head()");
        char sql[200];
        (void)snprintf(sql, sizeof sql, "select (min(position) > %lld)::int from cairn.checkpoints",
                       (long long)head);
        wait_for_sql(sql, "the next owner to go on");
        child_kill(&owner->child, SIGCONT);
        wait_until_ready_as(owner, "\"role\":\"standing by\"");
        wait_until_leading(next);
    }
    expect_all_right();
    for (int i = 0; i < 2; i++)
        end_projector(&projectors[i]);
}

/* By the database's clock: from the last heartbeat of the dead process. */
static void a_projector_that_is_killed_is_followed_by_another_within_five_seconds(void **state)
{
    (void)state;
    struct projector first = start_projector();
    wait_until_leading(&first);
    struct projector second = start_projector();
    wait_until_ready_as(&second, "\"role\":\"standing by\"");
    fixture_sql(url, "create table killed as select name, max(beat_at) as at from cairn.leases"
                     " group by name");
    child_kill(&first.child, SIGKILL);
    fixture_sql(url, "update killed set at = clock_timestamp()");
    wait_until_leading(&second);
    assert_int_equal(sql_int("select count(*) from killed k join cairn.leases l using (name)"
                             " where l.taken_at - k.at > interval '5 seconds'"),
                     0);
    end_projector(&second);
}

/* ---- killing ---- */

static void nap_up_to(int ms)
{
    for (int i = rand() % ms; i > 0; i--)
        fixture_nap();
}

/* The leases of the dead process are expired, so that the test need not wait for them. */
static void a_projector_that_is_killed_fifty_times_has_folded_everything_once(void **state)
{
    (void)state;
    start_load();
    for (int i = 0; i < 50; i++) {
        struct projector projector = start_projector();
        wait_until_leading(&projector);
        nap_up_to(150);
        child_kill(&projector.child, SIGKILL);
        fixture_sql(url, "update cairn.leases set held_until = clock_timestamp()");
    }
    struct projector last = start_projector();
    expect_all_right();
    end_projector(&last);
}

/* ---- Redis ---- */

static void CAIRN_PRINTF(1, 2) shell(const char *format, ...)
{
    char command[2000];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(command, sizeof command, format, list);
    va_end(list);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static void redis_do(const char *command)
{
    shell("redis-cli -u '%s' %s >/dev/null", redis_url, command);
}

static void an_emptied_redis_is_filled_again_under_load(void **state)
{
    (void)state;
    struct projector projector = start_projector();
    wait_until_leading(&projector);
    start_load();
    for (int i = 0; i < 5; i++) {
        nap_up_to(1000);
        redis_do("flushall");
    }
    expect_all_right();
    end_projector(&projector);
}

static void an_older_file_of_redis_is_brought_up_to_date_under_load(void **state)
{
    (void)state;
    char at[300];
    char before[300];
    (void)snprintf(at, sizeof at, "%s/redis", getenv("CAIRN_TEST_SERVERS"));
    (void)snprintf(before, sizeof before, "%s/redis-before", getenv("CAIRN_TEST_SERVERS"));
    struct projector projector = start_projector();
    wait_until_leading(&projector);
    start_load();
    wait_for_sql("select (cairn.head() > 300)::int", "some orders");
    fixture_redis_stop();
    shell("cp -a '%s' '%s'", at, before);
    fixture_redis_start();
    wait_for_sql("select (cairn.head() > 900)::int", "more orders");
    fixture_redis_stop();
    shell("rm -rf '%s'", at);
    shell("mv '%s' '%s'", before, at);
    fixture_redis_start();
    expect_all_right();
    end_projector(&projector);
}

/* ---- an older dump ---- */

static void dump_and_restore(char *restored, size_t size)
{
    char dump[300];
    (void)snprintf(dump, sizeof dump, "%s/projectors.dump", getenv("CAIRN_TEST_SERVERS"));
    shell("pg_dump -Fc -d '%s' -f '%s'", url, dump);
    fixture_empty_database(restored, size);
    char superuser[600];
    fixture_url_as(restored, "postgres", superuser, sizeof superuser);
    shell("pg_restore --exit-on-error -d '%s' '%s'", superuser, dump);
}

static void a_store_that_was_taken_back_is_followed_on_with_the_same_redis(void **state)
{
    (void)state;
    char restored[512];
    char abandoned[512];
    struct projector projector = start_projector();
    wait_until_leading(&projector);
    start_load();
    wait_for_sql("select (cairn.head() > 300)::int", "some orders");
    dump_and_restore(restored, sizeof restored); /* while load and projector go on */
    wait_for_sql("select (cairn.head() > 900)::int", "more orders, which will be lost");
    stop_load();
    wait_for_sql(at_head, "the projections to reach the head");
    end_projector(&projector);

    (void)snprintf(abandoned, sizeof abandoned, "%s", url);
    (void)snprintf(url, sizeof url, "%s", restored); /* Redis has orders that it lacks */
    shell("DATABASE_URL='%s' '%s/bin/cairn' recover --yes >/dev/null", url,
          getenv("CAIRN_TEST_BUILD"));
    projector = start_projector();
    wait_until_leading(&projector);
    start_load();
    wait_for_sql("select (cairn.head() > 700)::int", "other orders at those positions");
    expect_all_right();
    end_projector(&projector);
    fixture_drop(abandoned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_projector_that_was_frozen_wakes_up_and_writes_nothing),
        TEST(a_projector_that_is_killed_is_followed_by_another_within_five_seconds),
        TEST(a_projector_that_is_killed_fifty_times_has_folded_everything_once),
        TEST(an_emptied_redis_is_filled_again_under_load),
        TEST(an_older_file_of_redis_is_brought_up_to_date_under_load),
        TEST(a_store_that_was_taken_back_is_followed_on_with_the_same_redis),
    };
    return cmocka_run_group_tests_name("projectors", tests, NULL, NULL);
}
