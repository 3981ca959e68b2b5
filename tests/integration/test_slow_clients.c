/* test_slow_clients.c - a service under clients that never finish their requests (slow loris):
 * partial headers, dripping bodies. Others are answered meanwhile, and afterwards no resources are
 * left in the process, as /proc shows it. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/service.h"
#include "../support/support.h"
#include "../support/wire.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HALF_OPEN = 500, ROUNDS = 5 };

static char url[512];
static struct child service;
static int port;

static int setup(void **state)
{
    (void)state;
    static const char *const env[] = {"CAIRN_HTTP_DEADLINE_MS=8000", NULL};
    fixture_database(url, sizeof url);
    port = fixture_free_port();
    service_launch(&service, "user", url, port, env);
    fixture_wait_http(port, "/readyz", 60000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(child_stop(&service, 30000), 0); /* a sanitizer reports leaks */
    fixture_drop(url);
    return 0;
}

/* ---- the resources of the process ---- */

static int entries_of(const char *what)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)service.pid, what);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    int count = 0;
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

/* Returns the sessions in the database, which are opened when first needed and not counted. */
static int sessions(void)
{
    return (int)fixture_sql_int(url, "select count(*) from pg_stat_activity where"
                                     " datname = current_database() and pid <> pg_backend_pid()");
}

struct held {
    int descriptors; /* except those of database sessions */
    int threads;
    int64_t since_ms; /* the time since when the numbers are these */
};

static struct held hold_now(void)
{
    return (struct held){entries_of("fd") - sessions(), entries_of("task"), fixture_now_ms()};
}

/* The last client's resources are released a moment later. */
static bool is_settled(void *before)
{
    struct held *held = before;
    struct held now = hold_now();
    if (now.descriptors != held->descriptors || now.threads != held->threads)
        *held = now;
    return now.since_ms >= held->since_ms + 500;
}

static struct held hold_when_settled(void)
{
    struct held held = hold_now();
    fixture_wait(is_settled, &held, 60000, "the service to settle");
    return held;
}

static bool holds_no_more(void *before)
{
    const struct held *held = before;
    struct held now = hold_now();
    return now.descriptors == held->descriptors && now.threads == held->threads;
}

/* ---- clients that are served meanwhile ---- */

static void assert_served(void)
{
    static int number;
    char body[100];
    (void)snprintf(body, sizeof body, "{\"email\":\"n%d@example.com\",\"name\":\"N\"}", number++);
    struct wire_answer got =
        wire_ask(port, "POST /users HTTP/1.1\r\nContent-Type: application/json\r\n", body);
    assert_int_equal(got.status, 201);
    assert_int_equal(wire_ask(port, "GET /readyz HTTP/1.1\r\n", "").status, 200);
}

/* ---- slow clients ---- */

static const char *const beginnings[] = {
    "GET /readyz HTTP/1.1\r\nHost: test\r\nX-Half: ",
    "POST /users HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    "Content-Length: 1000\r\n\r\n{",
    "POST /users HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
};
static const char *const drips[] = {"x", " ", "1\r\n \r\n"};
enum { KINDS = sizeof drips / sizeof drips[0] };

static void open_half(struct wire wires[HALF_OPEN])
{
    for (int i = 0; i < HALF_OPEN; i++) {
        wires[i] = wire_open(port);
        wire_send(&wires[i], beginnings[i % KINDS]);
    }
}

/* Sends a bit more on each connection without an answer. */
static void drip(struct wire wires[HALF_OPEN])
{
    for (int i = 0; i < HALF_OPEN; i++) {
        if (!wire_readable(&wires[i], 0))
            (void)wire_try_send(&wires[i], drips[i % KINDS]);
    }
}

static void allow_many_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static bool holds_many(void *many)
{
    return entries_of("fd") >= *(const int *)many;
}

/* Opens five hundred connections, lets them drip while others are served, and has all of them
 * refused. */
static void suffer(int threads)
{
    static struct wire wires[HALF_OPEN];
    int many = entries_of("fd") + HALF_OPEN - 5; /* the last client's may close meanwhile */
    open_half(wires);
    fixture_wait(holds_many, &many, 8000, "the service to hold them all");
    for (int i = 0; i < ROUNDS; i++) {
        drip(wires);
        assert_served();
    }
    assert_int_equal(entries_of("task"), threads);
    for (int i = 0; i < HALF_OPEN; i++) {
        assert_int_equal(wire_read(&wires[i]).status, 408);
        wire_close(&wires[i]);
    }
}

static void five_hundred_half_open_requests_block_no_client_and_leave_nothing(void **state)
{
    (void)state;
    allow_many_descriptors();
    assert_served();
    struct held before = hold_when_settled();
    for (int wave = 0; wave < 2; wave++) {
        suffer(before.threads);
        fixture_wait(holds_no_more, &before, 60000, "the service to hold what it held before");
    }
    assert_served();
}

static void clients_that_break_off_in_mid_request_leave_nothing(void **state)
{
    (void)state;
    static struct wire wires[HALF_OPEN];
    allow_many_descriptors();
    assert_served();
    struct held before = hold_when_settled();
    open_half(wires);
    drip(wires);
    for (int i = 0; i < HALF_OPEN; i++)
        wire_close(&wires[i]);
    fixture_wait(holds_no_more, &before, 60000, "the service to hold what it held before");
    assert_served();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_hundred_half_open_requests_block_no_client_and_leave_nothing),
        cmocka_unit_test(clients_that_break_off_in_mid_request_leave_nothing),
    };
    return cmocka_run_group_tests_name("slow clients", tests, setup, teardown);
}
