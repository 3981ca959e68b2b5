/* system.c - starts and stops the whole system with the scripts behind `make up`. */
#include "system.h"

#include "fixture.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value)
        fail_msg("%s is not set: run the tests by tests/run", name);
    return value;
}

static int run(const struct system_under_test *shop, const char *script)
{
    char command[2048];
    (void)snprintf(
        command, sizeof command,
        "cd '%s' && CAIRN_RUN_DIR='%s' CAIRN_BUILD='%s' CAIRN_AUTH=%s CAIRN_IDENTITY_PORT=%d"
        " CAIRN_USER_PORT=%d"
        " CAIRN_ORDER_PORT=%d CAIRN_PAYMENT_PORT=%d"
        " CAIRN_NOTIFICATION_PORT=%d CAIRN_ACQUIRER_PORT=%d"
        " CAIRN_QUERY_PORT=%d CAIRN_PROJECTOR_PORT=%d CAIRN_CONSOLE_PORT=%d"
        " CAIRN_LOG_PORT=%d CAIRN_BFF_PORT=%d"
        " deploy/native/%s > '%s.out' 2>&1 </dev/null",
        environment("CAIRN_TEST_ROOT"), shop->run_dir,
        *shop->build ? shop->build : environment("CAIRN_TEST_BUILD"),
        shop->authenticates ? "on" : "off", shop->identity, shop->user, shop->order, shop->payment,
        shop->notification, shop->acquirer, shop->query, shop->projector, shop->console, shop->log,
        shop->bff, script, shop->run_dir);
    return system(command);
}

/* Prints the script's output, to show why a test failed. */
static void print_output(const struct system_under_test *shop)
{
    char command[512];
    (void)snprintf(command, sizeof command, "cat '%s.out' >&2", shop->run_dir);
    (void)!system(command);
}

static void read_database_url(struct system_under_test *shop)
{
    char command[600];
    (void)snprintf(command, sizeof command, ". '%s/env' && printf %%s \"$DATABASE_URL\"",
                   shop->run_dir);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t length = fread(shop->database_url, 1, sizeof shop->database_url - 1, pipe);
    shop->database_url[length] = '\0';
    assert_int_equal(pclose(pipe), 0);
}

/* Returns whether the system already runs elsewhere, behind one port, as set by
 * tests/compose/run. */
static bool is_elsewhere(void)
{
    return getenv("CAIRN_TEST_DOOR") != NULL;
}

static void join(struct system_under_test *shop)
{
    int door = atoi(environment("CAIRN_TEST_DOOR"));
    shop->user = shop->order = shop->payment = shop->query = shop->projector = door;
    (void)snprintf(shop->database_url, sizeof shop->database_url, "%s",
                   environment("CAIRN_TEST_DOOR_DATABASE"));
}

void system_heal(struct system_under_test *shop)
{
    if (run(shop, "up") == 0) {
        read_database_url(shop);
        return;
    }
    print_output(shop);
    fail_msg("the system does not start");
}

enum { TO_ADMIN = 100 }; /* from a service's port to that of its operators' listener */

/* Returns an unused port whose operators' port is unused, too. */
static int free_pair(void)
{
    int port = fixture_free_port();
    while (!fixture_port_is_free(port + TO_ADMIN))
        port = fixture_free_port();
    return port;
}

int system_admin_port(const struct system_under_test *shop, int port)
{
    return shop->monolith.pid ? port : port + TO_ADMIN;
}

void system_link(const struct system_under_test *shop, const struct shell *place)
{
    char command[700];
    (void)snprintf(command, sizeof command, "ln -s '%s' .run && ln -s \"$build\" build",
                   shop->run_dir);
    shell_expect(place, command);
}

void system_plan(struct system_under_test *shop)
{
    static int number;
    (void)snprintf(shop->run_dir, sizeof shop->run_dir, "%s/system-%d-%d",
                   environment("CAIRN_TEST_SERVERS"), (int)getpid(), ++number);
    shop->user = free_pair();
    shop->order = free_pair();
    shop->payment = free_pair();
    shop->notification = free_pair();
    shop->acquirer = free_pair();
    shop->query = free_pair();
    shop->projector = free_pair();
    shop->console = free_pair();
    shop->log = free_pair();
    shop->bff = free_pair();
    shop->identity = free_pair();
}

void system_start(struct system_under_test *shop)
{
    if (is_elsewhere()) {
        join(shop);
        return;
    }
    system_plan(shop);
    system_heal(shop);
}

/* Starts the acquirer of a monolith, with its own ledger. */
static void start_acquirer(struct system_under_test *shop)
{
    char binary[512];
    char log[512];
    char ledger[512];
    char port[20];
    shop->acquirer = fixture_free_port();
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-acquirer", environment("CAIRN_TEST_BUILD"));
    (void)snprintf(log, sizeof log, "%s/acquirer-%d.log", environment("CAIRN_TEST_SERVERS"),
                   shop->acquirer);
    (void)snprintf(ledger, sizeof ledger, "CAIRN_ACQUIRER_LEDGER=%s/acquirer-%d.ledger",
                   environment("CAIRN_TEST_SERVERS"), shop->acquirer);
    (void)snprintf(port, sizeof port, "PORT=%d", shop->acquirer);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {ledger, port, NULL};
    assert_int_equal(child_start(&shop->outside, argv, env, log), 0);
    fixture_wait_http(shop->acquirer, "/readyz", 20000);
}

