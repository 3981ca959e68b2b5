/* service.c - runs one service as its own process, on an empty log. */
#include "service.h"

#include "fixture.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void start(struct service *ret, const char *name, const char *redis_url)
{
    char binary[512];
    char log[512];
    char database[600];
    char redis[300];
    char port[20];
    ret->port = fixture_free_port();
    (void)snprintf(binary, sizeof binary, "%s/bin/cairn-%s", getenv("CAIRN_TEST_BUILD"), name);
    (void)snprintf(log, sizeof log, "%s/%s-%d.log", getenv("CAIRN_TEST_SERVERS"), name,
                   (int)getpid());
    (void)snprintf(database, sizeof database, "DATABASE_URL=%s", ret->url);
    (void)snprintf(redis, sizeof redis, "REDIS_URL=%s", redis_url);
    (void)snprintf(port, sizeof port, "PORT=%d", ret->port);
    const char *const argv[] = {binary, NULL};
    const char *const env[] = {database, redis, port, NULL};
    assert_int_equal(child_start(&ret->child, argv, env, log), 0);
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
