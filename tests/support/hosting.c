/* hosting.c - starts services in the test's own process. */
#include "hosting.h"

#include "fixture.h"
#include "http_client.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cairn_host *hosting_start(const char *url, const struct cairn_service *const services[])
{
    static struct cairn_config configs[64]; /* one per host, which borrows it */
    static size_t started;
    assert_in_range(started, 0, sizeof configs / sizeof configs[0] - 1);
    struct cairn_config *config = &configs[started++];
    struct cairn_host *host = NULL;
    struct cairn_error error = {0};
    (void)setenv("DATABASE_URL", url, 1);
    (void)setenv("PORT", "0", 1);
    int failed = cairn_config_read(config, services, &error);
    (void)unsetenv("PORT");
    (void)unsetenv("DATABASE_URL");
    if (!failed)
        failed = cairn_host_start(config, services, &host, &error);
    if (failed)
        fail_msg("%s", error.message);
    return host;
}

int hosting_post(const struct cairn_host *host, const char *path, const char *headers,
                 const char *body)
{
    struct http_reply reply = {0};
    char all[1400];
    (void)snprintf(all, sizeof all, "Content-Type: application/json\r\n%s", headers);
    assert_int_equal(
        http_send(cairn_host_port(host), "POST", path, all, body, strlen(body), &reply, 10000), 0);
    int status = reply.status;
    http_reply_free(&reply);
    return status;
}
