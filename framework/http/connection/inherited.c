/* inherited.c - finds listening sockets that the process was started with. */
#include "http/connection/inherited.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 3, SOCKETS_MAX = 64 };

/* Returns how many sockets are meant for this process. */
static int count_inherited(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    long sockets = strtol(count, NULL, 10);
    return sockets > 0 && sockets <= SOCKETS_MAX ? (int)sockets : 0;
}

static bool listens(int socket, union cairn_socket_address *ret)
{
    int accepts = 0;
    socklen_t length = sizeof accepts;
    socklen_t bytes = sizeof *ret;
    memset(ret, 0, sizeof *ret);
    return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0 && accepts &&
           getsockname(socket, &ret->any, &bytes) == 0;
}

static in_port_t port_of(const union cairn_socket_address *address)
{
    return address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port;
}

static bool is_same(const union cairn_socket_address *a, const union cairn_socket_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET6)
        return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

int cairn_inherited_listener(const union cairn_socket_address *wanted, const char *bind_setting,
                             struct cairn_error *error)
{
    union cairn_socket_address address;
    int count = count_inherited();
    for (int socket = FIRST; socket < FIRST + count; socket++) {
        if (!listens(socket, &address) || port_of(&address) != port_of(wanted))
            continue;
        if (!is_same(&address, wanted))
            return cairn_fail(error, CAIRN_CONFIG,
                              "the socket that was passed for port %d is bound to another address "
                              "than %s: make both the same",
                              cairn_socket_port(socket), bind_setting);
        (void)fcntl(socket, F_SETFD, FD_CLOEXEC);
        (void)fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
        return socket;
    }
    return -1;
}
