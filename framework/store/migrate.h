/* migrate.h - applies the schema migrations that this binary carries, and checks them. */
#ifndef CAIRN_STORE_MIGRATE_H
#define CAIRN_STORE_MIGRATE_H

#include "postgres/postgres.h"

/* Applies the missing migrations, each in a transaction of its own, one process at a time: first
 * the versioned ones (migrations/NNNN_what.sql) in order, each once; then the repeatable ones
 * (migrations/repeatable/, functions and views) whose content has changed. A database of release
 * 0.1 is upgraded. `applied` is called for each. Returns how many were applied, or
 *   -CAIRN_SCHEMA  the database has a migration that this binary does not know, or one with other
 *                  content: it belongs to another release. Or it is older than the last schema of
 *                  release 0.1: migrate it by that release first
 *   -CAIRN_CONFIG  the database's encoding is not UTF8
 *   or what cairn_pg_call() returns. */
typedef void cairn_migration_applied(void *context, const char *name);
int cairn_migrate(struct cairn_pg *pg, cairn_migration_applied *applied, void *context,
                  struct cairn_error *error) CAIRN_CHECKED;

/* Returns 0 if exactly the migrations that this binary carries were applied, or -CAIRN_SCHEMA with
 * a message that says what to run. */
int cairn_migrate_check(struct cairn_pg *pg, struct cairn_error *error) CAIRN_CHECKED;

#endif
