/* private_redis.h - the Redis of private_servers.h. */
#ifndef CAIRN_CLI_SERVERS_PRIVATE_REDIS_H
#define CAIRN_CLI_SERVERS_PRIVATE_REDIS_H

#include "cli/program.h"
#include "cli/servers/server_directory.h"

/* Starts it and waits until it answers. Its log is redis.log in the directory. Returns 0, or
 * -CAIRN_UNAVAILABLE; nothing runs then. */
int cairn_private_redis_start(struct cairn_arena *arena,
                              const struct cairn_server_directory *directory, bool durable,
                              struct cairn_child *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Ends a server that a killed process has left on the data of the directory `path`. Returns 0, or
 * -CAIRN_UNAVAILABLE if it does not end. */
int cairn_private_redis_clear(struct cairn_arena *arena, const char *path,
                              struct cairn_error *error) CAIRN_CHECKED;

const char *cairn_private_redis_url(struct cairn_arena *arena,
                                    const struct cairn_server_directory *directory);

#endif
