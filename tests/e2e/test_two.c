/* test_two.c - two processes of one service on one log, at the same time. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/http_client.h"
#include "../support/service.h"
#include "../support/support.h"

#include "postgres/postgres.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 25 };

static char url[512];
static struct child children[2];
static int ports[2];

static void start_service(int i)
{
    ports[i] = fixture_free_port();
    service_launch(&children[i], "user", url, ports[i], NULL);
}

static int setup(void **state)
{
    (void)state;
    fixture_database(url, sizeof url);
    for (int i = 0; i < 2; i++)
        start_service(i);
    for (int i = 0; i < 2; i++)
        fixture_wait_http(ports[i], "/readyz", 20000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(child_stop(&children[i], 15000), 0);
    fixture_drop(url);
    return 0;
}

/* One request to each process, released by a barrier. */
struct shot {
    pthread_t thread;
    pthread_barrier_t *barrier;
    int port;
    const char *path; /* NULL: /users */
    char headers[200];
    char body[200];
    struct http_reply reply;
};

static void *fire(void *context)
{
    struct shot *shot = context;
    (void)pthread_barrier_wait(shot->barrier);
    if (http_send(shot->port, "POST", shot->path ? shot->path : "/users", shot->headers, shot->body,
                  strlen(shot->body), &shot->reply, 20000) < 0)
        shot->reply.status = -1;
    return NULL;
}

static void fire_both(struct shot shots[2])
{
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    for (int i = 0; i < 2; i++) {
        shots[i].barrier = &barrier;
        shots[i].port = ports[i];
        assert_int_equal(pthread_create(&shots[i].thread, NULL, fire, &shots[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(shots[i].thread, NULL), 0);
    (void)pthread_barrier_destroy(&barrier);
}

static void one_address_is_registered_once(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct shot shots[2] = {0};
        for (int i = 0; i < 2; i++) {
            (void)snprintf(shots[i].headers, sizeof shots[i].headers,
                           "Content-Type: application/json\r\n");
            (void)snprintf(shots[i].body, sizeof shots[i].body,
                           "{\"email\":\"ada%d@example.com\",\"name\":\"Ada %d\"}", round, i);
        }
        fire_both(shots);
        int loser = shots[0].reply.status == 201;
        assert_int_equal(shots[!loser].reply.status, 201);
        assert_int_equal(shots[loser].reply.status, 422);
        assert_non_null(strstr(shots[loser].reply.body, "belongs to another user"));
        http_reply_free(&shots[0].reply);
        http_reply_free(&shots[1].reply);
    }
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.claims"), ROUNDS);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events"), ROUNDS);
}

static void one_key_is_one_user_and_one_answer(void **state)
{
    (void)state;
    int64_t before = fixture_sql_int(url, "select count(*) from cairn.events");
    for (int round = 0; round < ROUNDS; round++) {
        struct shot shots[2] = {0};
        for (int i = 0; i < 2; i++) {
            (void)snprintf(shots[i].headers, sizeof shots[i].headers,
                           "Content-Type: application/json\r\nIdempotency-Key: \"two-%d\"\r\n",
                           round);
            (void)snprintf(shots[i].body, sizeof shots[i].body,
                           "{\"email\":\"bob%d@example.com\",\"name\":\"Bob\"}", round);
        }
        fire_both(shots);
        assert_int_equal(shots[0].reply.status, 201);
        assert_int_equal(shots[1].reply.status, 201);
        assert_string_equal(shots[0].reply.body, shots[1].reply.body);
        http_reply_free(&shots[0].reply);
        http_reply_free(&shots[1].reply);
    }
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events") - before, ROUNDS);
}

/* ---- a dead client's backend that is stopped ---- */

/* Holds the lock of the log, as an append does. */
static struct cairn_pg *take_lock(void)
{
    struct cairn_pg *pg = NULL;
    assert_int_equal(cairn_pg_open(url, "holder", &pg, NULL), 0);
    assert_int_equal(
        cairn_pg_script(pg, "begin; lock table cairn.append_lock in exclusive mode", NULL), 0);
    return pg;
}

#define WAITING                                                                                    \
    "from pg_stat_activity where datname = current_database() and wait_event = 'relation'"

static bool somebody_waits(void *context)
{
    (void)context;
    return fixture_sql_int(url, "select count(*) " WAITING) == 1;
}

static bool is_gone(void *context)
{
    char sql[100];
    (void)snprintf(sql, sizeof sql, "select count(*) from pg_stat_activity where pid = %d",
                   *(const int *)context);
    return fixture_sql_int(url, sql) == 0;
}

static struct shot carols(int port, pthread_barrier_t *barrier)
{
    return (struct shot){
        .barrier = barrier,
        .port = port,
        .headers = "Content-Type: application/json\r\nIdempotency-Key: \"carol\"\r\n",
        .body = "{\"email\":\"carol@example.com\",\"name\":\"Carol\"}",
    };
}

