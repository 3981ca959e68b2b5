/* verify_program.h - `PROGRAM verify [NAME] [--json]`: compares the read models of a service that
 * has projections with the log. `cairn verify NAME` runs it. */
#ifndef CAIRN_RUNTIME_VERIFY_PROGRAM_H
#define CAIRN_RUNTIME_VERIFY_PROGRAM_H

#include "runtime/config/config.h"

#include <cairn/service.h>

/* `argv[0]` is "verify". Prints the differences and a summary. Returns the exit status: 0 if
 * nothing differs, 1 if something does or could not be compared, 64 for wrong usage, 69 when the
 * database is unavailable. */
int cairn_host_verify(const struct cairn_config *config,
                      const struct cairn_service *const services[], int argc, char **argv);

#endif
