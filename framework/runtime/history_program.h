/* history_program.h - `PROGRAM why NAME KEY` and `PROGRAM at POSITION|TIME NAME KEY`: why a row of
 * a read model is as it is, and how it was. `cairn why` and `cairn at` run the program that has
 * the read model. `PROGRAM at POSITION|TIME STREAM` is passed on (state_program.h). */
#ifndef CAIRN_RUNTIME_HISTORY_PROGRAM_H
#define CAIRN_RUNTIME_HISTORY_PROGRAM_H

#include "runtime/config/config.h"

#include <cairn/service.h>

/* `argv[0]` is "why" or "at". Returns the exit status: 0; 1 if no event concerns the row, or there
 * was no row, or it could not be folded; 64 for wrong usage, 69 when the database is
 * unavailable. */
int cairn_host_history(const struct cairn_config *config,
                       const struct cairn_service *const services[], int argc, char **argv);

#endif
