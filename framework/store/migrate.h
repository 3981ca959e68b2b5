/* migrate.h - the schema: which migrations this binary carries, and which the database has had. */
#ifndef CAIRN_STORE_MIGRATE_H
#define CAIRN_STORE_MIGRATE_H

#include "postgres/postgres.h"

/* Applies what is missing, in order, each in a transaction of its own, one process at a time.
 * `applied` is called for each. Returns how many were applied, or
 *   -CAIRN_SCHEMA  the database has had a migration that this binary does not know, or one of
 *                  another content: a newer release was here */
typedef void cairn_migration_applied(void *context, const char *name);
int cairn_migrate(struct cairn_pg *pg, cairn_migration_applied *applied, void *context,
                  struct cairn_error *error) CAIRN_CHECKED;

/* Returns 0 if the database has had exactly the migrations that this binary carries, or
 * -CAIRN_SCHEMA, saying what to run. */
int cairn_migrate_check(struct cairn_pg *pg, struct cairn_error *error) CAIRN_CHECKED;

#endif
