/* engine.h - runs the process managers and reactors of one process: a thread for each, and one
 * follower of the log for all. */
#ifndef CAIRN_PROCESS_ENGINE_H
#define CAIRN_PROCESS_ENGINE_H

#include "process/follow/log_cursor.h"
#include "store/commit/appender.h"
#include "store/lease.h"

#include <cairn/service.h>

struct cairn_command_client;
struct cairn_engine;

struct cairn_engine_options {
    const char *database_url;
    const struct cairn_service *const *services; /* borrowed */
    struct cairn_appender *appender;
    struct cairn_leases *leases;
    int calls; /* commands delivered at once, per process manager and category */
};

/* Returns whether there is anything to run. */
bool cairn_engine_is_wanted(const struct cairn_service *const services[]);

/* Creates the missing checkpoints, so that everything appended from now on is handled. Returns 0,
 * or
 *   -CAIRN_CONFIG       a URL is invalid
 *   -CAIRN_UNAVAILABLE  the database is unreachable */
int cairn_engine_open(const struct cairn_engine_options *options, struct cairn_engine **ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Starts the threads, which send commands by the client; it is borrowed. Returns 0 or
 * -CAIRN_CONFIG. */
int cairn_engine_run(struct cairn_engine *engine, struct cairn_command_client *client,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Writes the states of at most `max` of them. Returns how many there are. Any thread may call it,
 * from the opening to the closing. */
size_t cairn_engine_states(struct cairn_engine *engine, struct cairn_follower_state *ret,
                           size_t max);

/* Finishes the current steps, and stops all threads. NULL is allowed. */
void cairn_engine_stop(struct cairn_engine *engine);
/* Follows the last call of cairn_engine_states(). NULL is allowed. */
void cairn_engine_close(struct cairn_engine *engine);

#endif
