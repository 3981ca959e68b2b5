/* duties.h - runs the duties of a process (cairn/lease.h): a thread and a connection for each. */
#ifndef CAIRN_RUNTIME_DUTIES_H
#define CAIRN_RUNTIME_DUTIES_H

#include "store/lease.h"

#include <cairn/service.h>

struct cairn_duties;

/* Returns 0, or -CAIRN_BUG: a duty of the service has no work, or a name that cannot be that of a
 * lease. */
int cairn_duties_check(const struct cairn_service *service,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Starts the threads. All that is passed is borrowed. An unreachable database is not an error
 * here. Returns 0, or -CAIRN_CONFIG: the URL is invalid, or no more threads can be created. */
int cairn_duties_start(const char *database_url, const struct cairn_service *const services[],
                       struct cairn_leases *leases, struct cairn_duties **ret,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Lets the turns under way end, then frees everything. NULL is allowed. */
void cairn_duties_stop(struct cairn_duties *duties);

#endif
