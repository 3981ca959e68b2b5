/* server_log.h - the log files of private servers. */
#ifndef CAIRN_CLI_SERVERS_SERVER_LOG_H
#define CAIRN_CLI_SERVERS_SERVER_LOG_H

#include "core/containers/arena.h"

/* Opens a log, begun anew. Returns its descriptor, or -CAIRN_UNAVAILABLE. */
int cairn_server_log_open(const char *path, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the end of a log, some lines, on one line; "" if it is empty. */
const char *cairn_server_log_end(struct cairn_arena *arena, const char *path);

#endif
