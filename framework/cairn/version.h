/* version.h - the version of Cairn: of the headers at compile time, of the library at run time.
 *
 *     #if CAIRN_VERSION_NUMBER < CAIRN_VERSION_OF(0, 1, 0)
 *     #error "this service needs Cairn 0.1"
 *     #endif
 *
 * Before 1.0 a minor version may change the interface that a service uses; a patch never does. */
#ifndef CAIRN_VERSION_H
#define CAIRN_VERSION_H

#include <cairn/compiler.h>

CAIRN_BEGIN_C

#define CAIRN_VERSION_MAJOR 0
#define CAIRN_VERSION_MINOR 1
#define CAIRN_VERSION_PATCH 0
#define CAIRN_VERSION "0.1.0"

#define CAIRN_VERSION_OF(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
#define CAIRN_VERSION_NUMBER                                                                       \
    CAIRN_VERSION_OF(CAIRN_VERSION_MAJOR, CAIRN_VERSION_MINOR, CAIRN_VERSION_PATCH)

/* Returns the version of the library that the process was linked with: "0.1.0". */
const char *cairn_version(void);

CAIRN_END_C

#endif
