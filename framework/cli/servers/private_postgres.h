/* private_postgres.h - the PostgreSQL of private_servers.h. */
#ifndef CAIRN_CLI_SERVERS_PRIVATE_POSTGRES_H
#define CAIRN_CLI_SERVERS_PRIVATE_POSTGRES_H

#include "cli/program.h"
#include "cli/servers/server_directory.h"

/* Starts it, on data that is made if there is none, and waits until it answers. Its log is
 * postgres.log in the directory. Returns 0, or -CAIRN_UNAVAILABLE; nothing runs then. */
int cairn_private_postgres_start(struct cairn_arena *arena,
                                 const struct cairn_server_directory *directory, bool durable,
                                 struct cairn_child *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Ends a server that a killed process has left on the data of the directory `path`. Returns 0, or
 * -CAIRN_UNAVAILABLE if it does not end. */
int cairn_private_postgres_clear(struct cairn_arena *arena, const char *path,
                                 struct cairn_error *error) CAIRN_CHECKED;

/* Returns the URL of a database for a role. */
const char *cairn_private_postgres_url(struct cairn_arena *arena,
                                       const struct cairn_server_directory *directory,
                                       const char *database, const char *role);

#endif
