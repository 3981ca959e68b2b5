/* run.h - runs one call with all its attempts: its place in the bulkhead, the breaker, the pauses.
 *
 * The caller (http_call.c, smtp_mail.c) provides the function that makes an attempt: it gets
 * libcurl's handle and the deadline, and reports the outcome. */
#ifndef CAIRN_OUTBOUND_RUN_H
#define CAIRN_OUTBOUND_RUN_H

#include "outbound/target/target.h"

/* The outcome of one attempt. */
struct cairn_attempt {
    int code;         /* 0: answered; or minus a code, and `error` says why */
    bool sent;        /* a part of it may have been sent */
    bool failed;      /* counts against the target: for the breaker */
    bool again;       /* a retry may help */
    int64_t pause_us; /* requested by the other side; 0: none */
    struct cairn_error error;
};

typedef void cairn_attempt_make(void *context, CURL *handle, const struct cairn_limits *limits,
                                int64_t deadline_us, struct cairn_attempt *ret);

/* Makes up to `attempts` attempts before `deadline_us` (monotonic), and counts the outcome. Returns
 * 0 if it was answered, or an error of cairn_outbound_call and cairn_outbound_mail. */
int cairn_outbound_run(struct cairn_target_state *state, int attempts, int64_t deadline_us,
                       cairn_attempt_make *make, void *context,
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
