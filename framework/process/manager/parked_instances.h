/* parked_instances.h - parks the instances of a process manager that cannot proceed
 * (cairn.parked_instances): the others proceed, and an operator has the parked ones retried.
 *
 * Inputs of a parked instance are skipped. On a retry, the log is read again from where the
 * instance stopped, for it alone; no event is taken twice, since every instance records the newest
 * position that it has reacted to.
 *
 * Ownership: the manager's thread. */
#ifndef CAIRN_PROCESS_PARKED_INSTANCES_H
#define CAIRN_PROCESS_PARKED_INSTANCES_H

#include "process/follow/log_cursor.h"
#include "process/react/input_batch.h"

struct cairn_parked_instances_one {
    const char *stream;
    int64_t position; /* of the first event that it has not taken; 0: of none */
    bool again;
};

struct cairn_parked_instances {
    struct cairn_arena arena;
    struct cairn_map streams; /* to a struct cairn_parked_instances_one */
    size_t again;             /* how many are to be retried */
    int64_t looked_us;        /* monotonic */
};

/* Reads which instances are parked: once a second, or `now`. Returns 0 or an error of
 * postgres.h. */
int cairn_parked_instances_look(struct cairn_parked_instances *parked,
                                struct cairn_log_cursor *cursor, bool now,
                                struct cairn_error *error) CAIRN_CHECKED;

/* Parks the stuck instances. Returns 0, -CAIRN_CONFLICT or an error of postgres.h. */
int cairn_parked_instances_put(struct cairn_parked_instances *parked,
                               struct cairn_log_cursor *cursor,
                               const struct cairn_input_batch *inputs,
                               struct cairn_error *error) CAIRN_CHECKED;

/* Retries one instance that an operator wants retried. Returns 1 if it is unparked, 0 if it is
 * still stuck, or there is none; or an error. */
int cairn_parked_instances_retry(struct cairn_parked_instances *parked,
                                 struct cairn_log_cursor *cursor,
                                 const struct cairn_event_filter *filter,
                                 struct cairn_input_batch like,
                                 struct cairn_error *error) CAIRN_CHECKED;

void cairn_parked_instances_close(struct cairn_parked_instances *parked);

#endif
