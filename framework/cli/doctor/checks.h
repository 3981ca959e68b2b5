/* checks.h - what `cairn doctor` checks. Each function adds its findings. */
#ifndef CAIRN_CLI_DOCTOR_CHECKS_H
#define CAIRN_CLI_DOCTOR_CHECKS_H

#include "cli/doctor/diagnosis.h"
#include "runtime/config/config.h"

/* The machine: compiler, libraries with their versions, installed servers, open files. */
void cairn_check_machine(struct cairn_diagnosis *diagnosis, const struct cairn_config *config);

/* The environment: variables that are wrong, mistyped or unknown. `program` is a service whose own
 * settings are known then, or NULL. `wrong` is what cairn_config_check() has found. */
void cairn_check_variables(struct cairn_diagnosis *diagnosis, const char *program,
                           const struct cairn_error *wrong);

/* The port that PORT names, or that the program listens on by itself: whether it is free. */
void cairn_check_port(struct cairn_diagnosis *diagnosis, const char *program,
                      const struct cairn_config *config);

/* The servers that DATABASE_URL and REDIS_URL name. */
void cairn_check_postgres(struct cairn_diagnosis *diagnosis, const struct cairn_config *config);
void cairn_check_redis(struct cairn_diagnosis *diagnosis, const struct cairn_config *config);

#endif
