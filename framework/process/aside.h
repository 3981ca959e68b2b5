/* aside.h - parks the instances of a process manager that cannot proceed (cairn.parked_instances):
 * the others proceed, and an operator has the parked ones retried.
 *
 * Inputs of a parked instance are skipped. On a retry, the log is read again from where the
 * instance stopped, for it alone; no event is taken twice, since every instance records the newest
 * position that it has reacted to.
 *
 * Ownership: the manager's thread. */
#ifndef CAIRN_PROCESS_ASIDE_H
#define CAIRN_PROCESS_ASIDE_H

#include "process/inputs.h"
#include "process/place.h"

struct cairn_aside_one {
    const char *stream;
    int64_t position; /* of the first event that it has not taken; 0: of none */
    bool again;
};

struct cairn_aside {
    struct cairn_arena arena;
    struct cairn_map streams; /* to a struct cairn_aside_one */
    size_t again;             /* how many are to be retried */
    int64_t looked_us;        /* monotonic */
};

/* Reads which instances are parked: once a second, or `now`. Returns 0 or an error of
 * postgres.h. */
int cairn_aside_look(struct cairn_aside *aside, struct cairn_place *place, bool now,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Parks the stuck instances. Returns 0, -CAIRN_CONFLICT or an error of postgres.h. */
int cairn_aside_put(struct cairn_aside *aside, struct cairn_place *place,
                    const struct cairn_inputs *inputs, struct cairn_error *error) CAIRN_CHECKED;

/* Retries one instance that an operator wants retried. Returns 1 if it is unparked, 0 if it is
 * still stuck, or there is none; or an error. */
int cairn_aside_retry(struct cairn_aside *aside, struct cairn_place *place,
                      const struct cairn_event_filter *filter, struct cairn_inputs like,
                      struct cairn_error *error) CAIRN_CHECKED;

void cairn_aside_close(struct cairn_aside *aside);

#endif
