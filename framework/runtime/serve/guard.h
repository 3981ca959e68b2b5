/* guard.h - admits requests: reads the bearer token (RFC 6750), or that of a session, and compares
 * its caller with the policy of the route. */
#ifndef CAIRN_RUNTIME_GUARD_H
#define CAIRN_RUNTIME_GUARD_H

#include "http/http.h"
#include "identity/identity.h"
#include "identity/session/web_session.h"

/* What finds callers; it lives as long as the server. */
struct cairn_callers {
    struct cairn_identity *identity; /* NULL: services do not authenticate: all are admitted */
    const struct cairn_sessions *sessions; /* of people in browsers; NULL: by tokens only */
};

/* Returns the guard of a server. */
struct cairn_http_guard cairn_guard(const struct cairn_callers *callers);

#endif
