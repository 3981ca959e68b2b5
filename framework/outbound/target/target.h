/* target.h - the state of a target between calls: its limits, its breaker, its places, its handles.
 *
 * A call acquires a place, keeps it over all its attempts and the pauses between them, and releases
 * it. A handle is libcurl's, with the connections that it keeps open; each place has one, so there
 * are never more handles than places, and each is used by one thread at a time.
 *
 * Threads: one lock per target, never held during input or output. */
#ifndef CAIRN_OUTBOUND_TARGET_H
#define CAIRN_OUTBOUND_TARGET_H

#include "outbound/target/breaker.h"

#include <cairn/outbound.h>

#include <curl/curl.h>
#include <stdatomic.h>

struct cairn_target_state;

/* The target's limits, with the defaults filled in. */
struct cairn_limits {
    const char *name;
    const char *url;
    char host[256]; /* of the URL, */
    int64_t port;   /* 0: the scheme's own */
    int64_t deadline_us, connect_us, backoff_us, wait_us;
    int attempts, concurrency;
    size_t answer_max_bytes;
    bool mail;    /* smtp or smtps */
    bool tls_due; /* STARTTLS is required: it has a password, or nothing may be unencrypted */
    const char *ca_file, *cert_file, *key_file; /* NULL: the system's; none */
    bool is_itself;
    bool inside;                  /* reached without the egress proxy */
    const atomic_bool *abandoned; /* calls end: cairn_target_abandon() */
};

/* Gets the state, created at the first call. Returns 0, or -CAIRN_CONFIG if the URL is invalid or
 * is not for `mail` (or, if false, for HTTP). */
int cairn_target_state(struct cairn_target *target, bool mail, struct cairn_target_state **ret,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Ends calls that are under way, within a second, as if their time were over, and all later ones
 * until the target is closed. Any thread. */
void cairn_target_abandon(struct cairn_target *target);

const struct cairn_limits *cairn_target_limits(const struct cairn_target_state *state);

/* Acquires a place and its handle; waits for one until `deadline_us` (monotonic), at most as long
 * as the target's wait_us. Returns 0, -CAIRN_BUSY, or -CAIRN_UNAVAILABLE if the breaker is open. */
int cairn_target_enter(struct cairn_target_state *state, int64_t deadline_us, CURL **ret,
                       struct cairn_error *error) CAIRN_CHECKED;
void cairn_target_leave(struct cairn_target_state *state, CURL *handle);

/* The breaker, for one attempt. */
bool cairn_target_admit(struct cairn_target_state *state, uint64_t *ret_epoch) CAIRN_CHECKED;
void cairn_target_report(struct cairn_target_state *state, uint64_t epoch, bool failed);

#endif
