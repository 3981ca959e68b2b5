/* code_flow.h - a person signs in at the issuer: OpenID Connect, authorization code (RFC 6749
 * section 4.1) with PKCE (RFC 7636). The browser carries the code; the tokens go from the issuer to
 * this service, and no further than into the sealed cookie.
 *
 * A sign-in that is under way is a sealed cookie, too: its state, its verifier and where it leads;
 * so any replica may end what another one began. It is good for five minutes, in the browser that
 * began it.
 *
 * Threads: any; all calls ask the issuer, and block for some 20 seconds at most. */
#ifndef CAIRN_IDENTITY_CODE_FLOW_H
#define CAIRN_IDENTITY_CODE_FLOW_H

#include "identity/session/web_session.h"

/* Where a sign-in is ended: the path of the redirect URI. */
#define CAIRN_CODE_FLOW_PATH "/session/callback"

/* Begins a sign-in that leads to the path `to` (NULL, or one that is not of this origin: the
 * sessions' page). Returns 0, with the URL to send the browser to, and a Set-Cookie; or an error of
 * cairn_discovery_find(). */
int cairn_code_flow_begin(const struct cairn_sessions *sessions, const char *to,
                          struct cairn_arena *arena, const char **ret_url, const char **ret_cookie,
                          struct cairn_error *error) CAIRN_CHECKED;

/* What the issuer has sent the browser back with: query parameters, NULL if missing. */
struct cairn_code_answer {
    const char *code;
    const char *state;
    const char *issuer; /* RFC 9207 */
    const char *error;  /* of the issuer, instead of a code */
};

/* Ends it: trades the code for tokens. Returns 0, with the session and the path it leads to, or
 *   -CAIRN_REFUSED          this browser began no such sign-in, or it was too long ago, or the
 *                           issuer has refused it: begin again
 *   -CAIRN_UNAUTHENTICATED  the issuer gives no tokens for the code
 *   -CAIRN_UNAVAILABLE, -CAIRN_CONFIG  as cairn_token_requester_ask() */
int cairn_code_flow_end(const struct cairn_sessions *sessions, const char *cookies,
                        const struct cairn_code_answer *answer, struct cairn_arena *arena,
                        struct cairn_session *ret, const char **ret_to,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Gets new tokens for a session, by its refresh token. Errors as of the end. */
int cairn_session_renew(const struct cairn_sessions *sessions, const struct cairn_session *session,
                        struct cairn_arena *arena, struct cairn_session *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

/* Returns the URL at which the issuer ends its own session; the sessions' page if it has none. */
const char *cairn_sign_out_url(const struct cairn_sessions *sessions, struct cairn_arena *arena);

#endif
