/* identity.h - finds out which caller a bearer token stands for. The only folder that
 * uses libcjose.
 *
 *     token ── verified before? ─▶ the caller                                    verified.h
 *       └─ verified by the keys that are known ─▶ the caller, or why not         bearer.h
 *            └─ its key is not known ─▶ the keys are fetched, then once more     key_fetch.h
 *
 * A thread of its own fetches keys: at start, every `refresh_us`, when the file has changed, and
 * when a token names a key that is not known, at most once in `ask_again_us`. So keys rotate
 * without a restart, and the first token with a new key waits until it is there. While the issuer
 * cannot be reached, the keys that are known are used; a token with another one gets
 * -CAIRN_UNAVAILABLE, as it may be good. Keys that the issuer has withdrawn are not used from the
 * next fetch on, also for tokens that were verified before.
 *
 * Threads: any, except where it says otherwise; no call waits for input or output. Ownership: the
 * options' texts are borrowed until it is closed. */
#ifndef CAIRN_IDENTITY_IDENTITY_H
#define CAIRN_IDENTITY_IDENTITY_H

#include "identity/token/bearer.h"

struct cairn_identity_options {
    struct cairn_bearer_rules rules;
    const char *keys_file; /* NULL: the issuer, whose name is its URL, is asked */
    int64_t ask_again_us;  /* 0: 10 s */
    int64_t refresh_us;    /* 0: 5 min */
    size_t verified_max;   /* tokens that are remembered; 0: 10,000 */
    size_t waiting_max;    /* calls that wait for keys; 0: 100 */
};

struct cairn_identity;

/* Starts the thread. Returns 0, or -CAIRN_CONFIG: the issuer's URL is not safe, the file has no
 * keys, or there can be no more threads. An issuer that does not answer yet is no error. */
int cairn_identity_open(const struct cairn_identity_options *options, struct cairn_identity **ret,
                        struct cairn_error *error) CAIRN_CHECKED;
/* Ends all waits. Call it before the server is stopped; calls that come later do not wait. */
void cairn_identity_stop(struct cairn_identity *identity);  /* NULL is fine */
void cairn_identity_close(struct cairn_identity *identity); /* NULL is fine */

/* A call that waits; it belongs to the identity until `done` is called: once, by another thread,
 * without locks. */
struct cairn_identity_wait {
    void (*done)(struct cairn_identity_wait *wait);
    void *context;
    struct cairn_identity_wait *next; /* private from here on */
    uint64_t token;
    int64_t fetch;
};

/* Result: see below. */
enum { CAIRN_IDENTITY_WAITS = 1 };

/* Finds the caller, in the arena. Returns 0, or
 *   CAIRN_IDENTITY_WAITS    the keys have to be fetched first. With a `wait`, its `done` is called
 *                           then: call this function again. With NULL nothing was begun
 *   -CAIRN_UNAUTHENTICATED  the token is not accepted; the message is for its client
 *   -CAIRN_UNAVAILABLE      the keys cannot be had now, or too many calls wait for them */
int cairn_identity_find(struct cairn_identity *identity, const char *token, size_t bytes,
                        struct cairn_arena *arena, struct cairn_identity_wait *wait,
                        struct cairn_actor *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Returns 0, or -CAIRN_UNAVAILABLE while there are no keys: no token can be verified. */
int cairn_identity_ready(struct cairn_identity *identity, struct cairn_error *error) CAIRN_CHECKED;

#endif
