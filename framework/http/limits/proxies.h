/* proxies.h - addresses, as limits compare them, and the proxies that are trusted to name one.
 *
 * An address has 16 bytes, those of IPv6; one of IPv4 is mapped (::ffff:0:0/96, RFC 4291).
 *
 * Threads: any; a list does not change. */
#ifndef CAIRN_HTTP_PROXIES_H
#define CAIRN_HTTP_PROXIES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cairn_proxies;

bool cairn_address_is_mapped(const uint8_t address[static 16]);
void cairn_address_map(const struct in_addr *address, uint8_t ret[static 16]);
/* Reads an address, white space around it aside. Returns false if the text is none; `ret` may have
 * changed then. */
bool cairn_address_read(const char *text, size_t bytes, uint8_t ret[static 16]);

/* Reads a list of addresses and networks (10.0.0.0/8), separated by commas; NULL and "" are an
 * empty one. Returns NULL if the list is wrong. The caller closes it. */
struct cairn_proxies *cairn_proxies_open(const char *list);
void cairn_proxies_close(struct cairn_proxies *proxies); /* NULL is fine */

/* Returns whether the list has no element. */
bool cairn_proxies_are_none(const struct cairn_proxies *proxies);
/* Returns whether a proxy with this address is one of the list. */
bool cairn_proxies_trust(const struct cairn_proxies *proxies, const uint8_t address[static 16]);

#endif
