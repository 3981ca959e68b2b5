/* target.c - the state of a target between calls.
 *
 * Invariants, under `lock`
 *  (1) 0 <= in_use <= concurrency, and in_use + idle_count <= concurrency.
 *  (2) The breaker is read and updated under the lock, with a clock that was read there. */
#include "outbound/target/target.h"

#include "core/containers/arena.h"
#include "core/report/metrics.h"
#include "core/text/this_machine.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "outbound/target/outbound_tls.h"
#include "outbound/target/targets.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct cairn_target_state {
    struct cairn_target *target;
    struct cairn_target_state *next; /* in `all`; guarded by `making` */
    struct cairn_limits limits;
    atomic_bool abandoned;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct cairn_breaker breaker;
    int in_use;
    CURL **idle; /* a stack: the handle used last has the freshest connection */
    int idle_count;
};

static struct cairn_metric in_use = CAIRN_GAUGE(
    "cairn_outbound_in_use", "Calls under way: places of the bulkhead in use.", "target");
static struct cairn_metric breaker_state =
    CAIRN_GAUGE("cairn_outbound_breaker_state",
                "The circuit breaker: 0 closed, 1 half-open, 2 open.", "target");

/* ---- creation ---- */

static int64_t or_else(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static struct cairn_limits read_limits(const struct cairn_target *target)
{
    const struct cairn_outbound_tls *tls = cairn_outbound_tls();
    return (struct cairn_limits){
        .name = target->name,
        .url = target->url,
        .deadline_us = or_else(target->deadline_us, CAIRN_SECONDS(10)),
        .connect_us = or_else(target->connect_us, CAIRN_SECONDS(2)),
        .backoff_us = or_else(target->backoff_us, CAIRN_MILLISECONDS(100)),
        .wait_us = or_else(target->wait_us, 0),
        .attempts = (int)or_else(target->attempts, 3),
        .concurrency = (int)or_else(target->concurrency, 8),
        .answer_max_bytes = target->answer_max_bytes ? target->answer_max_bytes : 1 << 20,
        .inside = target->inside,
        .ca_file = target->ca_file ? target->ca_file : tls->ca_file,
        .cert_file = target->cert_file ? target->cert_file : tls->cert_file,
        .key_file = target->cert_file ? target->key_file : tls->key_file,
        .is_itself = target->is_itself,
    };
}

/* Copies a part of the URL; "" if it is absent or too long. */
static void copy_part(CURLU *url, CURLUPart part, char *ret, size_t size)
{
    char *text = NULL;
    *ret = '\0';
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK && strlen(text) < size)
        memcpy(ret, text, strlen(text) + 1);
    curl_free(text);
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool found = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return found;
}

/* Returns whether calls are sent unencrypted to another machine, and may not be. A mail server is
 * asked for STARTTLS instead. */
static bool is_forbidden(const char *scheme, const char *host)
{
    return cairn_outbound_tls()->required && !cairn_is_loopback(host) &&
           strcmp(scheme, "http") == 0;
}

static bool requires_starttls(const char *scheme, const char *host, bool has_user)
{
    bool beyond = cairn_outbound_tls()->required && !cairn_is_loopback(host);
    return strcmp(scheme, "smtp") == 0 && (has_user || beyond);
}

/* The URL may contain a password, so no message shows it. */
static int read_url(struct cairn_limits *limits, struct cairn_error *error)
{
    char scheme[16];
    char host[256];
    char port[16];
    CURLU *url = curl_url();
    bool readable =
        url && limits->url && curl_url_set(url, CURLUPART_URL, limits->url, 0) == CURLUE_OK;
    if (!readable || has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
        curl_url_cleanup(url);
        return cairn_fail(error, CAIRN_CONFIG,
                          "the URL of %s is invalid, or has a query: expected one such as "
                          "https://host:port/base",
                          limits->name);
    }
    copy_part(url, CURLUPART_SCHEME, scheme, sizeof scheme);
    limits->mail = strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0;
    copy_part(url, CURLUPART_HOST, host, sizeof host);
    copy_part(url, CURLUPART_PORT, port, sizeof port);
    memcpy(limits->host, host, sizeof limits->host);
    limits->port = strtoll(port, NULL, 10);
    limits->tls_due = requires_starttls(scheme, host, has_part(url, CURLUPART_USER));
    curl_url_cleanup(url);
    if (is_forbidden(scheme, host))
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s is called by http, on %s, and CAIRN_REQUIRE_TLS is set: it has to be "
                          "https",
                          limits->name, host);
    if (!limits->mail && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        return cairn_fail(error, CAIRN_CONFIG,
                          "%s is called by http, https, smtp or smtps, not by %s", limits->name,
                          scheme);
    return 0;
}

static struct cairn_target_state *make(struct cairn_target *target,
                                       const struct cairn_limits *limits)
{
    struct cairn_target_state *state = cairn_allocate(sizeof *state);
    state->target = target;
    state->limits = *limits;
    state->limits.abandoned = &state->abandoned;
    state->breaker = (struct cairn_breaker){
        .failures_max = (int)or_else(target->breaker_failures, 5),
        .open_us = or_else(target->breaker_open_us, CAIRN_SECONDS(5)),
    };
    state->idle = cairn_allocate((size_t)limits->concurrency * sizeof(CURL *));
    cairn_cond_init(&state->freed);
    cairn_lock_init(&state->lock);
    cairn_metric_set(&in_use, limits->name, 0);
    cairn_metric_set(&breaker_state, limits->name, CAIRN_BREAKER_CLOSED);
    return state;
}

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER; /* guards every target's state_ */
static struct cairn_target_state *all;                     /* and this list of them */

