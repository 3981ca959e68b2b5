/* discovery.h - asks an issuer where its endpoints are: OpenID Connect Discovery 1.0, whose
 * document RFC 8414 has under the same member names.
 *
 * Threads: a discovery belongs to one; it blocks. */
#ifndef CAIRN_IDENTITY_DISCOVERY_H
#define CAIRN_IDENTITY_DISCOVERY_H

#include <cairn/outbound.h>

#include <stdbool.h>

struct cairn_discovery {
    const char *issuer;
    char *base; /* the issuer's URL without a slash at its end */
    struct cairn_target target;
};

/* Returns whether an issuer's documents may be exchanged with a URL: by https, or by http with this
 * machine ("127.0.0.1", "[::1]", "localhost"), without user and password. */
bool cairn_issuer_url_is_safe(const char *url);

/* Prepares to ask; the text is borrowed. Answers of more than `answer_max_bytes` are refused. */
void cairn_discovery_init(struct cairn_discovery *ret, const char *issuer, size_t answer_max_bytes);
void cairn_discovery_reset(struct cairn_discovery *discovery);

/* Finds the URL that the issuer's configuration has in `member`, such as "jwks_uri"; the caller
 * frees it. Returns 0, or
 *   -CAIRN_UNAVAILABLE  the issuer does not answer, or not with its configuration: try later
 *   -CAIRN_CONFIG       it is the configuration of another issuer (section 4.3), or has no such URL
 *                       that is safe: `error` says what to correct */
int cairn_discovery_find(struct cairn_discovery *discovery, const char *member, char **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Asks a target of the issuer once, or again if the request is idempotent. Returns 0 if it was
 * answered with 200, else -CAIRN_UNAVAILABLE, or -CAIRN_CONFIG if its URL is none. */
int cairn_discovery_get(struct cairn_target *target, const char *path,
                        struct cairn_outbound_response *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
