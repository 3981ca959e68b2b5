/* policy_check.h - checks that every row of a service's tables has a policy. */
#ifndef CAIRN_RUNTIME_POLICY_CHECK_H
#define CAIRN_RUNTIME_POLICY_CHECK_H

#include <cairn/service.h>

/* Checks the policies of all services; where services authenticate, they are `required`. All that
 * is wrong is reported: the first is returned, the others are logged. Returns 0 or -CAIRN_BUG. */
int cairn_policies_check(const struct cairn_service *const services[], bool required,
                         struct cairn_error *error) CAIRN_CHECKED;

#endif
