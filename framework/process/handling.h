/* handling.h - what a reactor has under way: events in the order of the log, and the threads that
 * handle them, in order for each stream, again and again until one is done or given up.
 *
 *     cairn_handling_begin(…)    for each event
 *     cairn_handling_sweep(…)    now and then: what has come to an end is put away
 *     cairn_handling_clear(…)    when the lease is lost: whoever has it next begins anew
 *
 * When something has come to an end the follower is woken.
 *
 * Ownership: one thread calls these functions; the handlers run on threads of their own. Events are
 * copied. */
#ifndef CAIRN_PROCESS_HANDLING_H
#define CAIRN_PROCESS_HANDLING_H

#include "process/place.h"

#include <cairn/reactor.h>

struct cairn_handling;

/* What has come to an end. */
struct cairn_handled {
    const struct cairn_stored_event *event;
    bool was_parked; /* and a person wanted it tried again */
    bool given_up;   /* else it is done */
    int64_t attempts;
    const char *reason; /* of the last attempt, if that failed */
};

/* Returns 0, or why it cannot be put away: then it stays, and so does all behind it. */
typedef int cairn_put_away(void *context, const struct cairn_handled *handled,
                           struct cairn_error *error);

/* What the reactor does about an event, and its type; NULL if it ignores it. */
const struct cairn_reacts *cairn_reacts_find(const struct cairn_reactor *reactor,
                                             const struct cairn_stored_event *event,
                                             const struct cairn_event_type **ret);

/* Returns 0, or -CAIRN_CONFIG if there are no threads to be had. */
int cairn_handling_open(const struct cairn_reactor *reactor, const struct cairn_engine_parts *parts,
                        struct cairn_handling **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is fine. */
void cairn_handling_close(struct cairn_handling *handling);

/* It has a handler. `parked`: it was, and is tried again. */
void cairn_handling_begin(struct cairn_handling *handling, const struct cairn_stored_event *event,
                          bool parked);

/* What holds it up: the oldest event that was tried more than once in vain, and why; or "". */
void cairn_handling_problem(struct cairn_handling *handling, char *ret, size_t size);

size_t cairn_handling_count(const struct cairn_handling *handling);
bool cairn_handling_has(const struct cairn_handling *handling, int64_t position);

/* Puts away what has come to an end. `read` is how far the log was read, `ret` the last position up
 * to which all is at an end. Returns 0 or what `put_away` said. */
int cairn_handling_sweep(struct cairn_handling *handling, cairn_put_away *put_away, void *context,
                         int64_t read, int64_t *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Forgets all; waits for those that are being handled. */
void cairn_handling_clear(struct cairn_handling *handling);

#endif
