/* name_check.h - checks the names and numbers of services and of what they list: that they are
 * there, and that no two have the same. */
#ifndef CAIRN_RUNTIME_NAME_CHECK_H
#define CAIRN_RUNTIME_NAME_CHECK_H

#include "runtime/check/findings.h"

#include <cairn/service.h>

/* Adds a finding for each service without a name or with an impossible port; for a process without
 * anything to do; for two services, deciders, projections, processes, reactors, consumers,
 * publications, peers or settings of one process with the same name; and for peers and settings
 * that are incomplete. */
void cairn_names_check(const struct cairn_service *const services[],
                       struct cairn_findings *findings);

#endif
