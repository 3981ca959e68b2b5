/* this_machine.c - recognizes the names and addresses of this machine. */
#include "core/text/this_machine.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool cairn_is_loopback(const char *host)
{
    char text[INET6_ADDRSTRLEN + 1];
    struct in_addr v4;
    struct in6_addr v6;
    size_t length = strlen(host);
    bool has_brackets = length > 2 && host[0] == '[' && host[length - 1] == ']';
    if (length >= sizeof text)
        return false;
    (void)snprintf(text, sizeof text, "%.*s", (int)(has_brackets ? length - 2 : length),
                   host + has_brackets);
    if (strcasecmp(text, "localhost") == 0)
        return true;
    if (!has_brackets && inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
