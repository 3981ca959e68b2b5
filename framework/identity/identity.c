/* identity.c - the keys that are known, the thread that fetches them, and the calls that wait for
 * it.
 *
 * Invariants
 *  (1) A call that waits is answered by a fetch that began after it: a key that was published
 *      before its token is found.
 *  (2) After a fetch that ended without a token's key, the token is refused until the next one may
 *      begin: a token that names no key of the issuer causes at most one fetch, and waits once.
 *  (3) A token is remembered as verified only by the keys that are the current ones. */
#include "identity/identity.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "identity/keys/discovery.h"
#include "identity/keys/key_fetch.h"
#include "identity/token/verified.h"

#include <stdlib.h>
#include <string.h>

enum { LACKING_MAX = 128, VERIFIED_MAX = 10000, WAITING_MAX = 100 };
#define AGAIN_US CAIRN_SECONDS(10)
#define REFRESH_US CAIRN_SECONDS(300)
#define HURRY_US CAIRN_SECONDS(1) /* between two looks at a file, and while there are no keys */

struct cairn_identity {
    struct cairn_identity_options options;
    struct cairn_verified *verified;
    struct cairn_key_fetch *fetcher; /* the thread's */
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t wanted_now;
    bool stopping;
    struct cairn_jwks *keys; /* NULL: none yet */
    int64_t fetches;         /* begun so far; */
    bool fetching;           /* the last of them has not ended, or */
    bool failed;             /* has failed, as the error says */
    struct cairn_error why;
    int64_t ended_us;                    /* the last one; monotonic */
    struct cairn_identity_wait *waiting; /* the newest first */
    size_t waiting_count;
    uint64_t lacking[LACKING_MAX]; /* tokens whose key the last fetch did not bring */
    size_t lacking_count;
};

/* A token that a call has brought. */
struct presented {
    const char *token;
    size_t bytes;
    int64_t now_s;
    uint8_t digest[CAIRN_DIGEST_BYTES];
};

static struct cairn_metric tokens =
    CAIRN_COUNTER("cairn_auth_tokens_total", "Bearer tokens, by outcome.", "outcome");
static struct cairn_metric fetches = CAIRN_COUNTER(
    "cairn_auth_key_fetches_total", "Reads of the issuer's keys, by outcome.", "outcome");

/* ---- when to fetch, with the lock held ---- */

/* Returns from when on keys may be fetched because of a token. */
static int64_t next_us(const struct cairn_identity *identity)
{
    bool hurries = !identity->keys || identity->options.keys_file;
    int64_t pause_us = identity->options.ask_again_us;
    if (identity->fetches == 0)
        return 0;
    return identity->ended_us + (hurries ? cairn_earlier_us(pause_us, HURRY_US) : pause_us);
}

/* Returns when the thread has to look at the keys next. */
static int64_t due_us(const struct cairn_identity *identity)
{
    if (identity->waiting || !identity->keys)
        return next_us(identity);
    return identity->ended_us +
           (identity->options.keys_file ? HURRY_US : identity->options.refresh_us);
}

/* ---- the thread ---- */

static void log_keys(const struct cairn_identity *identity, const struct cairn_jwks *keys)
{
    cairn_log(CAIRN_LOG_INFO, "the issuer's keys are known",
              CAIRN_LOG_TEXT("issuer", identity->options.rules.issuer),
              CAIRN_LOG_INTEGER("keys", (int64_t)cairn_jwks_count(keys)));
}

/* Takes over the keys of a fetch, or notes why there are none. Called with the lock held. */
static void take_keys(struct cairn_identity *identity, int failed, struct cairn_jwks *keys,
                      const struct cairn_error *why)
{
    bool is_new = !failed && (!identity->keys || !cairn_jwks_same(identity->keys, keys));
    bool was_failed = identity->failed;
    identity->failed = failed < 0;
    identity->why = *why;
    if (failed && !was_failed)
        cairn_log_error(CAIRN_LOG_WARN, "the issuer's keys cannot be read", why);
    cairn_metric_add(&fetches, failed ? "failed" : is_new ? "new" : "same", 1);
    if (!is_new) {
        cairn_jwks_release(failed ? NULL : keys);
        return;
    }
    cairn_jwks_release(identity->keys);
    identity->keys = keys;
    cairn_verified_clear(identity->verified);
    log_keys(identity, keys);
}

/* Takes all that wait off the list, and notes the tokens that this fetch answers, see (1), (2). */
static struct cairn_identity_wait *take_waiting(struct cairn_identity *identity)
{
    struct cairn_identity_wait *all = identity->waiting;
    identity->lacking_count = 0;
    for (struct cairn_identity_wait *at = all; at; at = at->next) {
        if (at->fetch <= identity->fetches && identity->lacking_count < LACKING_MAX)
            identity->lacking[identity->lacking_count++] = at->token;
    }
    identity->waiting = NULL;
    identity->waiting_count = 0;
    return all;
}

