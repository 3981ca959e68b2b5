/* operator.h - acts for the person at this shell: an action of operations/actions.h, recorded as
 * that of the user and host of the operating system. */
#ifndef CAIRN_CLI_OPERATOR_H
#define CAIRN_CLI_OPERATOR_H

#include "operations/operate.h"

/* Carries out an action, as cairn_operate() does. The operator is the operating system's user at
 * this host; CAIRN_ACTOR says on whose behalf. */
int cairn_cli_operate(const struct cairn_place *place, enum cairn_action_id action,
                      const void *arguments, struct cairn_operation *ret,
                      struct cairn_error *error) CAIRN_CHECKED;

#endif
