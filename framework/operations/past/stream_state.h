/* stream_state.h - the state of a stream as of one of its versions, and what the last event changed
 * in it: as its decider folds the events, or, of an instance of a process, as its events keep it.
 *
 * Units: positions and versions are counts. */
#ifndef CAIRN_OPERATIONS_STREAM_STATE_H
#define CAIRN_OPERATIONS_STREAM_STATE_H

#include "core/containers/buffer.h"
#include "store/store.h"

#include <cairn/service.h>

/* What is asked for: the newest version up to both of these. */
struct cairn_state_question {
    const struct cairn_service *const *services; /* whose deciders fold */
    const char *stream;
    int64_t version;     /* 0: any */
    int64_t position;    /* 0: any */
    int64_t deadline_us; /* monotonic */
};

/* All of it is in the arena of the call. States are JSON, "" where there is none. */
struct cairn_stream_state {
    int64_t version;
    int64_t position;
    const char *type; /* of the event that made this version */
    const char *recorded_at;
    bool is_process; /* an instance of a process, not a stream of a decider */
    const char *before;
    const char *after;
};

/* Returns 0, or
 *   -CAIRN_NOT_FOUND    there was no such stream, or no service here has its rules
 *   -CAIRN_TOO_LARGE    it could not be folded by the deadline
 *   -CAIRN_UNREADABLE   an event cannot be decoded; see `cairn amend`
 *   or another error that store.h lists. */
int cairn_stream_state_read(struct cairn_store *store, const struct cairn_state_question *question,
                            struct cairn_arena *arena, struct cairn_stream_state *ret,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Appends the state as an object, with what changed. */
void cairn_stream_state_json(const char *stream, const struct cairn_stream_state *state,
                             struct cairn_buffer *out);

#endif
