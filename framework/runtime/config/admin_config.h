/* admin_config.h - the operators' listener: what tells how a process is, on a port of its own. */
#ifndef CAIRN_RUNTIME_ADMIN_CONFIG_H
#define CAIRN_RUNTIME_ADMIN_CONFIG_H

#include "runtime/config/config.h"

#include <cairn/policy.h>

/* Checks the settings of the operators' listener together, and adds what is wrong. */
void cairn_admin_check(const struct cairn_config *config, struct cairn_error *wrong);

/* Returns whether there is an operators' listener; else its routes are those of everybody. */
bool cairn_admin_is_apart(const struct cairn_config *config);

/* Returns its policy: the role `operator` if others than this machine reach it and callers are
 * authenticated; NULL: anyone. */
const struct cairn_allow *cairn_admin_policy(const struct cairn_config *config);

#endif
