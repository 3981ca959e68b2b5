/* http_client.c - sends requests and reads replies, each with a deadline. From top to bottom:
 * sockets, the bytes of a reply, its body, the calls. */
#include "http_client.h"

#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX_BYTES = 64 * 1024, REPLY_MAX_BYTES = 64 * 1024 * 1024 };

/* The bytes of a reply received so far, in one growing buffer, and the deadline for more. */
struct incoming {
    int socket;
    int64_t deadline_ms;
    char *bytes;
    size_t used;
    size_t capacity;
};

static void *grow(void *memory, size_t bytes)
{
    memory = realloc(memory, bytes);
    if (!memory)
        abort();
    return memory;
}

/* ---- sockets ---- */

/* Waits for one of these events. Returns the events that occurred, or HTTP_LATE; HTTP_CUT if poll
 * fails. */
static int await(int socket, short events, int64_t deadline_ms)
{
    struct pollfd wanted = {.fd = socket, .events = events};
    for (;;) {
        int64_t left_ms = deadline_ms - fixture_now_ms();
        int ready = poll(&wanted, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready > 0)
            return wanted.revents;
        if (ready == 0)
            return HTTP_LATE;
        if (errno != EINTR)
            return HTTP_CUT;
    }
}

/* Waits until a connection in progress is established. */
static int await_connection(int socket, int64_t deadline_ms)
{
    int failed = 0;
    socklen_t size = sizeof failed;
    int ready = await(socket, POLLOUT, deadline_ms);
    if (ready < 0)
        return ready;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &failed, &size) < 0 || failed)
        return HTTP_AWAY;
    return 0;
}

/* Returns a connected socket, or an http_failure. */
static int dial(int port, int64_t deadline_ms)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int failed = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return HTTP_AWAY;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        failed = errno == EINPROGRESS ? await_connection(fd, deadline_ms) : HTTP_AWAY;
    if (failed == 0)
        return fd;
    (void)close(fd);
    return failed;
}

/* Sends everything, or as much as the server reads: it may answer before it has read all, and
 * close. Its answer, or that it is gone, shows when the reply is read. */
static int send_bytes(int socket, const char *bytes, size_t count, int64_t deadline_ms)
{
    while (count > 0) {
        int ready = await(socket, POLLIN | POLLOUT, deadline_ms);
        if (ready < 0)
            return ready;
        if (ready & (POLLIN | POLLERR | POLLHUP))
            return 0;
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return 0;
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
        }
    }
    return 0;
}

/* Returns the number of bytes received, 0 at the end of the connection, or an http_failure. */
static int64_t receive(struct incoming *in)
{
    if (in->used + 1 >= REPLY_MAX_BYTES)
        return HTTP_GARBLED;
    if (in->used + 1 >= in->capacity) {
        in->capacity = in->capacity ? 2 * in->capacity : 8192;
        in->bytes = grow(in->bytes, in->capacity);
    }
    for (;;) {
        int ready = await(in->socket, POLLIN, in->deadline_ms);
        if (ready < 0)
            return ready;
        ssize_t got = recv(in->socket, in->bytes + in->used, in->capacity - in->used - 1, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got < 0)
            return HTTP_CUT;
        in->used += (size_t)got;
        in->bytes[in->used] = '\0';
        return got;
    }
}

/* ---- the bytes of a reply ---- */

/* Reads until `count` bytes are there. */
static int want_bytes(struct incoming *in, size_t count)
{
    if (count > REPLY_MAX_BYTES)
        return HTTP_GARBLED;
    while (in->used < count) {
        int64_t got = receive(in);
        if (got <= 0)
            return got < 0 ? (int)got : HTTP_CUT;
    }
    return 0;
}

/* Reads until `mark` occurs at or after `from`. Returns the offset after it, or an http_failure. */
static int64_t want_mark(struct incoming *in, size_t from, const char *mark)
{
    for (;;) {
        const char *found =
            in->used > from ? memmem(in->bytes + from, in->used - from, mark, strlen(mark)) : NULL;
        if (found)
            return found - in->bytes + (int64_t)strlen(mark);
        if (in->used > from + HEAD_MAX_BYTES)
            return HTTP_GARBLED;
        int64_t got = receive(in);
        if (got <= 0)
            return got < 0 ? got : HTTP_CUT;
    }
}

