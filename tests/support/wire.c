/* wire.c - plain sockets on the loopback. */
#include "wire.h"

#include "support.h"

#include "core/containers/buffer.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

struct wire wire_open(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct wire wire = {.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(wire.socket >= 0);
    if (connect(wire.socket, (struct sockaddr *)&address, sizeof address) != 0)
        fail_msg("cannot connect to port %d: %s", port, strerror(errno));
    return wire;
}

void wire_close(struct wire *wire)
{
    assert_int_equal(close(wire->socket), 0);
    free(wire->bytes);
    *wire = (struct wire){.socket = -1};
}

void wire_send_bytes(struct wire *wire, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t sent = send(wire->socket, at, count, MSG_NOSIGNAL);
        if (sent < 0)
            fail_msg("cannot send: %s", strerror(errno));
        at += sent;
        count -= (size_t)sent;
    }
}

void wire_send(struct wire *wire, const char *text)
{
    wire_send_bytes(wire, text, strlen(text));
}

bool wire_try_send(struct wire *wire, const char *text)
{
    return send(wire->socket, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

bool wire_readable(const struct wire *wire, int ms)
{
    struct pollfd watched = {.fd = wire->socket, .events = POLLIN};
    return poll(&watched, 1, ms) > 0;
}

/* Returns false at the end. A reset also counts as the end: the caller checks what came before. */
static bool read_more(struct wire *wire)
{
    if (wire->capacity - wire->count < 4096) {
        wire->capacity = wire->capacity * 2 + 8192;
        wire->bytes = realloc(wire->bytes, wire->capacity);
        assert_non_null(wire->bytes);
    }
    if (!wire_readable(wire, PATIENCE_MS))
        fail_msg("nothing came within %d ms", PATIENCE_MS);
    ssize_t got =
        recv(wire->socket, wire->bytes + wire->count, wire->capacity - wire->count - 1, 0);
    if (got <= 0)
        return false;
    wire->count += (size_t)got;
    wire->bytes[wire->count] = '\0';
    return true;
}

static void drop(struct wire *wire, size_t count)
{
    wire->count -= count;
    memmove(wire->bytes, wire->bytes + count, wire->count + 1);
}

static size_t read_headers(struct wire *wire)
{
    const char *end = NULL;
    while (!wire->count || !(end = strstr(wire->bytes, "\r\n\r\n"))) {
        if (!read_more(wire))
            fail_msg("the connection ended before an answer, after %zu bytes", wire->count);
    }
    return (size_t)(end - wire->bytes) + 4;
}

struct wire_answer wire_read_head(struct wire *wire)
{
    struct wire_answer answer = {0};
    size_t length = read_headers(wire);
    assert_true(length < sizeof answer.head);
    memcpy(answer.head, wire->bytes, length);
    drop(wire, length);
    assert_int_equal(sscanf(answer.head, "HTTP/1.1 %d ", &answer.status), 1);
    return answer;
}

struct wire_answer wire_read(struct wire *wire)
{
    struct wire_answer answer = wire_read_head(wire);
    if (answer.status == 204 || answer.status == 304) /* have no body, whatever length they state */
        return answer;
    answer.body_bytes = (size_t)atoll(wire_header(&answer, "Content-Length"));
    while (wire->count < answer.body_bytes) {
        if (!read_more(wire))
            fail_msg("the connection ended within an answer");
    }
    if (answer.body_bytes < sizeof answer.body)
        memcpy(answer.body, wire->bytes, answer.body_bytes);
    if (answer.body_bytes)
        drop(wire, answer.body_bytes);
    return answer;
}

void wire_read_end(struct wire *wire)
{
    while (read_more(wire))
        wire->count = 0;
}

struct wire_answer wire_ask(int port, const char *head, const char *body)
{
    struct wire wire = wire_open(port);
    char length[64];
    (void)snprintf(length, sizeof length, "Host: test\r\nContent-Length: %zu\r\n\r\n",
                   strlen(body));
    wire_send(&wire, head);
    wire_send(&wire, *body ? length : "Host: test\r\n\r\n");
    wire_send(&wire, body);
    struct wire_answer answer =
        strncmp(head, "HEAD ", 5) == 0 ? wire_read_head(&wire) : wire_read(&wire);
    wire_close(&wire);
    return answer;
}

const char *wire_header(const struct wire_answer *answer, const char *name)
{
    static char value[512];
    size_t length = strlen(name);
    for (const char *at = strstr(answer->head, "\r\n"); at; at = strstr(at, "\r\n")) {
        at += 2;
        if (strncasecmp(at, name, length) != 0 || at[length] != ':')
            continue;
        at += length + 1;
        at += strspn(at, " ");
        (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\r"), at);
        return value;
    }
    return "";
}

void wire_until(bool (*holds)(void *context), void *context)
{
    int64_t late_us = cairn_monotonic_us() + 1000 * (int64_t)PATIENCE_MS;
    while (!holds(context)) {
        if (cairn_monotonic_us() > late_us)
            fail_msg("what was waited for did not happen");
        (void)poll(NULL, 0, 1);
    }
}

struct wire wire_get(int port, const char *what, int number)
{
    char text[128];
    struct wire wire = wire_open(port);
    (void)snprintf(text, sizeof text, "GET /%s/%d HTTP/1.1\r\nHost: test\r\n\r\n", what, number);
    wire_send(&wire, text);
    return wire;
}

bool wire_none_is_open(void *context)
{
    (void)context;
    struct cairn_arena arena = {0};
    struct cairn_buffer text = cairn_buffer(&arena);
    cairn_metrics_write(CAIRN_METRICS_TEXT, &text);
    bool none = strstr(text.text, "\ncairn_http_requests_open 0\n") != NULL;
    cairn_arena_close(&arena);
    return none;
}
