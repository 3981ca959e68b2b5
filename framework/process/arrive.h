/* arrive.h - from what the log, the clock and other services say to what a process waits for. */
#ifndef CAIRN_PROCESS_ARRIVE_H
#define CAIRN_PROCESS_ARRIVE_H

#include "process/advance.h"
#include "process/delivery.h"

/* What the process manager does about an event of this category and type; NULL if it ignores it. */
const struct cairn_when *cairn_when_event(const struct cairn_process *process, const char *category,
                                          const char *type, const struct cairn_event_type **ret);
const struct cairn_when *cairn_when_timer(const struct cairn_process *process, const char *name);
const struct cairn_when *cairn_when_refused(const struct cairn_process *process,
                                            const char *command);

/* The types, and the categories, that a process manager has to read: those it waits for, and its
 * own. Both end with NULL. */
struct cairn_event_filter cairn_process_filter(const struct cairn_process *process,
                                               struct cairn_arena *arena);

/* Is it an event of one of the process manager's own streams? */
bool cairn_is_own_event(const struct cairn_process *process,
                        const struct cairn_stored_event *event);

/* What an event's meta says of where it comes from; NULL where it says nothing. */
struct cairn_origin {
    const char *correlation_id;
    const char *traceparent;
};
CAIRN_DECLARE(cairn_origin);
struct cairn_origin cairn_origin_of(const struct cairn_stored_event *event,
                                    struct cairn_arena *arena);

/* An event that is waited for. Returns 1, and which process it is for; 0 if it is ignored; or what
 * cairn_event_decode() returns. One that cannot be decoded arrives too, as `unreadable`, where its
 * stream alone says which process it is for: it concerns that process, and no other. */
int cairn_arrive_event(const struct cairn_process *process, const struct cairn_stored_event *event,
                       struct cairn_arena *arena, struct cairn_arrival *ret,
                       struct cairn_uuid *ret_id, struct cairn_error *error) CAIRN_CHECKED;

/* A timer that is due. */
struct cairn_arrival cairn_arrive_timer(const struct cairn_process *process,
                                        const struct cairn_instance *instance, const char *name,
                                        struct cairn_time due, struct cairn_arena *arena);

/* A command that was turned down. */
struct cairn_arrival cairn_arrive_refusal(const struct cairn_process *process,
                                          const struct cairn_instance *instance,
                                          const struct cairn_delivered *refused,
                                          struct cairn_arena *arena);

#endif