static void remove_first(struct incoming *in, size_t count)
{
    memmove(in->bytes, in->bytes + count, in->used - count + 1);
    in->used -= count;
}

/* Reads the head of the reply, skipping interim ones (100 Continue). Returns where it ends. */
static int64_t read_head(struct incoming *in, struct http_reply *reply)
{
    for (;;) {
        int64_t end = want_mark(in, 0, "\r\n\r\n");
        if (end < 0)
            return end;
        if (sscanf(in->bytes, "HTTP/1.%*1[01] %3d", &reply->status) != 1 || reply->status < 100)
            return HTTP_GARBLED;
        if (reply->status >= 200) {
            reply->headers = grow(NULL, (size_t)end + 1);
            memcpy(reply->headers, in->bytes, (size_t)end);
            reply->headers[end] = '\0';
            return end;
        }
        remove_first(in, (size_t)end);
    }
}

/* ---- the body of a reply ---- */

static void add_to_body(struct http_reply *reply, const char *bytes, size_t count)
{
    reply->body = grow(reply->body, reply->body_bytes + count + 1);
    memcpy(reply->body + reply->body_bytes, bytes, count);
    reply->body_bytes += count;
    reply->body[reply->body_bytes] = '\0';
}

/* Reads the line at `at`: a hexadecimal size and an optional extension. Returns where it ends. */
static int64_t read_chunk_size(struct incoming *in, size_t at, size_t *ret)
{
    char *digits_end;
    int64_t end = want_mark(in, at, "\r\n");
    if (end < 0)
        return end;
    *ret = strtoul(in->bytes + at, &digits_end, 16);
    if (digits_end == in->bytes + at || !strchr(";\r \t", *digits_end) || *ret > REPLY_MAX_BYTES)
        return HTTP_GARBLED;
    return end;
}

static int read_chunks(struct incoming *in, size_t at, struct http_reply *reply)
{
    for (;;) {
        size_t count;
        int64_t start = read_chunk_size(in, at, &count);
        if (start < 0)
            return (int)start;
        if (count == 0) {
            /* trailers, if any, until the empty line */
            int64_t end = want_mark(in, (size_t)start - 2, "\r\n\r\n");
            return end < 0 ? (int)end : 0;
        }
        at = (size_t)start + count + 2;
        int failed = want_bytes(in, at);
        if (failed)
            return failed;
        if (memcmp(in->bytes + at - 2, "\r\n", 2) != 0)
            return HTTP_GARBLED;
        add_to_body(reply, in->bytes + start, count);
    }
}

static int read_counted(struct incoming *in, size_t at, const char *length,
                        struct http_reply *reply)
{
    char *end;
    size_t count = strtoul(length, &end, 10);
    if (end == length || *end || count > REPLY_MAX_BYTES)
        return HTTP_GARBLED;
    int failed = want_bytes(in, at + count);
    if (failed)
        return failed;
    add_to_body(reply, in->bytes + at, count);
    return 0;
}

static int read_to_end(struct incoming *in, size_t at, struct http_reply *reply)
{
    int64_t got;
    do {
        got = receive(in);
    } while (got > 0);
    add_to_body(reply, in->bytes + at, in->used - at);
    return (int)got;
}

static int read_body(struct incoming *in, size_t at, bool has_none, struct http_reply *reply)
{
    char value[64];
    add_to_body(reply, "", 0);
    if (has_none || reply->status == 204 || reply->status == 304)
        return 0;
    if (http_header(reply, "Transfer-Encoding", value, sizeof value))
        return strcasecmp(value, "chunked") == 0 ? read_chunks(in, at, reply) : HTTP_GARBLED;
    if (http_header(reply, "Content-Length", value, sizeof value))
        return read_counted(in, at, value, reply);
    return read_to_end(in, at, reply);
}

/* ---- the calls ---- */

static int exchange(int socket, const char *bytes, size_t count, bool has_no_body,
                    struct http_reply *reply, int64_t deadline_ms)
{
    struct incoming in = {.socket = socket, .deadline_ms = deadline_ms};
    int failed = send_bytes(socket, bytes, count, deadline_ms);
    if (failed == 0) {
        int64_t end = read_head(&in, reply);
        failed = end < 0 ? (int)end : read_body(&in, (size_t)end, has_no_body, reply);
    }
    free(in.bytes);
    if (failed)
        http_reply_free(reply);
    return failed;
}

