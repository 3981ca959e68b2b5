/* instance.h - one process of a process manager, as its stream says: the state after its last
 * reaction, and what has been seen and set by then. The last event of the stream says all of it, so
 * that loading one costs one row, however long it has lived. */
#ifndef CAIRN_PROCESS_INSTANCE_H
#define CAIRN_PROCESS_INSTANCE_H

#include "core/map.h"
#include "store/store.h"

#include <cairn/process.h>

/* The event that each reaction is. */
#define CAIRN_ADVANCED "ProcessAdvanced"
enum { CAIRN_ADVANCED_VERSION = 1 };

struct cairn_set_timer {
    const char *name;
    struct cairn_time at;
};
struct cairn_set_timer_list CAIRN_LIST(struct cairn_set_timer);
struct cairn_set_timers {
    struct cairn_set_timer_list timers;
};
CAIRN_DECLARE(cairn_set_timers);

struct cairn_instance {
    const char *stream; /* "fulfilment-0193…" */
    struct cairn_uuid id;
    int64_t version; /* of its last event, 0 before the first */
    struct cairn_uuid event_id;
    int64_t position; /* of the newest event that it has reacted to */
    void *state;      /* a struct of the process' state; zeroed before the first */
    struct cairn_set_timers timers;
    const char *correlation_id; /* of its last event, or NULL */
    const char *traceparent;
    const char *unreadable; /* why it cannot be loaded; NULL: it was, or is new */
    bool stuck;             /* it does not go on in this batch */
};

/* The timer, if it is set, or NULL. */
const struct cairn_set_timer *cairn_instance_timer(const struct cairn_instance *instance,
                                                   const char *name);

/* Puts the instance into the map, by its stream, if it is not there: it is empty until it is
 * loaded. */
struct cairn_instance *cairn_instance_want(struct cairn_map *instances,
                                           const struct cairn_process *process,
                                           struct cairn_uuid id);

/* Reads all that are in the map. They lie in its arena. One whose stream ends with what is no
 * ProcessAdvanced, or with a state that cannot be decoded, says so itself. Returns 0, or what
 * postgres.h says. */
int cairn_instances_load(struct cairn_pg *pg, const struct cairn_process *process,
                         struct cairn_map *instances, struct cairn_error *error) CAIRN_CHECKED;

#endif
