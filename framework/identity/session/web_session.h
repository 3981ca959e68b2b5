/* web_session.h - sessions of people in browsers: a cookie holds the tokens, sealed, so that no
 * script and no other service reads them, and any replica with the same secret takes it.
 *
 *     browser ── cookie ─▶ this service ── access token ─▶ other services
 *
 * The cookie is HttpOnly and SameSite=Strict; where the origin is https it is Secure, too, and
 * named `__Host-…`. It ends with the browser, or with the tokens.
 *
 * Threads: any. */
#ifndef CAIRN_IDENTITY_SESSION_H
#define CAIRN_IDENTITY_SESSION_H

#include "identity/session/sealed.h"

#include <cairn/error.h>

#include <stdbool.h>

/* Zeroed, `issuer` NULL: there are no sessions. Texts are borrowed. */
struct cairn_sessions {
    const char *issuer;
    const char *client; /* at the issuer */
    const char *client_secret;
    const char *resource; /* RFC 8707; "" for none */
    const char *origin;   /* where browsers see this service: "https://shop.example.com" */
    const char *page;     /* a path: where a sign-in leads, unless it says where */
    bool is_secure;       /* the origin is https */
    uint8_t key[CAIRN_SEAL_KEY_BYTES];
};

/* Checks the origin, and makes the key of `secret`; of random bytes if that is "", for sessions
 * that end with this process. Returns 0 or -CAIRN_CONFIG. */
int cairn_sessions_init(struct cairn_sessions *sessions, const char *secret,
                        struct cairn_error *error) CAIRN_CHECKED;

struct cairn_session {
    const char *token;   /* for other services */
    const char *refresh; /* "": none */
    int64_t until_s;     /* since 1970, UTC: when the token expires */
};

/* Finds the session in a Cookie header (NULL: none), in the arena. Returns whether there is one;
 * its token may have expired. */
bool cairn_session_read(const struct cairn_sessions *sessions, const char *cookies,
                        struct cairn_arena *arena, struct cairn_session *ret);
/* Returns the value of Set-Cookie: of the session, or, for NULL, one that ends it. */
const char *cairn_session_write(const struct cairn_sessions *sessions,
                                const struct cairn_session *session, struct cairn_arena *arena);

/* Returns the value of a cookie; NULL if there is none, or there are two. */
const char *cairn_cookie_find(const char *cookies, const char *name, struct cairn_arena *arena);

/* Returns whether a request is one of this service's own pages: it reads, or has its Origin. */
bool cairn_session_may_act(const struct cairn_sessions *sessions, const char *method,
                           const char *origin);

#endif
