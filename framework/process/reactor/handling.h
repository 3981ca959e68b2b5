/* handling.h - the events that a reactor has under way, in log order, and the threads that handle
 * them, in order for each stream, each retried until it is done or given up.
 *
 *     cairn_handling_begin(…)    for each event
 *     cairn_handling_sweep(…)    regularly: puts away finished events
 *     cairn_handling_clear(…)    when the lease is lost: the next owner handles these events again
 *
 * The last event to be finished, and one that was given up, wakes the follower; others do not.
 *
 * Ownership: one thread calls these functions; the handlers run on their own threads. Events are
 * copied. */
#ifndef CAIRN_PROCESS_HANDLING_H
#define CAIRN_PROCESS_HANDLING_H

#include "process/follow/log_cursor.h"

#include <cairn/reactor.h>

struct cairn_handling;

/* A finished event. */
struct cairn_handled {
    const struct cairn_stored_event *event;
    bool was_parked; /* and an operator wanted it retried */
    bool given_up;   /* else it is done */
    int64_t attempts;
    const char *reason; /* of the last attempt, if that failed */
};

/* Returns 0, or an error: then the event stays, and so do all after it. */
typedef int cairn_put_away(void *context, const struct cairn_handled *handled,
                           struct cairn_error *error);

/* Returns the handler of an event, and its type; NULL if the reactor ignores it. */
const struct cairn_reacts *cairn_reacts_find(const struct cairn_reactor *reactor,
                                             const struct cairn_stored_event *event,
                                             const struct cairn_event_type **ret);

/* Returns 0, or -CAIRN_CONFIG if no threads can be created. */
int cairn_handling_open(const struct cairn_reactor *reactor, const struct cairn_engine_parts *parts,
                        struct cairn_handling **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is allowed. */
void cairn_handling_close(struct cairn_handling *handling);

/* Begins to handle an event that has a handler; its position is one of `timeline`. `parked`: the
 * event was parked, and is retried. */
void cairn_handling_begin(struct cairn_handling *handling, const struct cairn_stored_event *event,
                          const struct cairn_timeline *timeline, bool parked);

/* Describes the oldest event that has failed more than once, and why; or "". The reason may be that
 * of a server or a library: `ret_shown` is without it. Both have `size` bytes. */
void cairn_handling_problem(struct cairn_handling *handling, char *ret, char *ret_shown,
                            size_t size);

size_t cairn_handling_count(const struct cairn_handling *handling);
bool cairn_handling_has(const struct cairn_handling *handling, int64_t position);

/* Puts away finished events. `read` is how far the log was read; `ret` becomes the last position up
 * to which all events are finished. Returns 0 or the error of `put_away`. */
int cairn_handling_sweep(struct cairn_handling *handling, cairn_put_away *put_away, void *context,
                         int64_t read, int64_t *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Discards all events; waits for those that are being handled. */
void cairn_handling_clear(struct cairn_handling *handling);

#endif