static void init_library(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort(); /* out of memory is the only reason */
}

/* Called under the lock `making`. */
static int ensure(struct cairn_target *target, struct cairn_error *error)
{
    if (target->state_)
        return 0;
    struct cairn_limits limits = read_limits(target);
    int failed = read_url(&limits, error);
    if (failed)
        return failed;
    target->state_ = make(target, &limits);
    target->state_->next = all;
    all = target->state_;
    return 0;
}

int cairn_target_state(struct cairn_target *target, bool mail, struct cairn_target_state **ret,
                       struct cairn_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, init_library);
    cairn_lock(&making);
    int failed = ensure(target, error);
    struct cairn_target_state *state = target->state_;
    cairn_unlock(&making);
    if (!failed && state->limits.mail != mail)
        return cairn_fail(error, CAIRN_CONFIG, "the URL of %s is not one for %s", target->name,
                          mail ? "mail" : "HTTP");
    if (!failed)
        *ret = state;
    return failed;
}

const struct cairn_limits *cairn_target_limits(const struct cairn_target_state *state)
{
    return &state->limits;
}

void cairn_target_abandon(struct cairn_target *target)
{
    cairn_lock(&making);
    if (target->state_)
        atomic_store(&target->state_->abandoned, true);
    cairn_unlock(&making);
}

/* Removes the state from the list. */
static void forget(const struct cairn_target_state *state)
{
    cairn_lock(&making);
    struct cairn_target_state **at = &all;
    while (*at != state)
        at = &(*at)->next;
    *at = state->next;
    cairn_unlock(&making);
}

void cairn_target_close(struct cairn_target *target)
{
    struct cairn_target_state *state = target->state_;
    if (!state)
        return;
    forget(state);
    while (state->idle_count > 0)
        curl_easy_cleanup(state->idle[--state->idle_count]);
    cairn_cond_destroy(&state->freed);
    cairn_lock_destroy(&state->lock);
    free(state->idle);
    free(state);
    target->state_ = NULL;
}

void cairn_targets_close(void)
{
    while (all)
        cairn_target_close(all->target);
}

/* ---- places ---- */

static int refuse_open(const struct cairn_target_state *state, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_UNAVAILABLE,
                      "%s has failed repeatedly: its circuit breaker is open, no request was sent",
                      state->limits.name);
}

/* Called under the lock. Returns false if no place became free in time. */
static bool await_place(struct cairn_target_state *state, int64_t until_us)
{
    while (state->in_use == state->limits.concurrency &&
           cairn_cond_wait_until(&state->freed, &state->lock, until_us))
        continue;
    return state->in_use < state->limits.concurrency;
}

/* Called under the lock. */
static int take_place(struct cairn_target_state *state, int64_t deadline_us,
                      struct cairn_error *error)
{
    int64_t now_us = cairn_monotonic_us();
    int64_t until_us = now_us + state->limits.wait_us;
    if (cairn_breaker_refuses(&state->breaker, now_us))
        return refuse_open(state, error);
    if (!await_place(state, until_us < deadline_us ? until_us : deadline_us))
        return cairn_fail(error, CAIRN_BUSY, "%d calls to %s are under way already", state->in_use,
                          state->limits.name);
    state->in_use++;
    cairn_metric_set(&in_use, state->limits.name, state->in_use);
    return 0;
}

int cairn_target_enter(struct cairn_target_state *state, int64_t deadline_us, CURL **ret,
                       struct cairn_error *error)
{
    CURL *handle = NULL;
    cairn_lock(&state->lock);
    int failed = take_place(state, deadline_us, error);
    if (!failed && state->idle_count > 0)
        handle = state->idle[--state->idle_count];
    cairn_unlock(&state->lock);
    if (failed)
        return failed;
    if (!handle)
        handle = curl_easy_init();
    if (!handle)
        abort(); /* out of memory */
    *ret = handle;
    return 0;
}

void cairn_target_leave(struct cairn_target_state *state, CURL *handle)
{
    cairn_lock(&state->lock);
    state->idle[state->idle_count++] = handle;
    state->in_use--;
    cairn_metric_set(&in_use, state->limits.name, state->in_use);
    cairn_cond_signal(&state->freed);
    cairn_unlock(&state->lock);
}

/* ---- the breaker ---- */

bool cairn_target_admit(struct cairn_target_state *state, uint64_t *ret_epoch)
{
    cairn_lock(&state->lock);
    bool admitted = cairn_breaker_admit(&state->breaker, cairn_monotonic_us(), ret_epoch);
    cairn_metric_set(&breaker_state, state->limits.name, state->breaker.state);
    cairn_unlock(&state->lock);
    return admitted;
}

void cairn_target_report(struct cairn_target_state *state, uint64_t epoch, bool failed)
{
    cairn_lock(&state->lock);
    cairn_breaker_report(&state->breaker, epoch, failed, cairn_monotonic_us());
    cairn_metric_set(&breaker_state, state->limits.name, state->breaker.state);
    cairn_unlock(&state->lock);
}
