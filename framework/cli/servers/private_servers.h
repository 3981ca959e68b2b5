/* private_servers.h - a PostgreSQL and a Redis of this process' own, reached by Unix sockets that
 * only their user can open.
 *
 * They end with this process, however that ends: stopped by it, or else by the kernel (SIGINT to
 * PostgreSQL, which is its fast shutdown, SIGTERM to Redis). What a killed process has left is no
 * obstacle to the next start: a server that is still on its way out is waited for.
 *
 * Ownership: texts are in the arena that was passed. Threads: one. */
#ifndef CAIRN_CLI_SERVERS_PRIVATE_SERVERS_H
#define CAIRN_CLI_SERVERS_PRIVATE_SERVERS_H

#include "cli/program.h"
#include "cli/servers/server_directory.h"

#include <stdbool.h>

struct cairn_private_servers {
    struct cairn_server_directory directory;
    struct cairn_child postgres;
    struct cairn_child redis;
    const char *database_url; /* as the owner of the database `cairn` */
    const char *redis_url;
};

/* Starts the servers on the data in the directory, which exists; the data is made if there is none.
 * `durable`: what they acknowledge is on disk; else a crash of the machine may damage the data,
 * which only a throw-away directory can bear. The database has this release's schema afterwards.
 * Returns 0, or
 *   -CAIRN_UNAVAILABLE  one is not installed, or does not start: `error` has the end of its log
 *   -CAIRN_SCHEMA       the database belongs to another release
 * After a failure nothing runs. */
int cairn_private_servers_start(struct cairn_arena *arena, const char *directory, bool durable,
                                struct cairn_private_servers *ret,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Removes the data in a directory, after ending what a killed process has left on it. Returns 0, or
 * -CAIRN_UNAVAILABLE if that does not end: nothing was removed. */
int cairn_private_servers_wipe(struct cairn_arena *arena, const char *directory,
                               struct cairn_error *error) CAIRN_CHECKED;

/* Returns the server that has ended by itself, "PostgreSQL" or "Redis"; NULL while both run. */
const char *cairn_private_servers_lost(struct cairn_private_servers *servers);

/* Stops both; zeroed servers are allowed. */
void cairn_private_servers_stop(struct cairn_private_servers *servers);

#endif
