/* log_config.h - the settings of the log: the least level of each module. */
#ifndef CAIRN_RUNTIME_LOG_CONFIG_H
#define CAIRN_RUNTIME_LOG_CONFIG_H

#include "core/report/log.h"
#include "runtime/config/config.h"

/* Adds a wrong variable to `wrong` for each setting that does not fit. */
void cairn_log_check(const struct cairn_config *config, struct cairn_error *wrong);

/* Returns the file that the levels are in, or NULL. */
const char *cairn_log_file(const struct cairn_config *config);

/* Sets the levels: those of the file, read now, or of the environment. Returns 0 or -CAIRN_CONFIG,
 * and then those before stay. */
int cairn_log_apply(const struct cairn_config *config, struct cairn_error *error) CAIRN_CHECKED;

#endif
