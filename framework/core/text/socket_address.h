/* socket_address.h - addresses of sockets from text: 127.0.0.1, ::1. */
#ifndef CAIRN_CORE_SOCKET_ADDRESS_H
#define CAIRN_CORE_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

union cairn_socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Parses a numeric IPv4 or IPv6 address. Returns its length, or 0 if the text is no address. */
socklen_t cairn_socket_address_parse(const char *text, int port, union cairn_socket_address *ret);

/* Returns the port that a bound socket has. */
int cairn_socket_port(int socket);

#endif
