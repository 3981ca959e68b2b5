/* tracks.h - the generations of a read model that are followed, a thread each. For the steward's
 * thread, except where it says otherwise. */
#ifndef CAIRN_PROJECTION_TRACKS_H
#define CAIRN_PROJECTION_TRACKS_H

#include "projection/steward.h"

/* A thread for each generation that is followed, and for no other; the newest first, should there
 * be too many. Returns how many there are. */
int64_t cairn_tracks_match(struct cairn_steward *steward, struct cairn_error *error) CAIRN_CHECKED;

/* Waits for what its thread does now. A generation that has none is fine. */
void cairn_tracks_stop(struct cairn_steward *steward, int64_t generation);
void cairn_tracks_stop_all(struct cairn_steward *steward);

/* Of the generation that is read, or else of the newest; NULL if there is none. Any thread that has
 * the steward's lock. */
struct cairn_track *cairn_tracks_shown(struct cairn_steward *steward);

/* Has the generation's thread come to the end of the log, about? */
bool cairn_tracks_caught_up(struct cairn_steward *steward, int64_t generation);

#endif
