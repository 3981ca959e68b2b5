/* address.h - parses a Redis URL into its parts. */
#ifndef CAIRN_REDIS_ADDRESS_H
#define CAIRN_REDIS_ADDRESS_H

#include "core/containers/arena.h"

#include <stdbool.h>

struct cairn_redis_address {
    const char *path; /* of a Unix socket; NULL: host and port */
    const char *host;
    int port;
    const char *user;     /* or NULL */
    const char *password; /* or NULL */
    int database;
    bool tls;
    const char *ca_file;              /* NULL: the system's authorities */
    const char *cert_file, *key_file; /* our own, or NULL */
};

/* redis://[[user]:password@]host[:port][/database] or unix:///path[?db=n], percent-decoded; with
 * TLS rediss://… and ?sslrootcert=FILE&sslcert=FILE&sslkey=FILE, as in a URL of PostgreSQL. The
 * result lies in the arena. Returns 0 or -CAIRN_CONFIG; the message does not show the password. */
int cairn_redis_address(const char *url, struct cairn_arena *arena, struct cairn_redis_address *ret,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
