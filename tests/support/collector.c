/* collector.c - runs tests/otlp/receiver.mjs. */
#include "collector.h"

#include "fixture.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 30000 };

static bool prepare(struct collector *collector)
{
    char command[1600];
    (void)snprintf(collector->directory, sizeof collector->directory, "%s/tests/otlp",
                   getenv("CAIRN_TEST_BUILD"));
    (void)snprintf(command, sizeof command, "'%s/tests/otlp/prepare' '%s' >'%s/log/otlp.log' 2>&1",
                   getenv("CAIRN_TEST_ROOT"), collector->directory, getenv("CAIRN_TEST_SERVERS"));
    int status = system(command);
    if (status != 0) {
        (void)snprintf(command, sizeof command, "cat '%s/log/otlp.log' >&2",
                       getenv("CAIRN_TEST_SERVERS"));
        (void)!system(command);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return false;
    if (status != 0)
        fail_msg("the packages cannot be installed");
    return true;
}

void collector_restart(struct collector *collector)
{
    char program[700];
    char port[12];
    (void)snprintf(program, sizeof program, "%s/receiver.mjs", collector->directory);
    (void)snprintf(port, sizeof port, "%d", collector->port);
    const char *const argv[] = {"node", program, port, collector->file, NULL};
    assert_int_equal(child_start(&collector->child, argv, NULL, NULL), 0);
}

bool collector_start(struct collector *ret)
{
    static int started;
    *ret = (struct collector){.port = fixture_free_port()};
    if (!prepare(ret))
        return false;
    (void)snprintf(ret->file, sizeof ret->file, "%s/spans-%d-%d", getenv("CAIRN_TEST_SERVERS"),
                   (int)getpid(), ++started);
    (void)snprintf(ret->setting, sizeof ret->setting,
                   "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:%d", ret->port);
    collector_restart(ret);
    return true;
}

void collector_kill(struct collector *collector)
{
    child_kill(&collector->child, SIGKILL);
}

void collector_stop(struct collector *collector)
{
    collector_kill(collector);
    (void)unlink(collector->file);
}

int collector_count(const struct collector *collector, const char *filter)
{
    char command[1600];
    char line[40] = "";
    (void)snprintf(command, sizeof command, "test ! -e '%s' || jq -c 'select(%s)' '%s' | wc -l",
                   collector->file, filter, collector->file);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    (void)!fgets(line, sizeof line, output);
    assert_int_equal(pclose(output), 0);
    return atoi(line);
}

struct awaited {
    const struct collector *collector;
    const char *filter;
    int count;
};

static bool has_come(void *context)
{
    const struct awaited *awaited = context;
    return collector_count(awaited->collector, awaited->filter) >= awaited->count;
}

void collector_wait(const struct collector *collector, const char *filter, int count)
{
    struct awaited awaited = {collector, filter, count};
    fixture_wait(has_come, &awaited, PATIENCE_MS, filter);
}

void collector_expect_right(const struct collector *collector)
{
    char command[800];
    if (collector_count(collector, ".wrong") == 0)
        return;
    (void)snprintf(command, sizeof command, "jq -r '.wrong // empty' '%s' | sort | uniq -c >&2",
                   collector->file);
    (void)!system(command);
    fail_msg("spans were not as they have to be");
}
