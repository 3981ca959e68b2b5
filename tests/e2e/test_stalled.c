/* test_stalled.c - a reader of a service's log stops reading. */
#include "../support/child.h"
#include "../support/fixture.h"
#include "../support/support.h"
#include "../support/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const char *in_servers(char ret[512], const char *name)
{
    (void)snprintf(ret, 512, "%s/%s-%d", getenv("CAIRN_TEST_SERVERS"), name, (int)getpid());
    return ret;
}

static void start_service_with(struct child *child, const char *log, int port, const char *setting)
{
    static char binary[512], listen[40], ledger[600], path[512];
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-acquirer", getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    (void)snprintf(ledger, sizeof ledger, "CAIRN_ACQUIRER_LEDGER=%s", in_servers(path, "ledger"));
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {listen, ledger, setting, NULL};
    assert_int_equal(child_start(child, argv, env, log), 0);
    fixture_wait_http(port, "/readyz", 20000);
}

static void start_service(struct child *child, const char *log, int port)
{
    start_service_with(child, log, port, NULL);
}

/* The pipe is full long before the last request. */
static void a_reader_of_the_log_that_stalls_blocks_nothing(void **state)
{
    (void)state;
    enum { REQUESTS = 12000 };
    char path[512];
    struct child child;
    int port = fixture_free_port();
    assert_int_equal(mkfifo(in_servers(path, "log"), 0600), 0);
    int reader = open(path, O_RDWR | O_CLOEXEC);
    assert_true(reader >= 0);
    start_service(&child, path, port);
    struct wire wire = wire_open(port);
    for (int i = 0; i < REQUESTS; i++) {
        wire_send(&wire, "GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_int_equal(wire_read(&wire).status, 404);
    }
    wire_close(&wire);
    struct wire_answer metrics = wire_ask(port, "GET /metrics HTTP/1.1\r\n", "");
    assert_int_equal(metrics.status, 200);
    assert_int_equal(child_stop(&child, 10000), 0);
    (void)close(reader);
    (void)unlink(path);
}

/* Fills the pipe before there is a process that logs to it. */
static int fill_pipe(const char *path)
{
    static const char page[4096];
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    assert_true(reader >= 0);
    while (write(reader, page, sizeof page) > 0)
        continue;
    return reader;
}

static void a_service_starts_serves_and_stops_although_its_log_is_not_read(void **state)
{
    (void)state;
    char path[512];
    struct child child;
    int port = fixture_free_port();
    int reader = fill_pipe(in_servers(path, "full"));
    start_service(&child, path, port);
    assert_int_equal(wire_ask(port, "GET /nowhere HTTP/1.1\r\n", "").status, 404);
    assert_int_equal(child_stop(&child, 10000), 0);
    (void)close(reader);
    (void)unlink(path);
}

/* What is wrong is lost; the status says so. */
static void a_wrong_setting_ends_the_start_although_the_log_is_not_read(void **state)
{
    (void)state;
    static char binary[512];
    char path[512];
    struct child child;
    int reader = fill_pipe(in_servers(path, "full"));
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-acquirer", getenv("CAIRN_TEST_BUILD"));
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {"CAIRN_LOG_LEVEL=info,projections=debug", NULL};
    assert_int_equal(child_start(&child, argv, env, path), 0);
    assert_int_equal(child_wait(&child, 10000), EX_USAGE);
    (void)close(reader);
    (void)unlink(path);
}

struct looked_for {
    const char *path, *words;
};

static bool is_logged(void *context)
{
    const struct looked_for *looked = context;
    char line[2000];
    bool found = false;
    FILE *file = fopen(looked->path, "r");
    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, looked->words) != NULL;
    if (file)
        (void)fclose(file);
    return found;
}

