/* own_token.h - the token that a service acts by when it calls other services.
 *
 *     the issuer, by client credentials (RFC 6749 section 4.4) ─┐
 *     a file that was mounted, read again when it is replaced ──┴▶ one token ─▶ each call
 *
 * A thread of its own gets the token: before the first call, when a third of its lifetime is left,
 * and when another service has refused it; one request at a time, with growing pauses after
 * failures. While the token is good, an issuer that is away does not matter: no call waits for it.
 *
 * Threads: any. Ownership: the options' texts are borrowed until it is closed. */
#ifndef CAIRN_IDENTITY_OWN_TOKEN_H
#define CAIRN_IDENTITY_OWN_TOKEN_H

#include "core/containers/arena.h"
#include "identity/credentials/token_request.h"

struct cairn_own_token_options {
    struct cairn_token_request request; /* without a file */
    const char *token_file;             /* NULL: the issuer is asked */
    int64_t replace_us;                 /* between two tokens because of refusals; 0: 10 s */
};

struct cairn_own_token;

/* Starts the thread. Returns 0, or -CAIRN_CONFIG: the issuer's URL is not safe, the file has no
 * token, or there can be no more threads. An issuer that does not answer yet is no error. */
int cairn_own_token_open(const struct cairn_own_token_options *options,
                         struct cairn_own_token **ret, struct cairn_error *error) CAIRN_CHECKED;
/* No call may be under way. NULL is fine. */
void cairn_own_token_close(struct cairn_own_token *credentials);

/* Gives a good token, in the arena. While there is none, waits for it until `until_us` (monotonic).
 * Returns 0, or -CAIRN_UNAVAILABLE with the reason: try later. */
int cairn_own_token_get(struct cairn_own_token *credentials, int64_t until_us,
                        struct cairn_arena *arena, const char **ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Another service has refused this token with 401: it is replaced, at most once in `replace_us`,
 * and used until then. */
void cairn_own_token_refused(struct cairn_own_token *credentials, const char *token);

#endif
