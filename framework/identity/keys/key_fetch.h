/* key_fetch.h - reads an issuer's keys: from a file, or from the issuer, which
 * its configuration names (discovery.h).
 *
 * Threads: a fetcher belongs to one; it blocks. */
#ifndef CAIRN_IDENTITY_KEY_FETCH_H
#define CAIRN_IDENTITY_KEY_FETCH_H

#include "identity/keys/jwks.h"

struct cairn_key_fetch;

/* Makes a fetcher; `file` NULL: the issuer is asked. The texts are borrowed. */
struct cairn_key_fetch *cairn_key_fetch_open(const char *issuer, const char *file);
void cairn_key_fetch_close(struct cairn_key_fetch *fetch);

/* Returns whether the file is another one than at the last read, by its inode, size and time of
 * change; false where the issuer is asked. */
bool cairn_key_fetch_changed(const struct cairn_key_fetch *fetch);

/* Reads the keys. Returns 0, or
 *   -CAIRN_UNAVAILABLE  the issuer does not answer, or not with its keys: try later
 *   -CAIRN_CONFIG       the file cannot be read or has no keys, or the issuer's documents do not
 *                       fit: `error` says what to correct */
int cairn_key_fetch_read(struct cairn_key_fetch *fetch, struct cairn_jwks **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
