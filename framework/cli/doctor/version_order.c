/* version_order.c - compares versions number by number. */
#include "cli/doctor/version_order.h"

#include <stdlib.h>

bool cairn_version_is_at_least(const char *version, const char *least)
{
    while (*least) {
        char *version_end = NULL;
        char *least_end = NULL;
        long ours = strtol(version, &version_end, 10);
        long theirs = strtol(least, &least_end, 10);
        if (ours != theirs)
            return ours > theirs;
        version = version_end + (*version_end == '.');
        least = least_end + (*least_end == '.');
    }
    return true;
}
