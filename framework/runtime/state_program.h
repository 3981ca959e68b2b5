/* state_program.h - `PROGRAM at POSITION|TIME STREAM`: the state of a stream as it was, as its
 * decider folds it. `cairn at` runs the program that has the system's deciders. */
#ifndef CAIRN_RUNTIME_STATE_PROGRAM_H
#define CAIRN_RUNTIME_STATE_PROGRAM_H

#include "runtime/config/config.h"

#include <cairn/service.h>

/* Prints the state as JSON; with `json` also its version, and what its last event changed. Returns
 * the exit status: 0; 1 if there was no such stream, or it cannot be folded; 64 for wrong usage, 69
 * when the database is unavailable. */
int cairn_host_state(const struct cairn_config *config,
                     const struct cairn_service *const services[], const char *when,
                     const char *stream, bool json);

#endif