static void end_waits(struct cairn_identity_wait *all)
{
    for (struct cairn_identity_wait *next; all; all = next) {
        next = all->next;
        all->done(all);
    }
}

/* Fetches once. Called with the lock held, which is released meanwhile. */
static void fetch(struct cairn_identity *identity)
{
    struct cairn_jwks *keys = NULL;
    struct cairn_error why = {0};
    identity->fetches++;
    identity->fetching = true;
    cairn_unlock(&identity->lock);
    int failed = cairn_key_fetch_read(identity->fetcher, &keys, &why);
    cairn_lock(&identity->lock);
    identity->fetching = false;
    identity->ended_us = cairn_monotonic_us();
    take_keys(identity, failed, keys, &why);
    struct cairn_identity_wait *all = take_waiting(identity);
    cairn_unlock(&identity->lock);
    end_waits(all);
    cairn_lock(&identity->lock);
}

/* Fetches, unless the keys are in a file that has not changed, and no call waits. Called with the
 * lock held, which is released meanwhile. */
static void look_at_keys(struct cairn_identity *identity)
{
    bool needed = identity->waiting || !identity->keys || !identity->options.keys_file;
    cairn_unlock(&identity->lock);
    needed = needed || cairn_key_fetch_changed(identity->fetcher);
    cairn_lock(&identity->lock);
    if (needed)
        fetch(identity);
    else
        identity->ended_us = cairn_monotonic_us();
}

static void *fetch_keys(void *context)
{
    struct cairn_identity *identity = context;
    cairn_lock(&identity->lock);
    while (!identity->stopping) {
        if (cairn_monotonic_us() < due_us(identity))
            (void)cairn_cond_wait_until(&identity->wanted_now, &identity->lock, due_us(identity));
        else
            look_at_keys(identity);
    }
    struct cairn_identity_wait *all = take_waiting(identity);
    cairn_unlock(&identity->lock);
    end_waits(all);
    return NULL;
}

/* ---- calls ---- */

static int refuse_unavailable(const struct cairn_identity *identity, struct cairn_error *error)
{
    return cairn_fail_inside(error, CAIRN_UNAVAILABLE,
                             "the token's key is not known, and the issuer's keys cannot be read "
                             "now",
                             "%s", identity->why.message);
}

static bool is_lacking(const struct cairn_identity *identity, uint64_t token)
{
    bool lacking = false;
    for (size_t i = 0; i < identity->lacking_count; i++)
        lacking = lacking || identity->lacking[i] == token;
    return lacking;
}

/* Decides about a token whose key is not known. Called with the lock held. */
static int wait_for_keys(struct cairn_identity *identity, uint64_t token,
                         struct cairn_identity_wait *wait, const struct cairn_error *unknown,
                         struct cairn_error *error)
{
    bool soon = identity->fetching || cairn_monotonic_us() >= next_us(identity);
    if (identity->stopping)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the service is stopping");
    if (!soon && identity->failed)
        return refuse_unavailable(identity, error);
    if (!soon && identity->keys && is_lacking(identity, token))
        return cairn_error_pass(error, unknown);
    if (!wait)
        return CAIRN_IDENTITY_WAITS;
    if (identity->waiting_count >= identity->options.waiting_max)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "%zu requests wait already for keys of the issuer",
                          identity->waiting_count);
    wait->token = token;
    wait->fetch = identity->fetches + 1;
    wait->next = identity->waiting;
    identity->waiting = wait;
    identity->waiting_count++;
    cairn_metric_add(&tokens, "waited", 1);
    cairn_cond_signal(&identity->wanted_now);
    return CAIRN_IDENTITY_WAITS;
}

static struct cairn_jwks *hold_keys(struct cairn_identity *identity)
{
    cairn_lock(&identity->lock);
    struct cairn_jwks *keys = identity->keys ? cairn_jwks_hold(identity->keys) : NULL;
    cairn_unlock(&identity->lock);
    return keys;
}

/* Verifies a token by `keys`, which are those that are known, or were just now. */
static int verify(struct cairn_identity *identity, const struct cairn_jwks *keys,
                  const struct presented *presented, struct cairn_arena *arena,
                  struct cairn_bearer *ret, struct cairn_error *error)
{
    int outcome = cairn_bearer_verify(keys, &identity->options.rules, presented->token,
                                      presented->bytes, presented->now_s, arena, ret, error);
    if (outcome != 0)
        return outcome;
    cairn_lock(&identity->lock);
    if (keys == identity->keys) /* see (3) */
        cairn_verified_put(identity->verified, presented->digest, ret);
    cairn_unlock(&identity->lock);
    cairn_metric_add(&tokens, "verified", 1);
    return 0;
}

/* Decides about a token with an unknown key, unless the keys have changed since: then *ret_again is
 * set. */
