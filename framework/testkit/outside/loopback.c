/* loopback.c - receives and sends HTTP messages over a socket. */
#include "testkit/outside/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int cairn_loopback_bind(int *port, int *ret, struct cairn_error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)*port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int yes = 1;
    int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bound < 0)
        return cairn_fail(error, CAIRN_CONFIG, "no socket: %s", strerror(errno));
    (void)setsockopt(bound, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(bound, (const struct sockaddr *)&address, size) < 0 ||
        getsockname(bound, (struct sockaddr *)&address, &size) < 0) {
        int why = errno;
        (void)close(bound);
        return cairn_fail(error, CAIRN_CONFIG, "cannot take port %d of 127.0.0.1: %s", *port,
                          strerror(why));
    }
    *port = ntohs(address.sin_port);
    *ret = bound;
    return 0;
}

bool cairn_loopback_send(int socket, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t sent = send(socket, at, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        count -= (size_t)sent;
    }
    return true;
}

const char *cairn_loopback_header(const char *headers, const char *name, struct cairn_arena *arena)
{
    size_t length = strlen(name);
    for (const char *at = strstr(headers, "\r\n"); at; at = strstr(at + 2, "\r\n")) {
        if (strncasecmp(at + 2, name, length) != 0 || at[2 + length] != ':')
            continue;
        const char *value = at + 2 + length + 1;
        value += strspn(value, " \t");
        return cairn_copy_bytes(arena, value, strcspn(value, "\r\n"));
    }
    return NULL;
}

/* ---- receiving ---- */

/* Received bytes, ended by a NUL. */
struct received {
    int socket;
    char *bytes;
    size_t count, capacity, max;
};

/* Receives more. Returns false at the end, or beyond the limit. */
static bool receive_more(struct received *received)
{
    if (received->count + 1 >= received->capacity) {
        received->capacity = received->capacity ? received->capacity * 2 : 4096;
        received->bytes = cairn_reallocate(received->bytes, received->capacity);
    }
    if (received->count >= received->max)
        return false;
    ssize_t got;
    do
        got = recv(received->socket, received->bytes + received->count,
                   received->capacity - received->count - 1, 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return false;
    received->count += (size_t)got;
    received->bytes[received->count] = '\0';
    return true;
}

static bool receive(struct received *received, bool has_body, struct cairn_arena *arena,
                    struct cairn_loopback_message *ret)
{
    char *end = NULL;
    while (!end) {
        if (!receive_more(received))
            return false;
        end = strstr(received->bytes, "\r\n\r\n");
    }
    size_t head_bytes = (size_t)(end - received->bytes) + 2;
    ret->head = cairn_copy_bytes(arena, received->bytes, head_bytes);
    const char *length = cairn_loopback_header(ret->head, "Content-Length", arena);
    ret->body_bytes = length && has_body ? strtoull(length, NULL, 10) : 0;
    while (received->count < head_bytes + 2 + ret->body_bytes) {
        if (!receive_more(received))
            return false;
    }
    ret->body = cairn_copy_bytes(arena, received->bytes + head_bytes + 2, ret->body_bytes);
    return true;
}

bool cairn_loopback_receive(int socket, size_t max, bool has_body, struct cairn_arena *arena,
                            struct cairn_loopback_message *ret)
{
    struct received received = {.socket = socket, .max = max};
    bool done = receive(&received, has_body, arena, ret);
    free(received.bytes);
    return done;
}

/* ---- a request ---- */

enum { ANSWER_MAX = 64 << 20, ANSWER_S = 60 };

static int connect_to(int port, struct cairn_error *error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = ANSWER_S};
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made >= 0 && connect(made, (const struct sockaddr *)&address, sizeof address) == 0) {
        (void)setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return made;
    }
    int why = errno;
    if (made >= 0)
        (void)close(made);
    return cairn_fail(error, CAIRN_UNAVAILABLE, "cannot connect to port %d: %s", port,
                      strerror(why));
}

static int ask(int connected, const char *request, bool has_body, struct cairn_arena *arena,
               struct cairn_loopback_message *ret, struct cairn_error *error)
{
    static const char version[] = "HTTP/1.1 ";
    if (!cairn_loopback_send(connected, request, strlen(request)) ||
        !cairn_loopback_receive(connected, ANSWER_MAX, has_body, arena, ret))
        return cairn_fail(error, CAIRN_UNKNOWN, "no complete answer came within %d s", ANSWER_S);
    if (strncmp(ret->head, version, strlen(version)) != 0)
        return cairn_fail(error, CAIRN_MALFORMED, "the answer is not HTTP/1.1");
    return (int)strtol(ret->head + strlen(version), NULL, 10);
}

int cairn_loopback_ask(int port, const char *request, bool has_body, struct cairn_arena *arena,
                       struct cairn_loopback_message *ret, struct cairn_error *error)
{
    int connected = connect_to(port, error);
    if (connected < 0)
        return connected;
    int status = ask(connected, request, has_body, arena, ret, error);
    (void)close(connected);
    return status;
}
