/* listener.c - the other end of the webhook, for tests: it refuses the first request, and appends
 * each later one to a file, a line with the Idempotency-Key and the body. */
#include <cairn/service.h>

#include <stdatomic.h>
#include <stdio.h>

static const char *path;
static atomic_flag was_asked = ATOMIC_FLAG_INIT;

static void on_post(struct cairn_request *request, struct cairn_reply *reply)
{
    const char *key = cairn_request_header(request, "Idempotency-Key");
    FILE *file = atomic_flag_test_and_set(&was_asked) ? fopen(path, "ae") : NULL;
    bool written = file && fprintf(file, "%s %s\n", key ? key : "-", request->body) > 0;
    if (file)
        written = fclose(file) == 0 && written;
    reply->status = written ? 204 : 503;
}

static const struct cairn_route routes[] = {
    {.route = "POST /hook", .handle = on_post, .takes = "application/json"},
    {0},
};

static const struct cairn_setting settings[] = {
    {.name = "CAIRN_HOOK_FILE", .unit = "path", .text = &path, .help = "where requests are kept"},
    {0},
};

CAIRN_MAIN({.name = "listener", .port = 8072, .routes = routes, .settings = settings});
