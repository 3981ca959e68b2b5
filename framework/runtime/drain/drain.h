/* drain.h - `--drain`: a process works until it is at the head, and ends. */
#ifndef CAIRN_RUNTIME_DRAIN_H
#define CAIRN_RUNTIME_DRAIN_H

#include "runtime/host/host_parts.h"

#include <signal.h>

/* What a script is told. */
enum {
    CAIRN_DRAINED = 0, /* at the head */
    CAIRN_DRAINED_FAILED =
        1, /* at the head, but something is parked or stopped: the log says what */
    CAIRN_DRAINED_PART = 75, /* not at the head within CAIRN_DRAIN_S, or a signal came */
};

/* Returns 0, or -CAIRN_CONFIG if the services have nothing that could be drained. */
int cairn_drain_check(const struct cairn_service *const services[],
                      struct cairn_error *error) CAIRN_CHECKED;

/* Waits until what the host's services work on is at the head, all at one look; or until the time
 * is up, or one of the signals comes. Returns one of the above, and logs why it is not 0; or
 * -CAIRN_CONFIG. An unreachable server is waited for. */
int cairn_drain(struct cairn_host *host, const sigset_t *signals,
                struct cairn_error *error) CAIRN_CHECKED;

#endif
