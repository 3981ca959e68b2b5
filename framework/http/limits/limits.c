/* limits.c - counts requests by address and by caller. */
#include "http/limits/limits.h"

#include "core/containers/arena.h"
#include "core/report/metrics.h"
#include "core/text/hash.h"
#include "core/threads/clock.h"

#include <stdio.h>
#include <stdlib.h>

static struct cairn_metric refused = CAIRN_COUNTER(
    "cairn_http_limited_total", "Requests refused because their client sent too many.", "by");

struct cairn_limiter {
    struct cairn_proxies *proxies;
    struct cairn_http_limits limits; /* the texts are borrowed */
    struct cairn_buckets *addresses; /* NULL: no limit */
    struct cairn_buckets *callers;   /* likewise */
};

struct cairn_limiter *cairn_limiter_open(const struct cairn_http_limits *limits)
{
    struct cairn_limiter *limiter = cairn_allocate(sizeof *limiter);
    limiter->limits = *limits;
    limiter->proxies = cairn_proxies_open(limits->proxies);
    if (!limiter->proxies) /* the configuration's check has refused it: nothing is trusted */
        limiter->proxies = cairn_proxies_open(NULL);
    limiter->addresses = cairn_buckets_open(limits->address_rate, limits->address_burst);
    limiter->callers = cairn_buckets_open(limits->caller_rate, limits->caller_burst);
    return limiter;
}

void cairn_limiter_close(struct cairn_limiter *limiter)
{
    if (!limiter)
        return;
    cairn_buckets_close(limiter->addresses);
    cairn_buckets_close(limiter->callers);
    cairn_proxies_close(limiter->proxies);
    free(limiter);
}

bool cairn_limiter_trusts(const struct cairn_limiter *limiter, const uint8_t address[static 16])
{
    return cairn_proxies_trust(limiter->proxies, address);
}

/* ---- requests ---- */

static struct cairn_client_key find_client(const struct cairn_limiter *limiter,
                                           const struct cairn_exchange *exchange,
                                           const char *forwarded)
{
    uint8_t address[16];
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->wire, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct cairn_client_key key = cairn_client_key_of(info ? info->client_addr : NULL, address);
    if (cairn_proxies_are_none(limiter->proxies))
        return key;
    return cairn_client_key_behind(limiter->proxies, address, forwarded);
}

/* The number that limits elsewhere compare: of clients whose numbers are equal by chance, which
 * happens once in 2^64 pairs, each counts the other's. */
static uint64_t number_of(const struct cairn_client_key *key)
{
    return cairn_hash_span(key->bytes, sizeof key->bytes) | 1;
}

/* Keeps the quota that is nearer to its end, for the answer. */
static int take(struct cairn_exchange *exchange, struct cairn_buckets *buckets, const char *by,
                const struct cairn_client_key *key, struct cairn_error *error)
{
    struct cairn_quota quota = cairn_buckets_take(buckets, key, cairn_monotonic_us());
    if (!exchange->quota.by || !quota.taken || quota.remaining < exchange->quota.left.remaining) {
        exchange->quota.by = by;
        exchange->quota.left = quota;
    }
    if (quota.taken)
        return 0;
    exchange->request.retry_after_s = quota.retry_in_s;
    cairn_metric_add(&refused, by, 1);
    return cairn_fail(error, CAIRN_TOO_MANY,
                      "more than %" PRId64 " requests in %" PRId64
                      " s: the next one is taken in %" PRId64 " s",
                      quota.burst, quota.window_s, quota.retry_in_s);
}

int cairn_limiter_address(struct cairn_exchange *exchange, const char *forwarded,
                          struct cairn_error *error)
{
    struct cairn_limiter *limiter = exchange->http->limiter;
    if (!limiter->addresses && !limiter->limits.numbers)
        return 0;
    struct cairn_client_key key = find_client(limiter, exchange, forwarded);
    exchange->request.client = number_of(&key);
    return limiter->addresses ? take(exchange, limiter->addresses, "address", &key, error) : 0;
}

int cairn_limiter_caller(struct cairn_exchange *exchange, struct cairn_error *error)
{
    struct cairn_limiter *limiter = exchange->http->limiter;
    const struct cairn_actor *actor = exchange->request.actor;
    if (!actor || (!limiter->callers && !limiter->limits.numbers))
        return 0;
    struct cairn_client_key key = cairn_client_key_of_actor(actor);
    exchange->request.client = number_of(&key);
    return limiter->callers ? take(exchange, limiter->callers, "caller", &key, error) : 0;
}

/* ---- answers ---- */

void cairn_limiter_headers(const struct cairn_exchange *exchange, cairn_header_sink *put,
                           void *sink)
{
    char policy[80], left[80];
    const struct cairn_quota *quota = &exchange->quota.left;
    if (!exchange->quota.by)
        return;
    (void)snprintf(policy, sizeof policy, "\"%s\";q=%" PRId64 ";w=%" PRId64, exchange->quota.by,
                   quota->burst, quota->window_s);
    (void)snprintf(left, sizeof left, "\"%s\";r=%" PRId64 ";t=%" PRId64, exchange->quota.by,
                   quota->remaining, quota->full_in_s);
    put(sink, "RateLimit-Policy", policy);
    put(sink, "RateLimit", left);
}
