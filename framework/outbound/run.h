/* run.h - one call from its first attempt to its last: the place, the breaker, the pauses.
 *
 * What an attempt does is the caller's (call.c, mail.c): it gets libcurl's handle and the deadline,
 * and says how it ended. */
#ifndef CAIRN_OUTBOUND_RUN_H
#define CAIRN_OUTBOUND_RUN_H

#include "outbound/target.h"

/* How one attempt ended. */
struct cairn_attempt {
    int code;         /* 0: answered; or minus a code, and `error` says why */
    bool sent;        /* something may have left us */
    bool failed;      /* counts against the target: for the breaker */
    bool again;       /* trying again may help */
    int64_t pause_us; /* asked for by the other side; 0: none */
    struct cairn_error error;
};

typedef void cairn_attempt_make(void *context, CURL *handle, const struct cairn_limits *limits,
                                int64_t deadline_us, struct cairn_attempt *ret);

/* Makes up to `attempts` attempts before `deadline_us` (monotonic), and counts how it ended.
 * Returns 0 if it was answered, or as cairn_outbound_call and cairn_outbound_mail say. */
int cairn_outbound_run(struct cairn_target_state *state, int attempts, int64_t deadline_us,
                       cairn_attempt_make *make, void *context,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
