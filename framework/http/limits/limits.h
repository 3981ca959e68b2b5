/* limits.h - what one client may take of a server: requests a second and connections; and which
 * names and origins the server answers for.
 *
 * Requests are counted by address before anything is done for them, and by caller when the guard
 * has found one; /healthz and whatever else is answered directly or is vital is not counted. A
 * request beyond the limit is answered 429 with Retry-After; answers have RateLimit-Policy and
 * RateLimit (draft-ietf-httpapi-ratelimit-headers-10).
 *
 * Threads: the polling threads. */
#ifndef CAIRN_HTTP_LIMITS_H
#define CAIRN_HTTP_LIMITS_H

#include "http/answer/response.h"
#include "http/exchange.h"
#include "http/limits/buckets.h"

struct cairn_limiter;

struct cairn_limiter *cairn_limiter_open(const struct cairn_http_limits *limits);
void cairn_limiter_close(struct cairn_limiter *limiter);

/* Returns whether the address is that of a trusted proxy. */
bool cairn_limiter_trusts(const struct cairn_limiter *limiter, const uint8_t address[static 16]);

/* Takes a token of the request's address, and sets whom the request counts for. Returns 0, or
 * -CAIRN_TOO_MANY: the refusal says when to come again. `forwarded` is X-Forwarded-For, or NULL. */
int cairn_limiter_address(struct cairn_exchange *exchange, const char *forwarded,
                          struct cairn_error *error) CAIRN_CHECKED;
/* The same for the caller; nothing happens without one. */
int cairn_limiter_caller(struct cairn_exchange *exchange, struct cairn_error *error) CAIRN_CHECKED;

/* Adds the fields that say what is left, to an answer that was counted. */
void cairn_limiter_headers(const struct cairn_exchange *exchange, cairn_header_sink *put,
                           void *sink);

#endif
