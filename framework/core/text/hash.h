/* hash.h - a keyed hash function for hash tables.
 *
 * Clients choose keys, and could choose thousands that fall into one slot of a known function. The
 * function is therefore keyed by a random number per process, and its results must not be stored.
 *
 * Threads: any. */
#ifndef CAIRN_CORE_HASH_H
#define CAIRN_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Returns SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) of a
 * text. */
uint64_t cairn_hash(const char *text);
/* Returns the same hash of `count` bytes. */
uint64_t cairn_hash_span(const void *bytes, size_t count);

#endif
