/* start_gate.h - checks that the services of a process can read the events in the log. */
#ifndef CAIRN_RUNTIME_START_GATE_H
#define CAIRN_RUNTIME_START_GATE_H

#include "postgres/postgres.h"

#include <cairn/service.h>

/* Deciders and facts read whole streams: an unknown event would be missing in the state.
 * Projections, processes and reactors read the events that they list. Logs each event that cannot
 * be read, and declares the types of those that the deciders write (cairn.declared_types). Returns
 * 0, -CAIRN_SCHEMA if some cannot be read, or another error of store/events/readable_types.h. */
int cairn_host_gate(const struct cairn_service *const services[], struct cairn_pg *pg,
                    struct cairn_error *error) CAIRN_CHECKED;

/* Checks that a process can start on this database: its schema, then the gate. Returns 0, or what
 * cairn_pg_open(), cairn_migrate_check() and cairn_host_gate() return. */
int cairn_host_check_database(const char *url, const struct cairn_service *const services[],
                              struct cairn_error *error) CAIRN_CHECKED;

#endif
