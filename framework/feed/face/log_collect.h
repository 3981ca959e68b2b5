/* log_collect.h - reads what was asked for from the log, range by range, from where it stopped
 * before. */
#ifndef CAIRN_FEED_LOG_COLLECT_H
#define CAIRN_FEED_LOG_COLLECT_H

#include "feed/face/log_ask.h"

/* How far a request has come. */
struct cairn_log_place {
    int64_t at;    /* position, or version of the stream: all events up to it were seen; backwards:
                    * from it on */
    int64_t head;  /* of the log, at the last look */
    bool complete; /* there is no more to be read now */
};

/* Finds the place to begin at. Returns 0, or -CAIRN_TIMELINE: the event that was seen last is not
 * in this log, or not where it is resumed. */
int cairn_log_begin(struct cairn_store *store, const struct cairn_log_ask *ask,
                    struct cairn_arena *arena, struct cairn_log_place *ret,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Reads on until there are some events, at most as many as were asked for, or for half a second.
 * Returns how many; without any, `place->complete` says whether there are none. */
int64_t cairn_log_collect(struct cairn_store *store, const struct cairn_log_ask *ask,
                          struct cairn_log_place *place, struct cairn_arena *arena,
                          const struct cairn_stored_event **ret,
                          struct cairn_error *error) CAIRN_CHECKED;

#endif
