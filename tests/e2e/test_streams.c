/* test_streams.c - event streams of a whole system: readers that outlive the query service, the
 * EventSource of web applications, and five thousand streams at once. */
#include "../support/fixture.h"
#include "../support/sse.h"
#include "../support/support.h"
#include "../support/system.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STREAMS = 5000, ORDERS = 50, READERS_AN_ORDER = STREAMS / ORDERS, MEMORY_MAX_KIB = 100000 };

static struct system_under_test shop;
static char user[64];
static struct http_reply reply;

static int setup(void **state)
{
    (void)state;
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(setenv("CAIRN_STREAMS_MAX", "6000", 1), 0);
    assert_int_equal(setenv("CAIRN_HTTP_CONNECTIONS_MAX", "7000", 1), 0);
    assert_int_equal(setenv("CAIRN_STREAM_HEARTBEAT_S", "5", 1), 0);
    system_start(&shop);
    ask_for(201, shop.user, "POST", "/users", NULL, "{\"email\":\"a@example.com\",\"name\":\"A\"}",
            &reply);
    (void)reply_id(&reply, user, sizeof user);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_reply_free(&reply);
    system_stop(&shop);
    return 0;
}

/* ---- orders ---- */

struct order {
    char id[64];
    char path[100];     /* of the read */
    char position[200]; /* headers with the position of its last change */
};

static void place(struct order *order)
{
    char body[300];
    (void)snprintf(body, sizeof body,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"card_token\":\"tok_error\","
                   "\"lines\":[{\"sku\":\"a\","
                   "\"quantity\":1,\"unit_price\":10}]}",
                   user);
    ask_for(201, shop.order, "POST", "/orders", NULL, body, &reply);
    (void)reply_id(&reply, order->id, sizeof order->id);
    (void)reply_position(&reply, order->position, sizeof order->position);
    (void)snprintf(order->path, sizeof order->path, "/orders/%s", order->id);
}

static void change(struct order *order, const char *verb, const char *body)
{
    char path[120];
    (void)snprintf(path, sizeof path, "/orders/%s/%s", order->id, verb);
    ask_for(200, shop.order, "POST", path, NULL, body, &reply);
    (void)reply_position(&reply, order->position, sizeof order->position);
}

static const char pay[] = "{\"payment_id\":\"01890000-0000-7000-8000-00000000000a\"}";
static const char ship[] = "{\"carrier\":\"DHL\",\"tracking\":\"1\"}";

/* Checks that the next message has this status. */
static void expect_status(struct sse *sse, const char *status)
{
    char wanted[60];
    struct sse_message message = sse_expect(sse);
    (void)snprintf(wanted, sizeof wanted, "\"status\":\"%s\"", status);
    if (!strstr(message.data, wanted))
        fail_msg("wanted %s, got %s", status, message.data);
}

/* ---- tests ---- */

static void a_stream_is_resumed_after_the_service_was_killed(void **state)
{
    (void)state;
    struct order order;
    struct sse sse;
    struct sse_message message;
    char last[200];
    place(&order);
    assert_true(sse_open(&sse, shop.query, order.path, order.position));
    expect_status(&sse, "placed");
    (void)snprintf(last, sizeof last, "Last-Event-ID: %s\r\n", sse.id);
    system_kill(&shop, "query", SIGKILL);
    assert_false(sse_next(&sse, &message, 20000));
    assert_true(sse.ended);
    sse_close(&sse);

    change(&order, "pay", pay); /* while there is no reader */
    system_heal(&shop);
    assert_true(sse_open(&sse, shop.query, order.path, last));
    expect_status(&sse, "paid");
    (void)snprintf(last, sizeof last, "Last-Event-ID: %s\r\n", sse.id);
    sse_close(&sse);

    /* A reader that has missed nothing gets no message until there is a change. */
    assert_true(sse_open(&sse, shop.query, order.path, last));
    change(&order, "ship", ship);
    expect_status(&sse, "shipped");
    sse_close(&sse);
}

/* ---- EventSource ---- */

struct follower {
    pid_t pid;
    int input; /* the child exits when this is closed */
    FILE *output;
};

static bool install_eventsource(char *modules, size_t size)
{
    char command[1500];
    (void)snprintf(modules, size, "%s/eventsource-%d", getenv("CAIRN_TEST_SERVERS"), (int)getpid());
    if (system("command -v node >/dev/null && command -v npm >/dev/null") != 0)
        return false;
    (void)snprintf(command, sizeof command,
                   "mkdir -p '%s' && cp '%s/tests/package.json' '%s' && cd '%s' && npm install"
                   " --no-package-lock --ignore-scripts --no-audit --no-fund >npm.log 2>&1",
                   modules, getenv("CAIRN_TEST_ROOT"), modules, modules);
    return system(command) == 0;
}

