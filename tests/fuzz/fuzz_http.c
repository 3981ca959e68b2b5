/* fuzz_http.c - arbitrary bytes on a connection to a server with routes of every kind. Each input
 * is answered, or the connection is closed; no answer is a 5xx but 501, 503 and 505, and the server
 * survives. */
#include "fuzz.h"

#include "../support/http_client.h"
#include "http/http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Reads until the server closes the connection; keeps the beginning. */
static size_t read_answer(int fd, char *ret, size_t size)
{
    size_t used = 0;
    char rest[4096];
    for (;;) {
        struct pollfd ready = {fd, POLLIN, 0};
        if (poll(&ready, 1, 10000) <= 0)
            break;
        bool kept = used < size - 1;
        ssize_t got = recv(fd, kept ? ret + used : rest, kept ? size - 1 - used : sizeof rest, 0);
        if (got <= 0)
            break;
        used += kept ? (size_t)got : 0;
    }
    ret[used] = '\0';
    return used;
}

static int dial(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct linger at_once = {.l_onoff = 1, .l_linger = 0}; /* otherwise the ports run out */
    expect(fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int port;
    char answer[4096];
    if (!port)
        port = start();
    if (size > 16384)
        return 0;
    int fd = dial(port);
    (void)send(fd, data, size, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    size_t bytes = read_answer(fd, answer, sizeof answer);
    (void)close(fd);
    expect(bytes < 12 || strncmp(answer, "HTTP/1.", 7) == 0);
    expect(bytes < 12 || answer[9] != '5' || strncmp(answer + 9, "501", 3) == 0 ||
           strncmp(answer + 9, "505", 3) == 0 || strncmp(answer + 9, "503", 3) == 0);
    return 0;
}
