/* limits_config.h - the settings of what one client may take, and of hosts and origins. */
#ifndef CAIRN_RUNTIME_LIMITS_CONFIG_H
#define CAIRN_RUNTIME_LIMITS_CONFIG_H

#include "http/http.h"
#include "runtime/config/config.h"

/* Adds a wrong variable to `wrong` for each setting that does not fit. */
void cairn_limits_check(const struct cairn_config *config, struct cairn_error *wrong);

/* Returns them for the listener. */
struct cairn_http_limits cairn_limits_of(const struct cairn_config *config);

#endif
