/* exchange.h - sends arbitrary bytes to a server of this process, and looks at its answer. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "fuzz.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads until the server closes the connection; keeps the beginning. */
static inline size_t read_answer(int fd, char *ret, size_t size)
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

static inline int dial(int port)
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

/* Sends the bytes on a connection of their own, and reads until it is closed. The beginning of the
 * answer, which may be empty, becomes `ret`: it is one of HTTP, and no 5xx but 501, 503 and 505. */
static inline void exchange(int port, const void *data, size_t size, char *ret, size_t ret_size)
{
    int fd = dial(port);
    (void)send(fd, data, size, MSG_NOSIGNAL);
    (void)shutdown(fd, SHUT_WR);
    size_t bytes = read_answer(fd, ret, ret_size);
    (void)close(fd);
    expect(bytes < 12 || strncmp(ret, "HTTP/1.", 7) == 0);
    expect(bytes < 12 || ret[9] != '5' || strncmp(ret + 9, "501", 3) == 0 ||
           strncmp(ret + 9, "505", 3) == 0 || strncmp(ret + 9, "503", 3) == 0);
}

#endif
