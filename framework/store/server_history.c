/* server_history.c - remembers the newest timeline of each PostgreSQL system. */
#include "store/server_history.h"

#include "core/threads/lock.h"

#include <stddef.h>

enum { SYSTEMS = 16 }; /* that are remembered: a process has one, or a few */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for what follows */
static struct cairn_server seen[SYSTEMS];
static size_t seen_count;

/* Returns the entry of the system, or a zeroed one; NULL if there is no room. */
static struct cairn_server *find(int64_t system)
{
    for (size_t i = 0; i < seen_count; i++) {
        if (seen[i].system == system)
            return &seen[i];
    }
    return seen_count < SYSTEMS ? &seen[seen_count++] : NULL;
}

bool cairn_server_is_current(const struct cairn_server *server)
{
    if (server->timeline == 0)
        return true;
    cairn_lock(&lock);
    struct cairn_server *newest = find(server->system);
    bool is_current =
        !newest || server->timeline >= newest->timeline || server->epoch > newest->epoch;
    if (newest && is_current)
        *newest = *server;
    cairn_unlock(&lock);
    return is_current;
}
