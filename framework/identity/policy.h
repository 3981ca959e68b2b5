/* policy.h - what a policy says about a caller, before anything else is known of the request. */
#ifndef CAIRN_IDENTITY_POLICY_H
#define CAIRN_IDENTITY_POLICY_H

#include <cairn/error.h>
#include <cairn/policy.h>
#include <cairn/record.h>

/* Compares the caller, NULL for none, with a policy. Returns 0 if it is allowed, or may be: for an
 * owner the stream or row has to be looked at. Else -CAIRN_UNAUTHENTICATED or -CAIRN_FORBIDDEN. */
int cairn_policy_check(const struct cairn_allow *allow, const struct cairn_actor *actor,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether ownership has to be compared: the policy is about an owner, and the caller has
 * none of its roles. */
bool cairn_policy_asks_owner(const struct cairn_allow *allow, const struct cairn_actor *actor);

/* Finds the field that names the owner. Returns 0, or -CAIRN_BUG: there is no such field, or it is
 * no uuid and no text. */
int cairn_policy_owner_field(const struct cairn_record *record, const char *member,
                             const struct cairn_field **ret,
                             struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether the caller's subject is the value of the field in `value`, a struct of its
 * record; never if that is absent. A uuid is compared as such, in any spelling. */
bool cairn_policy_owns(const struct cairn_actor *actor, const struct cairn_field *field,
                       const void *value);
bool cairn_policy_is_subject(const struct cairn_actor *actor, struct cairn_uuid id);

#endif
