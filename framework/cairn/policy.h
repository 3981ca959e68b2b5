/* policy.h - policies, which say what callers may do: one initialiser for each command, resource
 * and route.
 *
 *     CAIRN_COMMANDS(order,
 *                    COMMAND(place_order, "POST /orders",
 *                            .allow = CAIRN_OWNER(place_order, user_id)),
 *                    COMMAND(cancel_order, "POST /orders/{id}/cancel",
 *                            .allow = CAIRN_OWNER(order, user_id, "support")),
 *                    COMMAND(ship_order, "POST /orders/{id}/ship", .allow = CAIRN_ROLE("clerk")));
 *
 *     {.path = "/orders/{id}", .projection = &order_summary_projection,
 *      .allow = CAIRN_OWNER(order_summary, user_id, "clerk", "support")}
 *
 * A request names its caller by a bearer token (RFC 6750); CAIRN_AUTH_ISSUER and its
 * neighbours say which tokens are good. Without authentication no policy is looked at, and there is
 * no caller: an actor is zeroed then. With authentication a service whose tables lack a policy does
 * not start, and names the row.
 *
 *     CAIRN_ANYONE               also without a token
 *     CAIRN_SIGNED_IN            with a token
 *     CAIRN_ROLE("a", "b", …)    with one of these roles
 *     CAIRN_OWNER(tag, member)   whose subject is the member's value, a uuid or a text
 *     CAIRN_OWNER(tag, member, "a", …)  or with one of these roles
 *
 * The tag names the state of the command's decider: then the owner is the one of the stream, before
 * the decision. Or it names the command itself: then what the command says is compared, as for a
 * command that creates its stream. `CAIRN_OWNER(order, id)`, with no such member, is the stream's
 * id; a command that creates its stream, and names no id, then gets the caller's subject as its id.
 *
 * In a resource the tag names the row's struct, and the member a field of the row. Rows of other
 * owners are not there for the caller: not by key, in a list, or in a stream of events, which shows
 * a row that changes hands as deleted. A list needs an index that begins with the field.
 *
 * A route compares an owner itself, by `request->actor`.
 *
 * Answers: 401 without a good token; 403 if the policy does not allow it; 404 where a stream or a
 * row is another owner's: whether it exists is not told. */
#ifndef CAIRN_POLICY_H
#define CAIRN_POLICY_H

#include <cairn/compiler.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

CAIRN_BEGIN_C

/* The caller of a request: subject and issuer of its token (RFC 9068), together its identity, and
 * its roles, from the claim that CAIRN_AUTH_ROLES_CLAIM names. Zeroed: not authenticated. */
struct cairn_actor {
    const char *sub;
    const char *iss;
    const char *const *roles;
    size_t role_count;
    int64_t until_s; /* since 1970: when its token expires, and what it opened ends */
};

/* Returns whether the caller has the role. */
bool cairn_actor_has(const struct cairn_actor *actor, const char *role);

enum cairn_allow_kind {
    CAIRN_ALLOW_UNSAID = 0,
    CAIRN_ALLOW_ANYONE,
    CAIRN_ALLOW_SIGNED_IN,
    CAIRN_ALLOW_ROLE,
    CAIRN_ALLOW_OWNER,
};

enum { CAIRN_ALLOW_ROLES_MAX = 8 };

/* A policy. Zeroed: none was said. */
struct cairn_allow {
    enum cairn_allow_kind kind;
    const char *roles[CAIRN_ALLOW_ROLES_MAX + 1]; /* ends with NULL */
    const char *tag, *member;                     /* of an owner */
};

#define CAIRN_ANYONE                                                                               \
    {                                                                                              \
        .kind = CAIRN_ALLOW_ANYONE                                                                 \
    }
#define CAIRN_SIGNED_IN                                                                            \
    {                                                                                              \
        .kind = CAIRN_ALLOW_SIGNED_IN                                                              \
    }
#define CAIRN_ROLE(...)                                                                            \
    {                                                                                              \
        .kind = CAIRN_ALLOW_ROLE, .roles = { __VA_ARGS__ }                                         \
    }
#define CAIRN_OWNER(...) CAIRN_OWNER_(__VA_ARGS__, NULL)
#define CAIRN_OWNER_(tag_, member_, ...)                                                           \
    {                                                                                              \
        .kind = CAIRN_ALLOW_OWNER, .roles = {__VA_ARGS__}, .tag = #tag_, .member = #member_        \
    }

CAIRN_END_C

#endif
