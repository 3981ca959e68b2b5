/* this_machine.h - whether a host is this machine. */
#ifndef CAIRN_CORE_THIS_MACHINE_H
#define CAIRN_CORE_THIS_MACHINE_H

#include <stdbool.h>

/* Returns whether a host is this machine by its name alone: an address of 127.0.0.0/8, ::1 with or
 * without brackets, or localhost. No name is resolved. */
bool cairn_is_loopback(const char *host);

#endif
