/* token_request.h - asks an issuer for an access token (RFC 6749).
 *
 * Threads: a requester belongs to one; it blocks, for some 20 seconds at most. */
#ifndef CAIRN_IDENTITY_TOKEN_REQUEST_H
#define CAIRN_IDENTITY_TOKEN_REQUEST_H

#include <cairn/error.h>

#include <stdbool.h>

struct cairn_token_requester;

enum { CAIRN_TOKEN_MAX_BYTES = 16384 };

/* Which client asks for what. Texts are borrowed; NULL and "" leave a parameter out. */
struct cairn_token_request {
    const char *issuer;
    const char *grant_type; /* "client_credentials" (section 4.4), or an extension's URI */
    const char *client_id;
    const char *client_secret; /* sent by HTTP Basic (section 2.3.1); "": a public client */
    const char
        *client_secret_file; /* whose first line is the secret, read for each request; or NULL */
    const char *scope;
    const char *resource;      /* RFC 8707 */
    const char *username;      /* of a grant that wants one */
    const char *code;          /* "authorization_code" (section 4.1.3), with the next two */
    const char *code_verifier; /* RFC 7636 */
    const char *redirect_uri;
    const char *refresh_token; /* "refresh_token" (section 6) */
};

/* A token of the issuer, which the caller frees. */
struct cairn_issued_token {
    char *text;
    char *refresh;      /* of a code or another refresh token; NULL: none. Freed likewise */
    int64_t lifetime_s; /* from the request on */
};

struct cairn_token_requester *cairn_token_requester_open(const struct cairn_token_request *request);
void cairn_token_requester_close(struct cairn_token_requester *requester); /* NULL is fine */

/* Asks for a token. Returns 0, or
 *   -CAIRN_UNAVAILABLE      the issuer does not answer, or not with a token: try later
 *   -CAIRN_UNAUTHENTICATED  the issuer refuses the client or what it asks for: `error` says why,
 *                           as the issuer does (section 5.2)
 *   -CAIRN_CONFIG           the issuer's configuration does not fit; `error` says how */
int cairn_token_requester_ask(struct cairn_token_requester *requester,
                              struct cairn_issued_token *ret,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether a text is a token as a header may have it (RFC 6750 section 2.1). */
bool cairn_is_bearer_token(const char *text);

#endif
