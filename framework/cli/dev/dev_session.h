/* dev_session.h - a run of `cairn dev`: private servers, a build, the services, and what they do.
 *
 *     directory .cairn/    lock            held while a session runs; has its pid
 *                          postgres/ redis/ sockets/    of the servers
 *                          NAME.log NAME.pid            of each service
 *                          env             how another terminal reaches the servers */
#ifndef CAIRN_CLI_DEV_DEV_SESSION_H
#define CAIRN_CLI_DEV_DEV_SESSION_H

#include "core/containers/arena.h"

#include <stdbool.h>

/* Runs a session in the current directory until SIGINT, SIGTERM or SIGHUP. With `wipe` it begins
 * with an empty log. Returns 0 after a requested stop, or
 *   -CAIRN_CONFIG       this is no project
 *   -CAIRN_CONFLICT     another session runs here
 *   -CAIRN_UNAVAILABLE  a server is not installed, does not start, or has ended
 *   -CAIRN_SCHEMA       the log belongs to another release
 * However it returns, everything that it has started has ended. */
int cairn_dev_session_run(struct cairn_arena *arena, bool wipe,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
