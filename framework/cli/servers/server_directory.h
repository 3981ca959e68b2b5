/* server_directory.h - the directories of private servers: their data, and their sockets.
 *
 * PostgreSQL refuses to run as root. Started by root, it runs as the user postgres, which has to
 * reach its data: where that user cannot reach the directory, its data is below /var/lib/cairn, and
 * a symbolic link leads there. A socket's path has at most 107 bytes and stands in a URL: where it
 * does not fit, the sockets are below /tmp, behind a link likewise. */
#ifndef CAIRN_CLI_SERVERS_SERVER_DIRECTORY_H
#define CAIRN_CLI_SERVERS_SERVER_DIRECTORY_H

#include "core/containers/arena.h"

/* The mark by which `cairn doctor` knows private servers: PostgreSQL's cluster_name and Redis'
 * syslog-ident, though it writes to no syslog. */
#define CAIRN_PRIVATE_MARK "cairn-private"

struct cairn_server_directory {
    const char *path;     /* absolute: of what the servers keep */
    const char *postgres; /* for PostgreSQL's data, without symbolic links */
    const char *sockets;  /* for the sockets, without symbolic links, of mode 0700 */
    const char *user;     /* whom PostgreSQL runs as; NULL: the same as this process */
};

/* Makes the directories in `path`, which exists, unless they are there. Returns 0, or
 *   -CAIRN_UNAVAILABLE  one cannot be made, or root has no user to run PostgreSQL as: `error` says
 *                       what to do
 * What `ret` has is in the arena. */
int cairn_server_directory_open(struct cairn_arena *arena, const char *path,
                                struct cairn_server_directory *ret,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Removes what the servers keep; they must have ended. The path itself stays. */
void cairn_server_directory_wipe(struct cairn_arena *arena, const char *path);

#endif