static bool method_has_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

/* Returns the request in one buffer, so that it leaves in one packet if it can. The caller frees
 * it. */
static char *compose(const struct http_connection *connection, bool keep, const char *method,
                     const char *path, const char *headers, const void *body, size_t body_bytes,
                     size_t *ret_bytes)
{
    char *text;
    char length[48] = "";
    if (body || method_has_body(method))
        (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", body ? body_bytes : 0);
    int head = asprintf(&text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n", method, path,
                        connection->port, keep ? "" : "Connection: close\r\n",
                        headers ? headers : "", length);
    if (head < 0)
        abort();
    *ret_bytes = (size_t)head + (body ? body_bytes : 0);
    if (body && body_bytes > 0) {
        text = grow(text, *ret_bytes);
        memcpy(text + head, body, body_bytes);
    }
    return text;
}

static int ask(struct http_connection *connection, bool keep, const char *method, const char *path,
               const char *headers, const void *body, size_t body_bytes, struct http_reply *reply,
               int64_t deadline_ms)
{
    size_t count;
    char *text = compose(connection, keep, method, path, headers, body, body_bytes, &count);
    int failed =
        exchange(connection->socket, text, count, strcmp(method, "HEAD") == 0, reply, deadline_ms);
    free(text);
    return failed;
}

int http_send(int port, const char *method, const char *path, const char *headers, const void *body,
              size_t body_bytes, struct http_reply *reply, int timeout_ms)
{
    int64_t deadline_ms = fixture_now_ms() + timeout_ms;
    struct http_connection connection;
    *reply = (struct http_reply){0};
    int failed = http_open(&connection, port, timeout_ms);
    if (failed)
        return failed;
    failed = ask(&connection, false, method, path, headers, body, body_bytes, reply, deadline_ms);
    http_close(&connection);
    return failed;
}

int http_raw(int port, const void *bytes, size_t count, struct http_reply *reply)
{
    int64_t deadline_ms = fixture_now_ms() + 10000;
    *reply = (struct http_reply){0};
    int fd = dial(port, deadline_ms);
    if (fd < 0)
        return fd;
    int failed = exchange(fd, bytes, count, false, reply, deadline_ms);
    (void)close(fd);
    return failed;
}

int http_open(struct http_connection *ret, int port, int timeout_ms)
{
    *ret = (struct http_connection){.socket = -1, .port = port};
    int fd = dial(port, fixture_now_ms() + timeout_ms);
    if (fd < 0)
        return fd;
    ret->socket = fd;
    return 0;
}

int http_ask(struct http_connection *connection, const char *method, const char *path,
             const char *headers, const void *body, size_t body_bytes, struct http_reply *reply,
             int timeout_ms)
{
    char value[32];
    *reply = (struct http_reply){0};
    if (connection->socket < 0)
        return HTTP_CUT;
    int failed = ask(connection, true, method, path, headers, body, body_bytes, reply,
                     fixture_now_ms() + timeout_ms);
    if (failed ||
        (http_header(reply, "Connection", value, sizeof value) && strcasecmp(value, "close") == 0))
        http_close(connection);
    return failed;
}

void http_close(struct http_connection *connection)
{
    if (connection->socket >= 0)
        (void)close(connection->socket);
    connection->socket = -1;
}

bool http_header(const struct http_reply *reply, const char *name, char *ret, size_t size)
{
    size_t bytes = strlen(name);
    ret[0] = '\0';
    for (const char *line = reply->headers; line && (line = strstr(line, "\r\n"));) {
        line += 2;
        if (strncasecmp(line, name, bytes) == 0 && line[bytes] == ':') {
            line += bytes + 1;
            line += strspn(line, " \t");
            (void)snprintf(ret, size, "%.*s", (int)strcspn(line, "\r\n"), line);
            return true;
        }
    }
    return false;
}

void http_reply_free(struct http_reply *reply)
{
    free(reply->headers);
    free(reply->body);
    *reply = (struct http_reply){0};
}
