/* instance.h - one process of a process manager: its state, the position it has seen and the timers
 * it has set, as of its last reaction. The last event of its stream has all of that, so that
 * loading a process costs one row, however long its stream is. */
#ifndef CAIRN_PROCESS_INSTANCE_H
#define CAIRN_PROCESS_INSTANCE_H

#include "core/containers/map.h"
#include "store/store.h"

#include <cairn/process.h>

/* The type of the event that each reaction is. */
#define CAIRN_ADVANCED "ProcessAdvanced"
enum { CAIRN_ADVANCED_VERSION = 1 };

CAIRN_STRUCT(cairn_set_timer, TEXT(name), TIME(at));
CAIRN_STRUCT(cairn_set_timers, LIST(timers, cairn_set_timer));

/* What a process is associated with; events at positions up to `since` do not reach it. */
CAIRN_STRUCT(cairn_association, TEXT(name), UUID(id), INT(since));
CAIRN_STRUCT(cairn_associations, LIST(associations, cairn_association, .optional = true));
enum { CAIRN_ASSOCIATIONS_MAX = 100 };

struct cairn_instance {
    const char *stream; /* "fulfilment-0193…" */
    struct cairn_uuid id;
    int64_t version; /* of its last event, 0 before the first */
    struct cairn_uuid event_id;
    int64_t position; /* of the newest event that it has reacted to */
    void *state;      /* a struct of the process' state; zeroed before the first */
    struct cairn_set_timers timers;
    struct cairn_associations associations;
    const char *correlation_id; /* of its last event, or NULL */
    const char *traceparent;
    const char *tracestate;
    const char *unreadable; /* why it cannot be loaded; NULL: it was, or is new */
    bool stuck;             /* takes no more inputs in this batch */
};

/* Returns the timer, if it is set, or NULL. */
const struct cairn_set_timer *cairn_instance_timer(const struct cairn_instance *instance,
                                                   const char *name);

/* Returns the association, or NULL. */
const struct cairn_association *cairn_instance_association(const struct cairn_instance *instance,
                                                           const char *name, struct cairn_uuid id);

/* Returns the instance in the map, by its stream; a missing one is added, empty until it is
 * loaded. */
struct cairn_instance *cairn_instance_want(struct cairn_map *instances,
                                           const struct cairn_process *process,
                                           struct cairn_uuid id);

/* Loads all instances in the map, into its arena. An instance whose stream ends with another event
 * than ProcessAdvanced, or with a state that cannot be decoded, is marked `unreadable`. Returns 0,
 * or an error of postgres.h. */
int cairn_instances_load(struct cairn_pg *pg, const struct cairn_process *process,
                         struct cairn_map *instances, struct cairn_error *error) CAIRN_CHECKED;

#endif
