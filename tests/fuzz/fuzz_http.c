/* fuzz_http.c - arbitrary bytes on a connection to a server with routes of every kind. Each input
 * is answered, or the connection is closed; no answer is a 5xx but 501, 503 and 505, and the server
 * survives. */
#include "exchange.h"

#include "http/http.h"

#include <signal.h>
#include <string.h>

static void count_parameter(void *context, const char *name, const char *value)
{
    *(size_t *)context += strlen(name) + strlen(value);
}

/* Reads everything that a handler may read. */
static enum cairn_http_outcome handle(const void *self, void *worker,
                                      struct cairn_http_request *request,
                                      struct cairn_http_response *response)
{
    static const char *const headers[] = {"Idempotency-Key", "If-Match", "Cairn-Position",
                                          "Content-Type", "Prefer"};
    size_t bytes = 0;
    (void)self;
    (void)worker;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const char *value = cairn_http_header(request, headers[i]);
        expect((value != NULL) == (cairn_http_header_count(request, headers[i]) > 0));
        bytes += value ? strlen(value) : 0;
    }
    cairn_http_query_each(request, count_parameter, &bytes);
    expect(strlen(request->trace_id) == 32 && strlen(request->traceparent) == 55);
    expect(request->body && request->body[request->body_bytes] == '\0');
    response->status = 200;
    response->body = bytes % 2 ? "{}" : "[]";
    response->body_bytes = 2;
    return CAIRN_HTTP_DONE;
}

static int start(void)
{
    static const struct cairn_http_route routes[] = {
        {.method = "GET", .pattern = "/things", .handle = handle},
        {.method = "GET", .pattern = "/things/{id}", .handle = handle, .direct = true},
        {.method = "POST", .pattern = "/things", .handle = handle, .takes_body = true},
        {.method = "PUT", .pattern = "/things/{id}/name", .handle = handle, .takes_body = true},
    };
    const struct cairn_http_options options = {
        .workers = 2,
        .queue_max = 64,
        .body_max_bytes = 4096,
        .header_max_bytes = 4096,
        .deadline_us = 20000, /* most inputs are not a complete request */
        .connections_max = 256,
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
    };
    static struct cairn_http *http;
    struct cairn_error error = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    expect(cairn_http_start(&options, &http, &error) == 0);
    return cairn_http_port(http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int port;
    char answer[4096];
    if (!port)
        port = start();
    if (size <= 16384)
        exchange(port, data, size, answer, sizeof answer);
    return 0;
}
