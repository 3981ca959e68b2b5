/* policy.h - the caller of a request: what a service knows of it once its token was verified.
 *
 * Without authentication there is no caller: an actor is zeroed then. */
#ifndef CAIRN_POLICY_H
#define CAIRN_POLICY_H

#include <cairn/compiler.h>

#include <stdbool.h>
#include <stddef.h>

CAIRN_BEGIN_C

/* The caller of a request: subject and issuer of its token (RFC 9068), together its identity, and
 * its roles, from the claim that CAIRN_AUTH_ROLES_CLAIM names. Zeroed: not authenticated. */
struct cairn_actor {
    const char *sub;
    const char *iss;
    const char *const *roles;
    size_t role_count;
};

/* Returns whether the caller has the role. */
bool cairn_actor_has(const struct cairn_actor *actor, const char *role);

CAIRN_END_C

#endif