void system_start_monolith(struct system_under_test *shop)
{
    char binary[512];
    char log[512];
    char database[600];
    char redis[300];
    char port[20];
    char acquirer[64];
    int number = fixture_free_port();
    if (!*shop->database_url)
        fixture_database(shop->database_url, sizeof shop->database_url);
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-monolith", environment("CAIRN_TEST_BUILD"));
    (void)snprintf(log, sizeof log, "%s/monolith-%d.log", environment("CAIRN_TEST_SERVERS"),
                   (int)getpid());
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", shop->database_url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", fixture_redis());
    (void)snprintf(port, sizeof port, "PORT=%d", number);
    const char *const argv[] = {binary, NULL};
    start_acquirer(shop);
    (void)snprintf(acquirer, sizeof acquirer, "CAIRN_ACQUIRER_URL=http://127.0.0.1:%d",
                   shop->acquirer);
    const char *const env[] = {database, redis, port, acquirer, NULL};
    assert_int_equal(child_start(&shop->monolith, argv, env, log), 0);
    shop->user = shop->order = shop->payment = shop->query = shop->projector = number;
    fixture_wait_http(number, "/readyz", 60000); /* it may run under valgrind */
}

void system_stop(struct system_under_test *shop)
{
    if (is_elsewhere())
        return;
    if (shop->monolith.pid) {
        assert_int_equal(child_stop(&shop->monolith, 15000), 0);
        assert_int_equal(child_stop(&shop->outside, 15000), 0);
        fixture_drop(shop->database_url);
        return;
    }
    if (run(shop, "down --clean") != 0)
        print_output(shop);
}

/* PostgreSQL's own file names its first process; pid/ has the others. */
static bool read_pid(const char *path, int *ret)
{
    FILE *file = fopen(path, "re");
    bool found = file && fscanf(file, "%d", ret) == 1;
    if (file)
        (void)fclose(file);
    return found;
}

int system_pid(const struct system_under_test *shop, const char *name)
{
    char path[512];
    int pid = 0;
    (void)snprintf(path, sizeof path, "%s/pid/%s", shop->run_dir, name);
    if (read_pid(path, &pid))
        return pid;
    (void)snprintf(path, sizeof path, "%s/%s/data/postmaster.pid", shop->run_dir, name);
    if (!read_pid(path, &pid))
        fail_msg("no process is known as %s", name);
    return pid;
}

static bool has_ended(void *context)
{
    return kill(*(const int *)context, 0) != 0;
}

void system_kill(const struct system_under_test *shop, const char *name, int signal)
{
    int pid = system_pid(shop, name);
    assert_int_equal(kill(pid, signal), 0);
    if (signal == SIGKILL)
        fixture_wait(has_ended, &pid, 10000, "a killed process to end");
}

/* ---- requests ---- */

void ask(int port, const char *method, const char *path, const char *headers, const char *body,
         struct http_reply *reply)
{
    char all[1024];
    (void)snprintf(all, sizeof all, "%s%s", headers ? headers : "",
                   body ? "Content-Type: application/json\r\n" : "");
    http_reply_free(reply);
    if (http_send(port, method, path, all, body, body ? strlen(body) : 0, reply, 30000) < 0)
        fail_msg("%s %s: no answer", method, path);
}

void ask_for(int status, int port, const char *method, const char *path, const char *headers,
             const char *body, struct http_reply *reply)
{
    ask(port, method, path, headers, body, reply);
    if (reply->status != status)
        fail_msg("%s %s %s: wanted %d, got %d: %s", method, path, body ? body : "", status,
                 reply->status, reply->body);
}

const char *reply_member(const struct http_reply *reply, const char *name, char *ret, size_t size)
{
    char wanted[80];
    (void)snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = reply->body ? strstr(reply->body, wanted) : NULL;
    if (!at)
        fail_msg("no member %s in %s", name, reply->body);
    at += strlen(wanted);
    size_t length = *at == '"' ? strcspn(++at, "\"") : strcspn(at, ",}]");
    (void)snprintf(ret, size, "%.*s", (int)length, at);
    return ret;
}

const char *reply_position(const struct http_reply *reply, char *ret, size_t size)
{
    char token[128];
    if (!http_header(reply, "Cairn-Position", token, sizeof token))
        fail_msg("an answer without Cairn-Position: %s", reply->body);
    (void)snprintf(ret, size, "Cairn-Position: %s\r\nPrefer: wait=10\r\n", token);
    return ret;
}

const char *reply_id(const struct http_reply *reply, char *ret, size_t size)
{
    char location[256];
    if (!http_header(reply, "Location", location, sizeof location))
        fail_msg("an answer without Location: %s", reply->body);
    (void)snprintf(ret, size, "%s", strrchr(location, '/') + 1);
    return ret;
}
