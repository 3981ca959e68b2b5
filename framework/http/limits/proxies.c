/* proxies.c - reads addresses and networks, once, and compares addresses with them. */
#include "http/limits/proxies.h"

#include "core/containers/arena.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 64, ADDRESS_BYTES = 16 };

static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};

struct network {
    uint8_t address[ADDRESS_BYTES];
    unsigned bits;
};

struct cairn_proxies {
    size_t count;
    struct network networks[];
};

/* ---- addresses ---- */

bool cairn_address_is_mapped(const uint8_t address[static 16])
{
    return memcmp(address, mapped, sizeof mapped) == 0;
}

void cairn_address_map(const struct in_addr *address, uint8_t ret[static 16])
{
    memcpy(ret, mapped, sizeof mapped);
    memcpy(ret + sizeof mapped, address, sizeof *address);
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

static bool parse_address(const char *text, uint8_t ret[static ADDRESS_BYTES])
{
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) != 1)
        return inet_pton(AF_INET6, text, ret) == 1;
    cairn_address_map(&v4, ret);
    return true;
}

bool cairn_address_read(const char *text, size_t bytes, uint8_t ret[static 16])
{
    char element[TEXT_BYTES];
    return take_element(text, bytes, element) && parse_address(element, ret);
}

/* ---- networks ---- */

static bool read_network(const char *text, size_t bytes, struct network *ret)
{
    char element[TEXT_BYTES];
    if (!take_element(text, bytes, element))
        return false;
    char *slash = strchr(element, '/');
    if (slash)
        *slash++ = '\0';
    if (!parse_address(element, ret->address))
        return false;
    unsigned most = strchr(element, ':') ? 128 : 32;
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

/* ---- lists ---- */

static size_t count_elements(const char *list)
{
    size_t count = 1;
    for (const char *at = list; *at; at++)
        count += *at == ',';
    return count;
}

struct cairn_proxies *cairn_proxies_open(const char *list)
{
    const char *at = list ? list : "";
    struct cairn_proxies *proxies =
        cairn_allocate(sizeof *proxies + count_elements(at) * sizeof(struct network));
    while (*at) {
        size_t bytes = strcspn(at, ",");
        if (!read_network(at, bytes, &proxies->networks[proxies->count])) {
            free(proxies);
            return NULL;
        }
        proxies->count++;
        at += bytes + (at[bytes] == ',');
    }
    return proxies;
}

void cairn_proxies_close(struct cairn_proxies *proxies)
{
    free(proxies);
}

bool cairn_proxies_are_none(const struct cairn_proxies *proxies)
{
    return proxies->count == 0;
}

bool cairn_proxies_trust(const struct cairn_proxies *proxies, const uint8_t address[static 16])
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (contains(&proxies->networks[i], address))
            return true;
    }
    return false;
}
