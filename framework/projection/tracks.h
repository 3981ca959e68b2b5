/* tracks.h - runs a thread for each followed generation of a read model. To be called by the
 * steward's thread, unless stated otherwise. */
#ifndef CAIRN_PROJECTION_TRACKS_H
#define CAIRN_PROJECTION_TRACKS_H

#include "projection/steward.h"

/* Starts a thread for each followed generation, the newest first if there are more than
 * CAIRN_TRACKS_MAX, and stops all others. Returns the number of followed generations. */
int64_t cairn_tracks_match(struct cairn_steward *steward, struct cairn_error *error) CAIRN_CHECKED;

/* Stops the generation's thread after its current step; does nothing if it has none. */
void cairn_tracks_stop(struct cairn_steward *steward, int64_t generation);
void cairn_tracks_stop_all(struct cairn_steward *steward);

/* Returns the track of the generation that is read, or else of the newest; NULL if there is none.
 * Any thread that holds the steward's lock may call it. */
struct cairn_track *cairn_tracks_shown(struct cairn_steward *steward);

/* Returns whether the generation is, in this process, within 1000 positions of the log's head. */
bool cairn_tracks_caught_up(struct cairn_steward *steward, int64_t generation);

#endif