static struct follower follow(const char *modules, const char *url)
{
    int in[2];
    int out[2];
    char script[600];
    (void)snprintf(script, sizeof script, "%s/tests/support/follow.mjs", getenv("CAIRN_TEST_ROOT"));
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execlp("node", "node", script, modules, url, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    struct follower follower = {pid, in[1], fdopen(out[0], "r")};
    assert_non_null(follower.output);
    (void)setvbuf(follower.output, NULL, _IONBF, 0); /* unbuffered, as poll() sees no buffer */
    return follower;
}

/* Reads lines until one begins with `what` and contains `part`. */
static void expect_line(struct follower *follower, const char *what, const char *part)
{
    char line[4096];
    int64_t until_ms = fixture_now_ms() + 30000;
    while (fixture_now_ms() < until_ms) {
        struct pollfd fd = {.fd = fileno(follower->output), .events = POLLIN};
        if (poll(&fd, 1, 30000) <= 0 || !fgets(line, sizeof line, follower->output))
            break;
        if (strncmp(line, what, strlen(what)) == 0 && strstr(line, part))
            return;
    }
    fail_msg("no line \"%s ... %s\"", what, part);
}

/* Both followers: one follows a row, the other a page. */
static void expect_lines(struct follower followers[2], const char *what, const char *part)
{
    expect_line(&followers[0], what, part);
    expect_line(&followers[1], what, part);
}

static void end_following(struct follower *follower)
{
    int status = -1;
    (void)close(follower->input);
    assert_int_equal(waitpid(follower->pid, &status, 0), follower->pid);
    assert_int_equal(status, 0);
    (void)fclose(follower->output);
}

static void an_eventsource_reads_on_by_itself_after_the_service_was_killed(void **state)
{
    (void)state;
    char modules[300];
    char row[200];
    char page[200];
    struct order order;
    if (!install_eventsource(modules, sizeof modules))
        skip();
    place(&order);
    ask_for(200, shop.query, "GET", order.path, order.position, NULL, &reply);
    (void)snprintf(row, sizeof row, "http://127.0.0.1:%d%s", shop.query, order.path);
    (void)snprintf(page, sizeof page, "http://127.0.0.1:%d/users/%s/orders?limit=1", shop.query,
                   user);
    struct follower followers[] = {follow(modules, row), follow(modules, page)};
    expect_lines(followers, "open", "");
    expect_lines(followers, "message", "\"status\":\"placed\"");
    change(&order, "pay", pay);
    expect_lines(followers, "message", "\"status\":\"paid\"");
    system_kill(&shop, "query", SIGKILL);
    expect_lines(followers, "error", "");
    change(&order, "ship", ship);
    system_heal(&shop);
    expect_lines(followers, "open", "");
    expect_lines(followers, "message", "\"status\":\"shipped\"");
    end_following(&followers[0]);
    end_following(&followers[1]);
}

/* ---- five thousand ---- */

static struct sse streams[STREAMS];
static struct order orders[ORDERS];

static int64_t memory_kib(const char *name)
{
    char path[64];
    char line[200];
    int64_t kib = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", system_pid(&shop, name));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoll(line + 6, NULL, 10);
    }
    (void)fclose(file);
    return kib;
}

/* Reads until the stream shows the last state; states may be skipped, but not the last one. */
static void expect_last(struct sse *sse, const char *part)
{
    struct sse_message message = {0};
    while (!strstr(message.data, part))
        message = sse_expect(sse);
}

static void five_thousand_readers_all_end_on_the_last_state(void **state)
{
    (void)state;
    for (int i = 0; i < ORDERS; i++)
        place(&orders[i]);
    for (int i = 0; i < STREAMS; i++) {
        const struct order *order = &orders[i % ORDERS];
        assert_true(sse_open(&streams[i], shop.query, order->path, order->position));
        expect_status(&streams[i], "placed");
    }
    int64_t kib = memory_kib("query");
    for (int i = 0; i < ORDERS; i++) {
        change(&orders[i], "pay", pay);
        change(&orders[i], "ship", ship);
    }
    for (int i = 0; i < STREAMS; i++)
        expect_last(&streams[i], "\"status\":\"shipped\"");
    printf("%d streams: %lld MB, after a change of all of them %lld MB\n", STREAMS,
           (long long)kib / 1000, (long long)memory_kib("query") / 1000);
    if (!getenv("CAIRN_TEST_SANITIZED"))
        assert_in_range(kib, 1, MEMORY_MAX_KIB);

    /* The streams end when the service is told to stop, and it stops in time. */
    int pid = system_pid(&shop, "query");
    assert_int_equal(kill(pid, SIGTERM), 0);
    struct sse_message message;
    for (int i = 0; i < STREAMS; i++) {
        while (sse_next(&streams[i], &message, 20000))
            ;
        assert_true(streams[i].ended);
        sse_close(&streams[i]);
    }
    system_heal(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_resumed_after_the_service_was_killed),
        cmocka_unit_test(an_eventsource_reads_on_by_itself_after_the_service_was_killed),
        cmocka_unit_test(five_thousand_readers_all_end_on_the_last_state),
    };
    return cmocka_run_group_tests_name("streams", tests, setup, teardown);
}