/* The request of the first process is still in progress when it is killed: its backend is stopped,
 * waiting for the lock, and continues after the same command reached the second process. */
static void what_a_dead_process_has_under_way_is_done_once(void **state)
{
    (void)state;
    pthread_barrier_t alone;
    assert_int_equal(pthread_barrier_init(&alone, NULL, 1), 0);
    int64_t before = fixture_sql_int(url, "select count(*) from cairn.events");
    struct cairn_pg *holder = take_lock();
    struct shot first = carols(ports[0], &alone);
    assert_int_equal(pthread_create(&first.thread, NULL, fire, &first), 0);
    fixture_wait(somebody_waits, NULL, 30000, "the append waits for the lock");
    int backend = (int)fixture_sql_int(url, "select pid " WAITING);
    assert_int_equal(kill(backend, SIGSTOP), 0);
    child_kill(&children[0], SIGKILL);
    assert_int_equal(pthread_join(first.thread, NULL), 0);
    assert_int_equal(first.reply.status, -1);
    cairn_pg_close(holder); /* the backend has the lock now, and is stopped */

    struct shot again = carols(ports[1], &alone);
    (void)fire(&again);
    assert_int_equal(again.reply.status, 503);
    char seconds[20];
    assert_true(http_header(&again.reply, "Retry-After", seconds, sizeof seconds));
    http_reply_free(&again.reply);
    assert_int_equal(kill(backend, SIGCONT), 0);
    fixture_wait(is_gone, &backend, 30000, "the dead process' backend has ended");
    (void)fire(&again);
    assert_int_equal(again.reply.status, 201);
    http_reply_free(&again.reply);
    assert_int_equal(fixture_sql_int(url, "select count(*) from cairn.events") - before, 1);
    (void)pthread_barrier_destroy(&alone);
    start_service(0);
    fixture_wait_http(ports[0], "/readyz", 20000);
}

/* ---- a repeat of a pending command ---- */

/* Returns whether two requests are open: the test's pending one, and this request itself. */
static bool two_are_open(void *context)
{
    struct http_reply reply = {0};
    (void)context;
    assert_int_equal(http_send(ports[0], "GET", "/metrics", "", NULL, 0, &reply, 20000), 0);
    bool open = strstr(reply.body, "\ncairn_http_requests_open 2\n") != NULL;
    http_reply_free(&reply);
    return open;
}

/* The second request arrives while the first is being committed, and is decided on the first's
 * result: that state alone would refuse it. */
static void a_repeat_that_meets_the_first_on_its_way_is_not_refused(void **state)
{
    (void)state;
    pthread_barrier_t alone;
    struct http_reply made = {0};
    char id[40] = "";
    char path[100];
    static const char dora[] = "{\"email\":\"dora@example.com\",\"name\":\"Dora\"}";
    assert_int_equal(pthread_barrier_init(&alone, NULL, 1), 0);
    assert_int_equal(http_send(ports[0], "POST", "/users", "Content-Type: application/json\r\n",
                               dora, strlen(dora), &made, 20000),
                     0);
    const char *stream = strstr(made.body, "\"user-");
    assert_non_null(stream);
    (void)snprintf(id, sizeof id, "%.36s", stream + strlen("\"user-"));
    http_reply_free(&made);
    (void)snprintf(path, sizeof path, "/users/%s/deactivate", id);
    struct cairn_pg *holder = take_lock();
    struct shot shots[2];
    for (int i = 0; i < 2; i++) {
        shots[i] = (struct shot){
            .barrier = &alone,
            .port = ports[0],
            .path = path,
            .headers = "Content-Type: application/json\r\nIdempotency-Key: \"dora\"\r\n",
            .body = "{}",
        };
        assert_int_equal(pthread_create(&shots[i].thread, NULL, fire, &shots[i]), 0);
        fixture_wait(i ? two_are_open : somebody_waits, NULL, 30000,
                     "the command to be on its way");
    }
    cairn_pg_close(holder);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(shots[i].thread, NULL), 0);
        assert_int_equal(shots[i].reply.status, 200);
    }
    assert_string_equal(shots[0].reply.body, shots[1].reply.body);
    http_reply_free(&shots[0].reply);
    http_reply_free(&shots[1].reply);
    (void)pthread_barrier_destroy(&alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_is_registered_once),
        cmocka_unit_test(one_key_is_one_user_and_one_answer),
        cmocka_unit_test(a_repeat_that_meets_the_first_on_its_way_is_not_refused),
        cmocka_unit_test(what_a_dead_process_has_under_way_is_done_once),
    };
    return cmocka_run_group_tests_name("two", tests, setup, teardown);
}
