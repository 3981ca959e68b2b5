/* test_wrong_requests.c - two thousand invalid requests to every service, made from its own
 * description: each is answered 4xx as problem+json, none leaves an event, and the process does not
 * grow.
 *
 *   CAIRN_TEST_SEED=n  the random seed
 */
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/system.h"
#include "../support/wrong_request.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REQUESTS = 2000,
    WARM_UP = 400,
    GROWTH_MAX_KIB = 6144,
    FIRST_NEEDED_MAX = 16 /* files opened once: a worker's connection to a database */
};

static struct system_under_test shop;
static char authorization[2048]; /* a header; "": requests have no token */

static int setup(void **state)
{
    (void)state;
    shop = (struct system_under_test){.authenticates = false};
    system_start(&shop);
    return 0;
}

static int setup_with_tokens(void **state)
{
    (void)state;
    shop = (struct system_under_test){.authenticates = true};
    system_start(&shop);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    system_stop(&shop);
    authorization[0] = '\0';
    return 0;
}

/* Gets a token of this person, for the requests that follow. */
static void sign_in(const char *name)
{
    char command[800], token[1900] = "";
    (void)snprintf(command, sizeof command, ". '%s/env' && '%s/bin/cairn' token %s", shop.run_dir,
                   getenv("CAIRN_TEST_BUILD"), name);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(token, sizeof token, pipe));
    assert_int_equal(pclose(pipe), 0);
    (void)snprintf(authorization, sizeof authorization, "Authorization: Bearer %.*s\r\n",
                   (int)strcspn(token, "\n"), token);
}

/* ---- the process ---- */

static long resident_kib(int pid)
{
    char path[64];
    long pages = 0, resident = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &pages, &resident), 2);
    (void)fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static int open_files(int pid)
{
    char path[64];
    int count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    (void)closedir(directory);
    return count;
}

struct files {
    int pid;
    int most;
};

static bool has_few_files(void *context)
{
    const struct files *files = context;
    return open_files(files->pid) <= files->most;
}

/* ---- one request ---- */

/* Fails the test, with the request in the message, unless it was refused correctly. */
static void expect_refusal(const struct wrong_request *wrong, const struct http_reply *reply)
{
    char type[80] = "";
    (void)http_header(reply, "Content-Type", type, sizeof type);
    json_t *problem = json_loads(reply->body, 0, NULL);
    bool right = reply->status >= 400 && reply->status < 500 &&
                 strcmp(type, "application/problem+json") == 0 &&
                 json_integer_value(json_object_get(problem, "status")) == reply->status &&
                 json_is_string(json_object_get(problem, "code")) &&
                 json_is_string(json_object_get(problem, "title"));
    json_decref(problem);
    if (!right)
        fail_msg("%s: %s %s\n%s\n%.2000s\nwas answered %d, %s:\n%.2000s", wrong->way, wrong->method,
                 wrong->path, wrong->headers, wrong->body ? wrong->body : "", reply->status, type,
                 reply->body);
}

static void send_wrong(int port, struct http_connection *connection, json_t *openapi,
                       unsigned *random)
{
    struct cairn_arena arena = {0};
    struct wrong_request wrong;
    struct http_reply reply = {0};
    wrong_request_make(openapi, random, &arena, &wrong);
    wrong.headers = cairn_print(&arena, "%s%s", wrong.headers, authorization);
    if (connection->socket < 0)
        assert_int_equal(http_open(connection, port, 20000), 0);
    int failed = http_ask(connection, wrong.method, wrong.path, wrong.headers, wrong.body,
                          wrong.body_bytes, &reply, 20000);
    if (failed) /* a refusal may close the connection while the body is being sent */
        failed = http_send(port, wrong.method, wrong.path, wrong.headers, wrong.body,
                           wrong.body_bytes, &reply, 20000);
    if (failed)
        fail_msg("%s: %s %s: no answer", wrong.way, wrong.method, wrong.path);
    expect_refusal(&wrong, &reply);
    http_reply_free(&reply);
    cairn_arena_close(&arena);
}

static void send_many(int port, int count, json_t *openapi, unsigned *random)
{
    struct http_connection connection = {.socket = -1};
    for (int i = 0; i < count; i++)
        send_wrong(port, &connection, openapi, random);
    http_close(&connection);
}

/* ---- tests ---- */

static void bombard(const char *name, int port)
{
    struct http_reply reply = {0};
    const char *seed = getenv("CAIRN_TEST_SEED");
    unsigned random = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)fixture_now_ms();
    print_message("%s: CAIRN_TEST_SEED=%u\n", name, random);
    ask_for(200, system_admin_port(&shop, port), "GET", "/openapi.json", NULL, NULL, &reply);
    json_t *openapi = json_loads(reply.body, 0, NULL);
    assert_non_null(openapi);
    http_reply_free(&reply);
    int pid = system_pid(&shop, name);
    send_many(port, WARM_UP, openapi, &random);
    long before_kib = resident_kib(pid);
    struct files files = {pid, open_files(pid) + FIRST_NEEDED_MAX};
    send_many(port, REQUESTS, openapi, &random);
    long growth_kib = resident_kib(pid) - before_kib;
    if (growth_kib > GROWTH_MAX_KIB)
        fail_msg("%s has grown by %ld KiB", name, growth_kib);
    fixture_wait(has_few_files, &files, 20000, "as few open files as before");
    assert_int_equal(fixture_sql_int(shop.database_url, "select count(*) from cairn.events"), 0);
    assert_int_equal(fixture_sql_int(shop.database_url, "select count(*) from cairn.commands"), 0);
    json_decref(openapi);
}

static void wrong_requests_to_users_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    bombard("user", shop.user);
}

static void wrong_requests_to_orders_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    bombard("order", shop.order);
}

static void wrong_requests_to_payments_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    bombard("payment", shop.payment);
}

static void wrong_queries_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    bombard("query", shop.query);
}

static void wrong_requests_to_the_console_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    bombard("console", shop.console);
}

static void wrong_requests_to_the_projector_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    bombard("projector", shop.projector);
}

static void wrong_requests_with_tokens_are_refused_and_leave_nothing(void **state)
{
    (void)state;
    sign_in("ada");
    bombard("user", shop.user);
    sign_in("clerk");
    bombard("order", shop.order);
    sign_in("finance");
    bombard("payment", shop.payment);
    sign_in("support");
    bombard("query", shop.query);
    sign_in("operator");
    bombard("console", shop.console);
}

int main(void)
{
    const struct CMUnitTest authenticated[] = {
        cmocka_unit_test(wrong_requests_with_tokens_are_refused_and_leave_nothing),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_requests_to_users_are_refused_and_leave_nothing),
        cmocka_unit_test(wrong_requests_to_orders_are_refused_and_leave_nothing),
        cmocka_unit_test(wrong_requests_to_payments_are_refused_and_leave_nothing),
        cmocka_unit_test(wrong_queries_are_refused_and_leave_nothing),
        cmocka_unit_test(wrong_requests_to_the_console_are_refused_and_leave_nothing),
        cmocka_unit_test(wrong_requests_to_the_projector_are_refused_and_leave_nothing),
    };
    return cmocka_run_group_tests_name("wrong requests", tests, setup, teardown) +
           cmocka_run_group_tests_name("with tokens", authenticated, setup_with_tokens, teardown);
}
