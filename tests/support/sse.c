/* sse.c - parses server-sent events: a socket's bytes to chunks, to lines, to messages. */
#include "sse.h"

#include "fixture.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- bytes ---- */

static void put(struct sse_text *text, const char *bytes, size_t count)
{
    if (text->capacity - text->count <= count) {
        text->capacity = 2 * text->capacity + count + 256;
        text->bytes = realloc(text->bytes, text->capacity);
        assert_non_null(text->bytes);
    }
    memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
    text->bytes[text->count] = '\0';
}

static void drop(struct sse_text *text, size_t count)
{
    memmove(text->bytes, text->bytes + count, text->count - count + 1);
    text->count -= count;
}

/* ---- HTTP ---- */

static void take_head(struct sse *sse)
{
    const char *end = sse->raw.count ? strstr(sse->raw.bytes, "\r\n\r\n") : NULL;
    if (sse->status || !end)
        return;
    if (sscanf(sse->raw.bytes, "HTTP/1.1 %d", &sse->status) != 1)
        fail_msg("this is no HTTP: %.100s", sse->raw.bytes);
    (void)snprintf(sse->head, sizeof sse->head, "%.*s", (int)(end - sse->raw.bytes),
                   sse->raw.bytes);
    drop(&sse->raw, (size_t)(end - sse->raw.bytes) + 4);
}

/* An answer that is not a stream has no chunks; its body is not read. */
static void take_chunks(struct sse *sse)
{
    while (sse->status == 200 && sse->raw.count) {
        char *end = NULL;
        size_t size = strtoul(sse->raw.bytes, &end, 16);
        if (strncmp(end, "\r\n", 2) != 0)
            return;
        size_t start = (size_t)(end - sse->raw.bytes) + 2;
        if (sse->raw.count < start + size + 2)
            return;
        put(&sse->body, sse->raw.bytes + start, size);
        drop(&sse->raw, start + size + 2);
        sse->ended |= size == 0;
    }
}

/* Reads the available bytes, waiting for them at most until `until_ms`. */
static void read_some(struct sse *sse, int64_t until_ms)
{
    char bytes[16384];
    int64_t left_ms = until_ms - fixture_now_ms();
    struct pollfd watched = {.fd = sse->socket, .events = POLLIN};
    if (poll(&watched, 1, left_ms > 0 ? (int)left_ms : 0) <= 0)
        return;
    ssize_t count = recv(sse->socket, bytes, sizeof bytes, 0);
    if (count < 0 && errno == EINTR)
        return;
    sse->ended |= count <= 0;
    if (count > 0)
        put(&sse->raw, bytes, (size_t)count);
    take_head(sse);
    take_chunks(sse);
}

/* ---- messages ---- */

static void take_line(struct sse *sse, const char *line, struct sse_message *message)
{
    if (*line == ':')
        sse->comments++;
    else if (strncmp(line, "id: ", 4) == 0)
        (void)snprintf(sse->id, sizeof sse->id, "%s", line + 4);
    else if (strncmp(line, "event: ", 7) == 0)
        (void)snprintf(message->event, sizeof message->event, "%s", line + 7);
    else if (strncmp(line, "data: ", 6) == 0)
        (void)snprintf(message->data, sizeof message->data, "%s", line + 6);
}

/* Takes one block of lines, until an empty line. Returns whether it is a message. */
static bool take_block(struct sse *sse, struct sse_message *ret, bool *ret_block)
{
    char *end = sse->body.count ? strstr(sse->body.bytes, "\n\n") : NULL;
    *ret_block = end != NULL;
    if (!end)
        return false;
    size_t bytes = (size_t)(end - sse->body.bytes) + 2;
    *ret = (struct sse_message){.event = "message"};
    for (char *line = sse->body.bytes; line < end;) {
        char *line_end = strchr(line, '\n');
        *line_end = '\0';
        take_line(sse, line, ret);
        line = line_end + 1;
    }
    drop(&sse->body, bytes);
    (void)snprintf(ret->id, sizeof ret->id, "%s", sse->id);
    return ret->data[0] != '\0';
}

bool sse_next(struct sse *sse, struct sse_message *ret, int ms)
{
    int64_t until_ms = fixture_now_ms() + ms;
    do {
        bool block = true;
        while (block) {
            if (take_block(sse, ret, &block))
                return true;
        }
        if (sse->ended || (sse->status && sse->status != 200))
            return false;
        read_some(sse, until_ms);
    } while (fixture_now_ms() < until_ms || (sse->body.count && strstr(sse->body.bytes, "\n\n")));
    return false;
}

/* Longer than anything takes under ThreadSanitizer on a busy machine. */
enum { PATIENCE_MS = 90000 };

struct sse_message sse_expect(struct sse *sse)
{
    struct sse_message message;
    if (!sse_next(sse, &message, PATIENCE_MS))
        fail_msg("no message within %d ms: status %d, %s", PATIENCE_MS, sse->status,
                 sse->ended ? "ended" : "open");
    return message;
}

/* ---- open and close ---- */

bool sse_open(struct sse *sse, int port, const char *path, const char *headers)
{
    char text[1024];
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *sse = (struct sse){.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(sse->socket >= 0);
    int count = snprintf(text, sizeof text,
                         "GET %s HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n%s\r\n",
                         path, headers ? headers : "");
    assert_in_range(count, 1, sizeof text - 1);
    if (connect(sse->socket, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(sse->socket, text, (size_t)count, MSG_NOSIGNAL) == count)
        return true;
    sse_close(sse);
    return false;
}

void sse_close(struct sse *sse)
{
    if (sse->socket >= 0)
        (void)close(sse->socket);
    free(sse->raw.bytes);
    free(sse->body.bytes);
    *sse = (struct sse){.socket = -1};
}
