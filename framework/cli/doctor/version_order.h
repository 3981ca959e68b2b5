/* version_order.h - compares the versions of libraries and servers. */
#ifndef CAIRN_CLI_DOCTOR_VERSION_ORDER_H
#define CAIRN_CLI_DOCTOR_VERSION_ORDER_H

#include <stdbool.h>

/* Returns whether a version such as "7.88.1" is at least another; parts that are missing are
 * zero. */
bool cairn_version_is_at_least(const char *version, const char *least);

#endif
