/* aside.h - the instances of a process manager that cannot go on (cairn.parked_instances): they are
 * put aside, the others go on, and a person has them tried again.
 *
 * What comes in for one of them is passed over. When it is tried again, the log is read once more
 * from where it stopped, for it alone; what it has seen by then it does not take twice, as every
 * instance knows the newest position that it has reacted to.
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
    size_t again;             /* how many are to be tried again */
    int64_t looked_us;        /* monotonic */
};

/* Reads which instances are put aside: once a second, or `now`. Returns 0 or what postgres.h says.
 */
int cairn_aside_look(struct cairn_aside *aside, struct cairn_place *place, bool now,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Puts those aside that are stuck. Returns 0, -CAIRN_CONFLICT or what postgres.h says. */
int cairn_aside_put(struct cairn_aside *aside, struct cairn_place *place,
                    const struct cairn_inputs *inputs, struct cairn_error *error) CAIRN_CHECKED;

/* Tries one of those again that a person wants tried. Returns 1 if it goes on with the others, 0 if
 * it is stuck still, or there is none; or a failure. */
int cairn_aside_retry(struct cairn_aside *aside, struct cairn_place *place,
                      const struct cairn_event_filter *filter, struct cairn_inputs like,
                      struct cairn_error *error) CAIRN_CHECKED;

void cairn_aside_close(struct cairn_aside *aside);

#endif
