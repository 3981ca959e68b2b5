/* operators_side.h - what a process that answers operators has beside its routes: threads that
 * follow the log, sample the system, and verify read models. */
#ifndef CAIRN_RUNTIME_OPERATORS_SIDE_H
#define CAIRN_RUNTIME_OPERATORS_SIDE_H

#include "operations/pulse/pulse.h"
#include "operations/tail/tail.h"
#include "operations/verify/verifier.h"
#include "runtime/config/config.h"

/* All NULL in a process that does not answer operators. */
struct cairn_operators_side {
    struct cairn_tail *tail;
    struct cairn_pulse *pulse;
    struct cairn_verifier *verifier;
};

/* `services` are those of the process. Returns 0, or -CAIRN_CONFIG; `side` is to be closed in any
 * case. */
int cairn_operators_side_open(struct cairn_operators_side *side, const struct cairn_config *config,
                              const struct cairn_service *const services[],
                              struct cairn_error *error) CAIRN_CHECKED;
/* Ends its streams, for which stopping HTTP would wait. */
void cairn_operators_side_stop(struct cairn_operators_side *side);
/* Requires that all streams are closed. */
void cairn_operators_side_close(struct cairn_operators_side *side);

#endif
