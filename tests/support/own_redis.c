/* own_redis.c - a redis-server of a test's own. */
#include "own_redis.h"

#include "fixture.h"
#include "http_client.h"
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 40 };

static bool accepts(void *context)
{
    const struct own_redis *redis = context;
    struct http_connection connection;
    bool accepted = http_open(&connection, redis->port, 1000) == 0;
    if (accepted)
        http_close(&connection);
    return accepted;
}

void own_redis_start(struct own_redis *ret, const char *const arguments[])
{
    char port[12];
    char log[600];
    const char *argv[ARGUMENTS_MAX + 12] = {"redis-server", "--bind", "127.0.0.1",
                                            "127.0.0.2",    "--save", ""};
    size_t count = 6;
    ret->port = fixture_free_port();
    (void)snprintf(port, sizeof port, "%d", ret->port);
    (void)snprintf(ret->directory, sizeof ret->directory, "/tmp/cairn-redis.XXXXXX");
    assert_non_null(mkdtemp(ret->directory));
    argv[count++] = "--dir";
    argv[count++] = ret->directory;
    bool has_port = false;
    for (size_t i = 0; arguments && arguments[i]; i++) {
        assert_true(i < ARGUMENTS_MAX);
        has_port = has_port || strcmp(arguments[i], "--tls-port") == 0;
        argv[count++] = strcmp(arguments[i], "PORT") == 0 ? port : arguments[i];
    }
    argv[count++] = "--port";
    argv[count++] = has_port ? "0" : port;
    (void)snprintf(log, sizeof log, "%s/own-redis-%d.log", getenv("CAIRN_TEST_SERVERS"), ret->port);
    assert_int_equal(child_start(&ret->child, argv, NULL, log), 0);
    fixture_wait(accepts, ret, 20000, "a redis-server of the test's own");
}

void own_redis_stop(struct own_redis *redis)
{
    child_kill(&redis->child, SIGKILL);
    (void)rmdir(redis->directory);
}
