/* projector_state.h - the state of one projection in a projector, for display. */
#ifndef CAIRN_PROJECTION_PROJECTOR_STATE_H
#define CAIRN_PROJECTION_PROJECTOR_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* The state of a projection, for /readyz and /metrics. */
struct cairn_projector_state {
    const char *name;
    int generation;
    int64_t position;    /* its checkpoint */
    int64_t head;        /* of the log, when last read */
    bool serving;        /* queries read the generation */
    bool leading;        /* it has the lease; else it stands by */
    bool following;      /* it read the head within the last 5 seconds, and has no problem */
    bool copy_current;   /* Redis has what PostgreSQL has; if not, nothing is delayed by it */
    int64_t parked_keys; /* rows that wait for an operator: cairn parked */
    char owner[201];     /* the process that has the lease; "" while it is not known */
    char problem[200];   /* why it does not advance, or "" */
    char shown[200];     /* what everybody may see of it */

    int building;        /* another generation, which this process builds; 0: none */
    const char *phase;   /* of the build */
    int64_t done, total; /* of the phase */
};

#endif
