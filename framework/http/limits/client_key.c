/* client_key.c - makes keys of addresses and callers. */
#include "http/limits/client_key.h"

#include "core/text/sha256.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORK_BYTES = 8, TEXT_BYTES = 64, ADDRESS_BYTES = 16 };

static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF}; /* ::ffff:0:0/96, of IPv4 */

bool cairn_client_key_is(const struct cairn_client_key *one, const struct cairn_client_key *other)
{
    return memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

static bool is_mapped(const uint8_t address[static ADDRESS_BYTES])
{
    return memcmp(address, mapped, sizeof mapped) == 0;
}

static struct cairn_client_key key_of(const uint8_t address[static ADDRESS_BYTES])
{
    struct cairn_client_key key = {{0}};
    memcpy(key.bytes, address, is_mapped(address) ? ADDRESS_BYTES : NETWORK_BYTES);
    return key;
}

struct cairn_client_key cairn_client_key_of(const struct sockaddr *address,
                                            uint8_t ret_address[static 16])
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memset(ret_address, 0, ADDRESS_BYTES);
    if (address && address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        memcpy(ret_address, mapped, sizeof mapped);
        memcpy(ret_address + sizeof mapped, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (address && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        memcpy(ret_address, &v6.sin6_addr, ADDRESS_BYTES);
    }
    return key_of(ret_address);
}

/* ---- texts ---- */

static bool read_address(const char *text, uint8_t ret[static ADDRESS_BYTES])
{
    memcpy(ret, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, ret + sizeof mapped) == 1 ||
           inet_pton(AF_INET6, text, ret) == 1;
}

/* Copies an element of a list, without white space around it. Returns false if it is too long. */
static bool take_element(const char *text, size_t bytes, char ret[static TEXT_BYTES])
{
    size_t begin = strspn(text, " \t");
    begin = begin < bytes ? begin : bytes;
    while (bytes > begin && strchr(" \t", text[bytes - 1]))
        bytes--;
    if (bytes - begin >= TEXT_BYTES)
        return false;
    (void)snprintf(ret, TEXT_BYTES, "%.*s", (int)(bytes - begin), text + begin);
    return true;
}

struct network {
    uint8_t address[ADDRESS_BYTES];
    unsigned bits;
};

static bool read_network(const char *text, size_t bytes, struct network *ret)
{
    char element[TEXT_BYTES];
    if (!take_element(text, bytes, element))
        return false;
    char *slash = strchr(element, '/');
    if (slash)
        *slash++ = '\0';
    if (!read_address(element, ret->address))
        return false;
    unsigned most = is_mapped(ret->address) && !strchr(element, ':') ? 32 : 128;
    char *end = slash;
    unsigned long bits = slash ? strtoul(slash, &end, 10) : most;
    if (slash && (end == slash || *end || bits > most))
        return false;
    ret->bits = (unsigned)bits + 128 - most;
    return true;
}

static bool contains(const struct network *network, const uint8_t address[static ADDRESS_BYTES])
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address, address, whole) != 0)
        return false;
    return rest == 0 || (network->address[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool cairn_proxy_is_trusted(const char *proxies, const uint8_t address[static 16])
{
    struct network network;
    for (const char *at = proxies; *at;) {
        size_t bytes = strcspn(at, ",");
        if (read_network(at, bytes, &network) && contains(&network, address))
            return true;
        at += bytes + (at[bytes] == ',');
    }
    return false;
}

bool cairn_proxies_are_valid(const char *proxies)
{
    struct network network;
    for (const char *at = proxies; *at;) {
        size_t bytes = strcspn(at, ",");
        if (!read_network(at, bytes, &network))
            return false;
        at += bytes + (at[bytes] == ',');
    }
    return true;
}

/* Goes from the last proxy to the first, as long as each was seen by one that is trusted. What is
 * before that, and what is no address, a client may have made up. */
struct cairn_client_key cairn_client_key_behind(const char *proxies,
                                                const uint8_t address[static 16],
                                                const char *forwarded)
{
    uint8_t seen[ADDRESS_BYTES];
    char element[TEXT_BYTES];
    size_t end = forwarded ? strlen(forwarded) : 0;
    memcpy(seen, address, sizeof seen);
    while (end > 0 && cairn_proxy_is_trusted(proxies, seen)) {
        size_t begin = end;
        uint8_t next[ADDRESS_BYTES];
        while (begin > 0 && forwarded[begin - 1] != ',')
            begin--;
        if (!take_element(forwarded + begin, end - begin, element) || !read_address(element, next))
            break;
        memcpy(seen, next, sizeof seen);
        end = begin > 0 ? begin - 1 : 0;
    }
    return key_of(seen);
}

/* ---- callers ---- */

struct cairn_client_key cairn_client_key_of_actor(const struct cairn_actor *actor)
{
    struct cairn_client_key key;
    uint8_t both[2 * CAIRN_DIGEST_BYTES], digest[CAIRN_DIGEST_BYTES];
    cairn_sha256(actor->iss, strlen(actor->iss), both);
    cairn_sha256(actor->sub, strlen(actor->sub), both + CAIRN_DIGEST_BYTES);
    cairn_sha256(both, sizeof both, digest);
    memcpy(key.bytes, digest, sizeof key.bytes);
    return key;
}