static int refuse_or_await_keys(struct cairn_identity *identity, const struct cairn_jwks *keys,
                                const struct presented *presented, struct cairn_identity_wait *wait,
                                const struct cairn_error *unknown, bool *ret_again,
                                struct cairn_error *error)
{
    uint64_t token;
    int outcome = 0;
    memcpy(&token, presented->digest, sizeof token);
    cairn_lock(&identity->lock);
    *ret_again = keys != identity->keys;
    if (!*ret_again)
        outcome = wait_for_keys(identity, token, wait, unknown, error);
    cairn_unlock(&identity->lock);
    return outcome;
}

int cairn_identity_find(struct cairn_identity *identity, const char *token, size_t bytes,
                        struct cairn_arena *arena, struct cairn_identity_wait *wait,
                        struct cairn_actor *ret, struct cairn_error *error)
{
    struct presented presented = {.token = token,
                                  .bytes = bytes,
                                  .now_s = cairn_time_to_unix(cairn_now()) / CAIRN_SECONDS(1)};
    cairn_sha256(token, bytes, presented.digest);
    if (cairn_verified_find(identity->verified, presented.digest, presented.now_s, arena, ret)) {
        cairn_metric_add(&tokens, "remembered", 1);
        return 0;
    }
    bool again = true;
    int outcome = 0;
    while (again) {
        struct cairn_error refused = {0};
        struct cairn_bearer bearer = {0};
        struct cairn_jwks *keys = hold_keys(identity);
        again = false;
        outcome = verify(identity, keys, &presented, arena, &bearer, &refused);
        if (outcome == CAIRN_BEARER_UNKNOWN_KEY)
            outcome =
                refuse_or_await_keys(identity, keys, &presented, wait, &refused, &again, error);
        else if (outcome < 0)
            (void)cairn_error_pass(error, &refused);
        else
            *ret = bearer.actor;
        cairn_jwks_release(keys);
    }
    if (outcome < 0)
        cairn_metric_add(&tokens, "refused", 1);
    return outcome;
}

int cairn_identity_ready(struct cairn_identity *identity, struct cairn_error *error)
{
    int failed = 0;
    cairn_lock(&identity->lock);
    if (!identity->keys)
        failed = cairn_fail_inside(error, CAIRN_UNAVAILABLE, "the issuer's keys are not known",
                                   "%s", identity->failed ? identity->why.message : "not yet read");
    cairn_unlock(&identity->lock);
    return failed;
}

/* ---- life ---- */

static void set_defaults(struct cairn_identity_options *options)
{
    options->ask_again_us = options->ask_again_us ? options->ask_again_us : AGAIN_US;
    options->refresh_us = options->refresh_us ? options->refresh_us : REFRESH_US;
    options->verified_max = options->verified_max ? options->verified_max : VERIFIED_MAX;
    options->waiting_max = options->waiting_max ? options->waiting_max : WAITING_MAX;
}

/* Reads the file of keys, without which the service is not started. */
static int read_first(struct cairn_identity *identity, struct cairn_error *error)
{
    if (!identity->options.keys_file)
        return 0;
    int failed = cairn_key_fetch_read(identity->fetcher, &identity->keys, error);
    if (failed)
        return failed;
    identity->fetches = 1;
    identity->ended_us = cairn_monotonic_us();
    log_keys(identity, identity->keys);
    return 0;
}

int cairn_identity_open(const struct cairn_identity_options *options, struct cairn_identity **ret,
                        struct cairn_error *error)
{
    const char *issuer = options->rules.issuer;
    if (!options->keys_file && !cairn_issuer_url_is_safe(issuer))
        return cairn_fail(error, CAIRN_CONFIG,
                          "the issuer's keys cannot be fetched from %s: https, or http on this "
                          "machine, is required, or a file of keys (CAIRN_AUTH_JWKS_FILE)",
                          issuer);
    struct cairn_identity *identity = cairn_allocate(sizeof *identity);
    identity->options = *options;
    set_defaults(&identity->options);
    cairn_lock_init(&identity->lock);
    cairn_cond_init(&identity->wanted_now);
    identity->verified = cairn_verified_open(identity->options.verified_max);
    identity->fetcher = cairn_key_fetch_open(issuer, options->keys_file);
    int failed = read_first(identity, error);
    if (!failed)
        failed = cairn_thread_start(&identity->thread, fetch_keys, identity, "fetches keys", error);
    identity->running = !failed;
    if (failed)
        cairn_identity_close(identity);
    else
        *ret = identity;
    return failed;
}

void cairn_identity_stop(struct cairn_identity *identity)
{
    if (!identity || !identity->running)
        return;
    cairn_lock(&identity->lock);
    identity->stopping = true;
    cairn_cond_signal(&identity->wanted_now);
    cairn_unlock(&identity->lock);
    cairn_thread_join(identity->thread);
    identity->running = false;
}

void cairn_identity_close(struct cairn_identity *identity)
{
    if (!identity)
        return;
    cairn_identity_stop(identity);
    cairn_key_fetch_close(identity->fetcher);
    cairn_verified_close(identity->verified);
    cairn_jwks_release(identity->keys);
    cairn_cond_destroy(&identity->wanted_now);
    cairn_lock_destroy(&identity->lock);
    free(identity);
}