static void write_levels(const char *path, const char *levels)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(levels, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Requests are lines of module http, at info. */
static void levels_are_changed_while_a_service_runs(void **state)
{
    (void)state;
    static char setting[600], levels[512], log[512];
    struct child child;
    int port = fixture_free_port();
    write_levels(in_servers(levels, "levels"), "info\nhttp=warn\n");
    (void)snprintf(setting, sizeof setting, "CAIRN_LOG_LEVEL_FILE=%s", levels);
    start_service_with(&child, in_servers(log, "levels.log"), port, setting);
    struct looked_for quiet = {log, "\"message\":\"request\""};
    assert_int_equal(wire_ask(port, "GET /nowhere HTTP/1.1\r\n", "").status, 404);
    write_levels(levels, "warn,htp=info");
    child_kill(&child, SIGHUP);
    struct looked_for refused = {log, "there is no module 'htp'"};
    fixture_wait(is_logged, &refused, 10000, "the refusal of a wrong file");
    assert_false(is_logged(&quiet));
    write_levels(levels, "warn,http=info");
    child_kill(&child, SIGHUP);
    struct looked_for read = {log, "the levels of the log were read"};
    fixture_wait(is_logged, &read, 10000, "the levels being read");
    assert_int_equal(wire_ask(port, "GET /nowhere HTTP/1.1\r\n", "").status, 404);
    struct looked_for request = {log,
                                 "\"module\":\"http\",\"message\":\"request\",\"trace_id\":\""};
    fixture_wait(is_logged, &request, 10000, "a line of a request");
    assert_int_equal(child_stop(&child, 10000), 0);
    (void)unlink(levels);
}

/* Lost lines are reported, and the received lines are complete. */
static void a_reader_that_resumes_is_told_how_many_lines_are_missing(void **state)
{
    (void)state;
    enum { REQUESTS = 12000 };
    static char text[4 << 20];
    char path[512];
    struct child child;
    int port = fixture_free_port();
    assert_int_equal(mkfifo(in_servers(path, "log"), 0600), 0);
    int reader = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    assert_true(reader >= 0);
    start_service(&child, path, port);
    struct wire wire = wire_open(port);
    for (int i = 0; i < REQUESTS; i++) {
        wire_send(&wire, "GET /nowhere HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_int_equal(wire_read(&wire).status, 404);
    }
    size_t bytes = 0;
    int64_t until_ms = fixture_now_ms() + 20000;
    while (fixture_now_ms() < until_ms && !strstr(text, "log lines were lost")) {
        ssize_t n = read(reader, text + bytes, sizeof text - 1 - bytes);
        bytes += n > 0 ? (size_t)n : 0;
        if (n <= 0)
            fixture_nap();
    }
    assert_non_null(strstr(text, "log lines were lost"));
    size_t lines = 0;
    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
        assert_int_equal(*at, '{');
        assert_int_equal(end[-1], '}');
    }
    assert_true(lines > 1000);
    wire_close(&wire);
    assert_int_equal(child_stop(&child, 10000), 0);
    (void)close(reader);
    (void)unlink(path);
}

/* Otherwise sockets would get these descriptors, and the log would go to a client. */
static void closed_descriptors_are_given_to_no_socket(void **state)
{
    (void)state;
    static char command[700], listen[40], ledger[600], path[512], link[64], target[200];
    struct child child;
    int port = fixture_free_port();
    (void)snprintf(command, sizeof command, "exec '%s/bin/cairn-acquirer' <&- >&- 2>&-",
                   getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    (void)snprintf(ledger, sizeof ledger, "CAIRN_ACQUIRER_LEDGER=%s", in_servers(path, "ledger"));
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const char *const env[] = {listen, ledger, NULL};
    assert_int_equal(child_start(&child, argv, env, "/dev/null"), 0);
    fixture_wait_http(port, "/readyz", 20000);
    for (int fd = 0; fd <= 2; fd++) {
        (void)snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)child.pid, fd);
        ssize_t bytes = readlink(link, target, sizeof target - 1);
        assert_true(bytes > 0);
        target[bytes] = '\0';
        assert_string_equal(target, "/dev/null");
    }
    assert_int_equal(wire_ask(port, "GET /nowhere HTTP/1.1\r\n", "").status, 404);
    assert_int_equal(child_stop(&child, 10000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_of_the_log_that_stalls_blocks_nothing),
        cmocka_unit_test(a_service_starts_serves_and_stops_although_its_log_is_not_read),
        cmocka_unit_test(a_wrong_setting_ends_the_start_although_the_log_is_not_read),
        cmocka_unit_test(levels_are_changed_while_a_service_runs),
        cmocka_unit_test(a_reader_that_resumes_is_told_how_many_lines_are_missing),
        cmocka_unit_test(closed_descriptors_are_given_to_no_socket),
    };
    return cmocka_run_group_tests_name("stalled", tests, NULL, NULL);
}
