/* guard.h - admits requests: reads the bearer token (RFC 6750), and compares its caller with the
 * policy of the route. */
#ifndef CAIRN_RUNTIME_GUARD_H
#define CAIRN_RUNTIME_GUARD_H

#include "http/http.h"
#include "identity/identity.h"

/* Returns the guard of a server; `identity` NULL: services do not authenticate, and all requests
 * are admitted. */
struct cairn_http_guard cairn_guard(struct cairn_identity *identity);

#endif
