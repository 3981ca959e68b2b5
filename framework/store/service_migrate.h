/* service_migrate.h - applies the migrations of a service: for tables of its own, beside the log
 * and the read models. */
#ifndef CAIRN_STORE_SERVICE_MIGRATE_H
#define CAIRN_STORE_SERVICE_MIGRATE_H

#include "store/migrate.h"

/* Applies the files of a directory that the database lacks, each in a transaction of its own, one
 * process at a time: first DIRECTORY/NNNN_what.sql in the order of their numbers, each once; then
 * DIRECTORY/repeatable/what.sql, by name, those whose content has changed. They run with `schema`
 * as search_path; it is created, and roles of consumers and writers may use its tables, readers
 * read them. `applied` is called for each. Returns how many were applied, or
 *   -CAIRN_CONFIG  the schema's name is reserved or malformed, or the directory cannot be read, has
 *                  no migrations, or files with other names: the message says which
 *   -CAIRN_SCHEMA  the framework's own migrations were not applied; a file was applied with other
 *                  content; or one that was applied is missing: it belongs to another release
 *   or what cairn_pg_call() returns, naming the file. */
int cairn_service_migrate(struct cairn_pg *pg, const char *schema, const char *directory,
                          cairn_migration_applied *applied, void *context,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
