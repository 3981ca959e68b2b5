/* row_owner.c - compares the owner of a row with the caller, in PostgreSQL and here. */
#include "query/request/row_owner.h"

#include "identity/policy.h"
#include "query/request/operand.h"
#include "query/request/stored_text.h"
#include "record/json.h"

#include <string.h>

struct cairn_query_owner cairn_query_owner_of(const struct cairn_resource *resource,
                                              const struct cairn_actor *actor)
{
    if (!cairn_policy_asks_owner(&resource->allow, actor))
        return (struct cairn_query_owner){.field = NULL};
    return (struct cairn_query_owner){
        .field = cairn_record_field(resource->projection->row, resource->allow.member),
        .subject = actor->sub,
    };
}

bool cairn_query_owner_same(const struct cairn_query_owner *a, const struct cairn_query_owner *b)
{
    return a->field == b->field && (!a->field || strcmp(a->subject, b->subject) == 0);
}

/* ---- comparing ---- */

bool cairn_query_owner_sees(const struct cairn_query_owner *owner, const void *row)
{
    const struct cairn_actor actor = {.sub = owner->subject};
    return !owner->field || cairn_policy_owns(&actor, owner->field, row);
}

/* Compares the owner's value as it is stored. */
static bool is_owner(const struct cairn_query_owner *owner, const char *text, size_t bytes)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    struct cairn_uuid value;
    const struct cairn_actor actor = {.sub = owner->subject};
    if (owner->field->kind == CAIRN_KIND_TEXT)
        return bytes > 0 && bytes == strlen(owner->subject) &&
               memcmp(text, owner->subject, bytes) == 0;
    if (bytes >= sizeof id)
        return false;
    memcpy(id, text, bytes);
    id[bytes] = '\0';
    return cairn_uuid_parse(id, &value) == 0 && cairn_policy_is_subject(&actor, value);
}

/* Decodes the owner's field alone: the others are ignored, as fields of later releases are. */
bool cairn_query_owner_sees_json(const struct cairn_query_owner *owner,
                                 const struct cairn_record *row, const char *json, size_t bytes,
                                 struct cairn_arena *arena)
{
    const char *text;
    size_t length;
    if (!owner->field)
        return true;
    if (cairn_stored_text(json, bytes, owner->field->name, &text, &length))
        return is_owner(owner, text, length);
    struct cairn_record only = *row;
    only.fields = owner->field;
    only.count = 1;
    void *value = cairn_arena_alloc(arena, row->size, row->align);
    return cairn_record_decode(&only, json, bytes, CAIRN_LENIENT, arena, value, NULL) == 0 &&
           cairn_query_owner_sees(owner, value);
}

void cairn_query_owner_add(struct cairn_pg_params *params, const struct cairn_query_owner *owner)
{
    struct cairn_uuid id = {0};
    if (owner->field->kind == CAIRN_KIND_TEXT) {
        cairn_pg_add_text(params, owner->subject);
        return;
    }
    if (cairn_uuid_parse(owner->subject, &id) < 0)
        id = (struct cairn_uuid){0};
    cairn_pg_add_uuid(params, id); /* a zero is null */
}

/* ---- checking ---- */

int cairn_query_owner_check(const struct cairn_resource *resource, struct cairn_error *error)
{
    const struct cairn_allow *allow = &resource->allow;
    const struct cairn_record *row = resource->projection->row;
    const struct cairn_field *field;
    if (allow->kind != CAIRN_ALLOW_OWNER)
        return 0;
    if (strcmp(allow->tag, row->name) != 0)
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OWNER(%s, %s): a row of it is a %s: write CAIRN_OWNER(%s, …)",
                          allow->tag, allow->member, row->name, row->name);
    int failed = cairn_policy_owner_field(row, allow->member, &field, error);
    if (failed)
        return failed;
    if (!cairn_query_sortable(field))
        return cairn_fail(error, CAIRN_BUG, "CAIRN_OWNER(%s, %s): the field cannot be compared",
                          allow->tag, allow->member);
    if (resource->caching.shared)
        return cairn_fail(error, CAIRN_BUG,
                          "CAIRN_OWNER(%s, %s): .caching.shared would let proxies answer one "
                          "caller with the rows of another",
                          allow->tag, allow->member);
    return 0;
}
