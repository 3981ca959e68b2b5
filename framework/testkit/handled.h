/* handled.h - the outcome of a handler that was called: of a reactor or a consumer. */
#ifndef CAIRN_TESTKIT_HANDLED_H
#define CAIRN_TESTKIT_HANDLED_H

#include "testkit/scenario.h"

#include <cairn/reactor.h>

struct cairn_handled_outcome {
    enum cairn_outcome outcome; /* 0: no handler was called */
    bool named;
    struct cairn_error error;
};

/* Keeps the outcome. Fails the test if it is none. */
void cairn_handled_outcome(struct cairn_here here, struct cairn_handled_outcome *ret,
                           enum cairn_outcome outcome, const struct cairn_error *error);

/* Fails unless the outcome was named, or is CAIRN_DONE. */
void cairn_handled_settle(struct cairn_here here, const struct cairn_handled_outcome *handled);

#endif
