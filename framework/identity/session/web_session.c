/* web_session.c - reads and writes the cookie of a session: "TOKEN REFRESH UNTIL", sealed. */
#include "identity/session/web_session.h"

#include "core/text/sha256.h"
#include "identity/keys/discovery.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PURPOSE "session"

enum { SECRET_MIN_BYTES = 32 };

static const char *name_of(const struct cairn_sessions *sessions)
{
    return sessions->is_secure ? "__Host-cairn-session" : "cairn-session";
}

int cairn_sessions_init(struct cairn_sessions *sessions, const char *secret,
                        struct cairn_error *error)
{
    const char *origin = sessions->origin;
    const char *authority = strstr(origin, "://");
    if (!cairn_issuer_url_is_safe(origin) || !authority || strpbrk(authority + 3, "/?#"))
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_SIGN_IN_ORIGIN is %.200s: write https://HOST, or http://localhost "
                          "with a port, without a path",
                          origin);
    if (*secret && strlen(secret) < SECRET_MIN_BYTES)
        return cairn_fail(error, CAIRN_CONFIG,
                          "CAIRN_SESSION_SECRET is too short: take at least %d random characters",
                          SECRET_MIN_BYTES);
    sessions->is_secure = strncasecmp(origin, "https:", 6) == 0;
    if (*secret)
        cairn_sha256(secret, strlen(secret), sessions->key);
    else
        cairn_random_bytes(sessions->key, sizeof sessions->key);
    return 0;
}

const char *cairn_cookie_find(const char *cookies, const char *name, struct cairn_arena *arena)
{
    const char *found = NULL;
    size_t length = strlen(name);
    for (const char *at = cookies; at && *at; at += strcspn(at, ";")) {
        at += strspn(at, "; ");
        if (strncmp(at, name, length) != 0 || at[length] != '=')
            continue;
        if (found)
            return NULL;
        found = cairn_copy_bytes(arena, at + length + 1, strcspn(at + length + 1, "; "));
    }
    return found;
}

bool cairn_session_read(const struct cairn_sessions *sessions, const char *cookies,
                        struct cairn_arena *arena, struct cairn_session *ret)
{
    const char *sealed = cairn_cookie_find(cookies, name_of(sessions), arena);
    const char *text = sealed ? cairn_unseal(sessions->key, PURPOSE, sealed, arena) : NULL;
    const char *refresh = text ? strchr(text, ' ') : NULL;
    const char *until = refresh ? strchr(refresh + 1, ' ') : NULL;
    if (!until)
        return false;
    *ret = (struct cairn_session){
        .token = cairn_copy_bytes(arena, text, (size_t)(refresh - text)),
        .refresh = cairn_copy_bytes(arena, refresh + 1, (size_t)(until - refresh - 1)),
        .until_s = strtoll(until, NULL, 10)};
    return true;
}

const char *cairn_session_write(const struct cairn_sessions *sessions,
                                const struct cairn_session *session, struct cairn_arena *arena)
{
    const char *value = "";
    if (session)
        value = cairn_seal(sessions->key, PURPOSE,
                           cairn_print(arena, "%s %s %" PRId64, session->token, session->refresh,
                                       session->until_s),
                           arena);
    return cairn_print(arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name_of(sessions),
                       value, sessions->is_secure ? "; Secure" : "", session ? "" : "; Max-Age=0");
}

bool cairn_session_may_act(const struct cairn_sessions *sessions, const char *method,
                           const char *origin)
{
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    return reads || (origin && strcmp(origin, sessions->origin) == 0);
}
