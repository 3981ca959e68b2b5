/* dev_ports.h - the ports that the environment gives to the services of a project.
 *
 * A setting is PORT, or CAIRN_ADMIN_PORT. */
#ifndef CAIRN_CLI_DEV_DEV_PORTS_H
#define CAIRN_CLI_DEV_DEV_PORTS_H

#include "cli/dev/dev_project.h"

/* Returns the variable by which a setting is given to one of several services:
 * CAIRN_SHOP_ADMIN_PORT. */
const char *cairn_dev_port_name(struct cairn_arena *arena, const char *setting, const char *name);

/* Returns the setting as a variable for a service: from the variable above; in a project of one
 * service also from the setting itself. Without them the value is empty: the service's default. */
const char *cairn_dev_port(struct cairn_arena *arena, const struct cairn_dev_project *project,
                           const char *setting, const char *name);

/* Returns a setting that is in the environment and given to no service, since it is one port for
 * several; NULL if there is none. */
const char *cairn_dev_unused_port(const struct cairn_dev_project *project);

#endif
