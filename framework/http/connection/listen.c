/* listen.c - opens the listening socket, and explains why it cannot. */
#include "http/connection/acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Returns the address' length, or 0 if the text is not an address. */
static socklen_t parse_address(const char *text, int port, union address *ret)
{
    *ret = (union address){0};
    if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons((uint16_t)port);
        return sizeof ret->v4;
    }
    if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        return sizeof ret->v6;
    }
    return 0;
}

static int fail_to_listen(const char *address, int port, int why, struct cairn_error *error)
{
    if (why == EADDRINUSE)
        return cairn_fail(
            error, CAIRN_CONFIG,
            "port %d on %s is in use: stop the process that listens there, or set PORT", port,
            address);
    if (why == EADDRNOTAVAIL)
        return cairn_fail(error, CAIRN_CONFIG,
                          "address %s is not one of this machine's: see CAIRN_BIND", address);
    return cairn_fail(error, CAIRN_CONFIG, "cannot listen on port %d of %s: %s", port, address,
                      strerror(why));
}

static int port_of(int socket)
{
    union address address = {0};
    socklen_t length = sizeof address;
    (void)getsockname(socket, &address.any, &length);
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

int cairn_acceptor_listen(const char *address, int port, int *ret_port, struct cairn_error *error)
{
    union address parsed;
    socklen_t length = parse_address(address, port, &parsed);
    if (length == 0)
        return cairn_fail(error, CAIRN_CONFIG, "%s is not an IPv4 or IPv6 address: see CAIRN_BIND",
                          address);
    int listener = socket(parsed.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return fail_to_listen(address, port, errno, error);
    /* Connections of the last run in TIME_WAIT must not prevent a new start. */
    const int on = 1;
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, &parsed.any, length) != 0 || listen(listener, SOMAXCONN) != 0) {
        int why = errno;
        (void)close(listener);
        return fail_to_listen(address, port, why, error);
    }
    *ret_port = port_of(listener);
    return listener;
}
