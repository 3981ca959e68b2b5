/* client_key.c - makes keys of addresses and callers. */
#include "http/limits/client_key.h"

#include "core/text/sha256.h"

#include <netinet/in.h>
#include <string.h>

enum { NETWORK_BYTES = 8, ADDRESS_BYTES = 16 };

bool cairn_client_key_is(const struct cairn_client_key *one, const struct cairn_client_key *other)
{
    return memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

static struct cairn_client_key key_of(const uint8_t address[static ADDRESS_BYTES])
{
    struct cairn_client_key key = {{0}};
    memcpy(key.bytes, address, cairn_address_is_mapped(address) ? ADDRESS_BYTES : NETWORK_BYTES);
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
        cairn_address_map(&v4.sin_addr, ret_address);
    } else if (address && address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        memcpy(ret_address, &v6.sin6_addr, ADDRESS_BYTES);
    }
    return key_of(ret_address);
}

/* ---- behind proxies ---- */

/* Goes from the last proxy to the first, as long as each was seen by one that is trusted. What is
 * before that, and what is no address, a client may have made up. */
struct cairn_client_key cairn_client_key_behind(const struct cairn_proxies *proxies,
                                                const uint8_t address[static 16],
                                                const char *forwarded)
{
    uint8_t seen[ADDRESS_BYTES];
    size_t end = forwarded ? strlen(forwarded) : 0;
    memcpy(seen, address, sizeof seen);
    while (end > 0 && cairn_proxies_trust(proxies, seen)) {
        size_t begin = end;
        uint8_t next[ADDRESS_BYTES];
        while (begin > 0 && forwarded[begin - 1] != ',')
            begin--;
        if (!cairn_address_read(forwarded + begin, end - begin, next))
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
