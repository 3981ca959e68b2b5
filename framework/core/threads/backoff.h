/* backoff.h - pauses before retries: exponential, with jitter, so that what failed together does
 * not retry together (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015:
 * "equal jitter"). */
#ifndef CAIRN_CORE_BACKOFF_H
#define CAIRN_CORE_BACKOFF_H

#include <stdint.h>

/* Returns a random duration from `from_us` to `to_us`, both included. */
int64_t cairn_jitter_us(int64_t from_us, int64_t to_us);

/* Returns the pause after so many failed attempts (0 or 1: the first): `first_us`, doubled with
 * each further one up to `most_us`; a random part of its second half is left out. */
int64_t cairn_backoff_us(int64_t attempts, int64_t first_us, int64_t most_us);

#endif
