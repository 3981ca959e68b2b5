/* service.c - runs one service as its own process, on an empty log. */
#include "service.h"

#include "fixture.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VARIABLES = 16 };

void service_launch(struct child *ret, const char *name, const char *url, int port,
                    const char *const env[])
{
    char binary[512];
    char log[512];
    char database[600];
    char listen[20];
    const char *all[VARIABLES + 3] = {database, listen};
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), name);
    (void)snprintf(log, sizeof log, "%s/%s-%d-%d.log", getenv("CAIRN_TEST_SERVERS"), name,
                   (int)getpid(), port);
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", url);
    (void)snprintf(listen, sizeof listen, "PORT=%d", port);
    for (int i = 0; env && env[i]; i++) {
        assert_true(i < VARIABLES);
        all[i + 2] = env[i];
    }
    const char *const argv[] = {binary, NULL};
    assert_int_equal(child_start(ret, argv, all, log), 0);
}

static void start(struct service *ret, const char *name, const char *redis_url)
{
    char redis[300];
    const char *const env[] = {redis, NULL};
    ret->port = fixture_free_port();
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", redis_url);
    service_launch(&ret->child, name, ret->url, ret->port, env);
    fixture_wait_http(ret->port, "/readyz", 60000);
}

void service_start(struct service *ret, const char *name)
{
    fixture_database(ret->url, sizeof ret->url);
    ret->redis_url = fixture_redis();
    start(ret, name, ret->redis_url);
}

void service_join(struct service *ret, const char *name, const struct service *other)
{
    (void)snprintf(ret->url, sizeof ret->url, "%s", other->url);
    ret->redis_url = other->redis_url;
    start(ret, name, ret->redis_url);
}

void service_leave(struct service *service)
{
    assert_int_equal(child_stop(&service->child, 20000), 0);
}

void service_stop(struct service *service)
{
    service_leave(service);
    fixture_drop(service->url);
}
