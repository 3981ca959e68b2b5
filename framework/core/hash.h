/* hash.h - where a text goes in a table.
 *
 * Clients choose keys, and could choose thousands that fall into one slot of a function that they
 * know. So the function is keyed by a random number of each process, and its results must not be
 * stored.
 *
 * Threads: any. */
#ifndef CAIRN_CORE_HASH_H
#define CAIRN_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) of a text. */
uint64_t cairn_hash(const char *text);
/* The same of bytes. */
uint64_t cairn_hash_span(const void *bytes, size_t count);

#endif
