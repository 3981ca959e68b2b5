/* row_owner.h - whose row it is: CAIRN_OWNER (cairn/policy.h) in a resource's table.
 *
 * A caller that is asked for ownership sees the rows whose field is its subject, and no other: the
 * condition is part of each statement, so a row of another owner is answered by the same path, with
 * the same words and headers, as one that does not exist. So is a row without an owner: a null, or
 * one that was deleted or never written. */
#ifndef CAIRN_QUERY_ROW_OWNER_H
#define CAIRN_QUERY_ROW_OWNER_H

#include "postgres/postgres.h"

#include <cairn/resource.h>

/* Whose rows a reader sees. Zeroed: every row. */
struct cairn_query_owner {
    const struct cairn_field *field; /* of the row */
    const char *subject;             /* of the caller */
};

/* Returns whose rows the caller sees; `actor` is NULL where services do not authenticate. Borrows
 * the actor's subject. */
struct cairn_query_owner cairn_query_owner_of(const struct cairn_resource *resource,
                                              const struct cairn_actor *actor);

/* Returns whether both see the same rows, as far as their texts tell. */
bool cairn_query_owner_same(const struct cairn_query_owner *a, const struct cairn_query_owner *b);

/* Returns whether the reader sees the row, a struct of its record. */
bool cairn_query_owner_sees(const struct cairn_query_owner *owner, const void *row);
/* The same for a row's JSON, as it was stored; false if that cannot be decoded. */
bool cairn_query_owner_sees_json(const struct cairn_query_owner *owner,
                                 const struct cairn_record *row, const char *json, size_t bytes,
                                 struct cairn_arena *arena);

/* Adds the value that the owner's column is compared with; null, which equals nothing, if the
 * subject cannot be one. */
void cairn_query_owner_add(struct cairn_pg_params *params, const struct cairn_query_owner *owner);

/* Checks a policy with an owner, once at startup. Returns 0 or -CAIRN_BUG: it names another struct
 * than the row, no field of it, or one that cannot name an owner; or shared caches may keep the
 * answers. */
int cairn_query_owner_check(const struct cairn_resource *resource,
                            struct cairn_error *error) CAIRN_CHECKED;

#endif
