/* engine.h - the process managers and reactors of one process: a thread each, one follower of the
 * log for all. */
#ifndef CAIRN_PROCESS_ENGINE_H
#define CAIRN_PROCESS_ENGINE_H

#include "process/place.h"
#include "store/appender.h"
#include "store/lease.h"

#include <cairn/service.h>

struct cairn_engine;

struct cairn_engine_options {
    const char *database_url;
    const struct cairn_service *const *services; /* borrowed */
    struct cairn_appender *appender;
    struct cairn_leases *leases;
    int calls; /* commands that each process manager delivers at once */
};

/* Is there anything to run? */
bool cairn_engine_is_wanted(const struct cairn_service *const services[]);

/* Makes the checkpoints that there are not yet, so that whatever is appended from now on is
 * handled. Returns 0, or -CAIRN_CONFIG       a URL makes no sense -CAIRN_UNAVAILABLE  the database
 * is away */
int cairn_engine_open(const struct cairn_engine_options *options, struct cairn_engine **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Begins. `own_url` is where this process answers. Returns 0 or -CAIRN_CONFIG. */
int cairn_engine_run(struct cairn_engine *engine, const char *own_url,
                     struct cairn_error *error) CAIRN_CHECKED;

/* How each of them stands. Returns how many there are; at most `max` are written. From any thread,
 * from its opening to its closing. */
size_t cairn_engine_states(struct cairn_engine *engine, struct cairn_follower_state *ret,
                           size_t max);

/* Lets what is under way finish, and ends all. NULL is fine. */
void cairn_engine_stop(struct cairn_engine *engine);
/* After the last call of cairn_engine_states(). NULL is fine. */
void cairn_engine_close(struct cairn_engine *engine);

#endif
