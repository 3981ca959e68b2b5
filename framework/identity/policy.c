/* policy.c - compares callers with policies. */
#include "identity/policy.h"

#include "record/json.h"

#include <stdio.h>
#include <string.h>

static bool has_role_of(const struct cairn_allow *allow, const struct cairn_actor *actor)
{
    bool has = false;
    for (size_t i = 0; allow->roles[i]; i++)
        has = has || cairn_actor_has(actor, allow->roles[i]);
    return has;
}

/* Names the roles: "clerk, finance". */
static int refuse_role(const struct cairn_allow *allow, struct cairn_error *error)
{
    char roles[400] = "";
    size_t used = 0;
    for (size_t i = 0; allow->roles[i] && used < sizeof roles; i++)
        used += (size_t)snprintf(roles + used, sizeof roles - used, "%s%s", i ? ", " : "",
                                 allow->roles[i]);
    return cairn_fail(error, CAIRN_FORBIDDEN, "this takes the role %s, which the caller lacks",
                      roles);
}

int cairn_policy_check(const struct cairn_allow *allow, const struct cairn_actor *actor,
                       struct cairn_error *error)
{
    if (allow->kind == CAIRN_ALLOW_ANYONE)
        return 0;
    if (!actor)
        return cairn_fail(error, CAIRN_UNAUTHENTICATED,
                          "a token is required: send Authorization: Bearer TOKEN");
    switch (allow->kind) {
    case CAIRN_ALLOW_SIGNED_IN:
    case CAIRN_ALLOW_OWNER:
    case CAIRN_ALLOW_ANYONE:
        return 0;
    case CAIRN_ALLOW_ROLE:
        return has_role_of(allow, actor) ? 0 : refuse_role(allow, error);
    case CAIRN_ALLOW_UNSAID:
        break;
    }
    return cairn_fail(error, CAIRN_FORBIDDEN, "no policy allows this");
}

bool cairn_policy_asks_owner(const struct cairn_allow *allow, const struct cairn_actor *actor)
{
    return allow->kind == CAIRN_ALLOW_OWNER && actor && !has_role_of(allow, actor);
}

/* ---- owners ---- */

int cairn_policy_owner_field(const struct cairn_record *record, const char *member,
                             const struct cairn_field **ret, struct cairn_error *error)
{
    const struct cairn_field *field = cairn_record_field(record, member);
    if (!field)
        return cairn_fail(error, CAIRN_BUG, "CAIRN_OWNER(%s, %s): %s has no such member",
                          record->name, member, record->name);
    if (field->kind != CAIRN_KIND_UUID && field->kind != CAIRN_KIND_TEXT)
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OWNER(%s, %s): the member is no uuid and no text, as subjects are",
                          record->name, member);
    *ret = field;
    return 0;
}

bool cairn_policy_is_subject(const struct cairn_actor *actor, struct cairn_uuid id)
{
    struct cairn_uuid subject;
    return !cairn_uuid_is_zero(id) && cairn_uuid_parse(actor->sub, &subject) == 0 &&
           cairn_uuid_equal(subject, id);
}

bool cairn_policy_owns(const struct cairn_actor *actor, const struct cairn_field *field,
                       const void *value)
{
    const char *at = (const char *)value + field->offset;
    if (field->kind == CAIRN_KIND_UUID) {
        struct cairn_uuid id;
        memcpy(&id, at, sizeof id);
        return cairn_policy_is_subject(actor, id);
    }
    const char *text;
    memcpy(&text, at, sizeof text);
    return text && *text && strcmp(text, actor->sub) == 0;
}
