/* route_check.h - checks the routes of a process: their paths, and that no two are the same. */
#ifndef CAIRN_RUNTIME_ROUTE_CHECK_H
#define CAIRN_RUNTIME_ROUTE_CHECK_H

#include "runtime/check/findings.h"

#include <cairn/service.h>

/* Adds a finding for each path with another parameter than {id}, with {id} twice or with an empty
 * segment, and for each route that is declared twice, or is one of every process. */
void cairn_routes_check(const struct cairn_service *const services[],
                        struct cairn_findings *findings);

#endif
