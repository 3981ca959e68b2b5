/* inputs.h - makes inputs of a process from the log, the clock and the answers of other
 * services. */
#ifndef CAIRN_PROCESS_INPUTS_H
#define CAIRN_PROCESS_INPUTS_H

#include "process/deliver/delivery.h"
#include "process/react/advance.h"

/* Returns the handler of a refused command; NULL if there is none. */
const struct cairn_when *cairn_when_refused(const struct cairn_process *process,
                                            const char *command);

/* Returns the id of the process that an event is for; zero: for none. */
struct cairn_uuid cairn_when_process(const struct cairn_when *when, const void *event,
                                     const struct cairn_meta *meta);

/* Returns the types, and the categories, that a process manager has to read: those that it handles,
 * and its own. Both are NULL-terminated. */
struct cairn_event_filter cairn_process_filter(const struct cairn_process *process,
                                               struct cairn_arena *arena);

/* Returns whether the event is of one of the process manager's own streams. */
bool cairn_is_own_event(const struct cairn_process *process,
                        const struct cairn_stored_event *event);

/* The origin in an event's metadata; NULL where it has none. */
CAIRN_STRUCT(cairn_origin, TEXT(correlation_id, .optional = true),
             TEXT(traceparent, .optional = true), TEXT(tracestate, .optional = true));
struct cairn_origin cairn_origin_of(const struct cairn_stored_event *event,
                                    struct cairn_arena *arena);

/* Makes an input of an event. Returns 1, and in `ret_id` the process it is for (or, if `ret->when`
 * has an association, what the processes that it is for are associated with); 0 if it is ignored;
 * or the error of cairn_event_decode(). An event that cannot be decoded is returned too, as
 * `unreadable`, if its stream alone names its process: it concerns no other. */
int cairn_input_from_event(const struct cairn_process *process,
                           const struct cairn_stored_event *event, struct cairn_arena *arena,
                           struct cairn_process_input *ret, struct cairn_uuid *ret_id,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Makes an input of a due timer. */
struct cairn_process_input cairn_input_from_timer(const struct cairn_process *process,
                                                  const struct cairn_instance *instance,
                                                  const char *name, struct cairn_time due,
                                                  struct cairn_arena *arena);

/* Returns the input of one of the processes that an event with an association is for: the ids that
 * its reaction makes are its own. */
struct cairn_process_input cairn_input_for(const struct cairn_process_input *input,
                                           const struct cairn_instance *instance);

/* Makes the input that sets the timer of a CAIRN_WHEN_EVERY for the first time, and returns the id
 * of the one process that it is for. */
struct cairn_process_input cairn_input_of_schedule(const struct cairn_process *process,
                                                   const struct cairn_when *when,
                                                   struct cairn_arena *arena,
                                                   struct cairn_uuid *ret_id);

/* Makes an input of a refused command. */
struct cairn_process_input cairn_input_from_refusal(const struct cairn_process *process,
                                                    const struct cairn_instance *instance,
                                                    const struct cairn_delivered *refused,
                                                    struct cairn_arena *arena);

#endif
