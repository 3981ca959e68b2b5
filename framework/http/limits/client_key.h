/* client_key.h - what limits count by: an address, or an authenticated caller.
 *
 * An address is that of the connection; behind proxies that are trusted, that which the last of
 * them has seen (X-Forwarded-For). Addresses of IPv6 count by their first 64 bits, which one
 * subscriber has. A caller is a part of a digest of issuer and subject. */
#ifndef CAIRN_HTTP_CLIENT_KEY_H
#define CAIRN_HTTP_CLIENT_KEY_H

#include "http/limits/proxies.h"

#include <cairn/policy.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct cairn_client_key {
    uint8_t bytes[16];
};

bool cairn_client_key_is(const struct cairn_client_key *one, const struct cairn_client_key *other);

/* Returns the key of an address. `ret_address` is the whole of it, as IPv6. */
struct cairn_client_key cairn_client_key_of(const struct sockaddr *address,
                                            uint8_t ret_address[static 16]);

/* Returns the key of the client whose address `forwarded` names, if a proxy with this address is
 * trusted to say so; `forwarded` is the header, or NULL. */
struct cairn_client_key cairn_client_key_behind(const struct cairn_proxies *proxies,
                                                const uint8_t address[static 16],
                                                const char *forwarded);

struct cairn_client_key cairn_client_key_of_actor(const struct cairn_actor *actor);

#endif
