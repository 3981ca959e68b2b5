/* server_history.h - which PostgreSQL servers this process has talked to, so that it never goes
 * back from a primary to one that was a primary before it.
 *
 * A primary that was frozen or cut off, and continues, does not know yet that another server was
 * promoted. The timeline of PostgreSQL tells them apart: each promotion increments it.
 *
 * Any thread may call this. */
#ifndef CAIRN_STORE_SERVER_HISTORY_H
#define CAIRN_STORE_SERVER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

struct cairn_server {
    int64_t system;   /* PostgreSQL's system_identifier */
    int64_t timeline; /* of PostgreSQL; 0: a standby, which is always accepted */
    int64_t epoch;    /* of the log on it */
};

/* Returns whether no server of the same system on a newer timeline was seen before, and remembers
 * this one. A server with a newer epoch is accepted, too: it was restored. */
bool cairn_server_is_current(const struct cairn_server *server);

#endif
