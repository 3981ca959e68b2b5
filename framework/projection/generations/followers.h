/* followers.h - runs a thread for each followed generation of a read model. To be called by the
 * supervisor's thread, unless stated otherwise. */
#ifndef CAIRN_PROJECTION_FOLLOWERS_H
#define CAIRN_PROJECTION_FOLLOWERS_H

#include "projection/generations/supervisor.h"

/* Starts a thread for each followed generation, the newest first if there are more than
 * CAIRN_FOLLOWED_MAX, and stops all others. Returns the number of followed generations. */
int64_t cairn_followers_match(struct cairn_supervisor *supervisor,
                              struct cairn_error *error) CAIRN_CHECKED;

/* Stops the generation's thread after its current step; does nothing if it has none. */
void cairn_followers_stop(struct cairn_supervisor *supervisor, int64_t generation);
void cairn_followers_stop_all(struct cairn_supervisor *supervisor);

/* Returns the track of the generation that is read, or else of the newest; NULL if there is none.
 * Any thread that holds the supervisor's lock may call it. */
struct cairn_generation_follower *cairn_followers_shown(struct cairn_supervisor *supervisor);

/* Returns whether the generation is, in this process, within 1000 positions of the log's head. */
bool cairn_followers_caught_up(struct cairn_supervisor *supervisor, int64_t generation);

#endif
