/* socket_address.c - converts text to the addresses of sockets. */
#include "core/text/socket_address.h"

#include <arpa/inet.h>

socklen_t cairn_socket_address_parse(const char *text, int port, union cairn_socket_address *ret)
{
    *ret = (union cairn_socket_address){0};
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

int cairn_socket_port(int socket)
{
    union cairn_socket_address address = {0};
    socklen_t length = sizeof address;
    (void)getsockname(socket, &address.any, &length);
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}
