/* runtime/gate.h - what the services of a process read, held against what the log holds. */
#ifndef CAIRN_RUNTIME_GATE_H
#define CAIRN_RUNTIME_GATE_H

#include "postgres/postgres.h"

#include <cairn/service.h>

/* Deciders and facts read whole streams: an event they do not know would be missing in the state.
 * Projections, processes and reactors read the events that they list. Logs each event that cannot
 * be read; and declares the types of those that the deciders write (cairn.declared_types). Returns
 * 0, -CAIRN_SCHEMA if there are any, or what store/gate.h says. */
int cairn_host_gate(const struct cairn_service *const services[], struct cairn_pg *pg,
                    struct cairn_error *error) CAIRN_CHECKED;

#endif
