/* housekeeping.h - periodic maintenance: deletes commands whose retention is over.
 *
 * Every process with deciders does it, on its own connection; they do not disturb each other. */
#ifndef CAIRN_RUNTIME_HOUSEKEEPING_H
#define CAIRN_RUNTIME_HOUSEKEEPING_H

#include <cairn/error.h>

struct cairn_housekeeping;

int cairn_housekeeping_open(const char *database_url, const char *label, int64_t retention_h,
                            struct cairn_housekeeping **ret,
                            struct cairn_error *error) CAIRN_CHECKED;
void cairn_housekeeping_close(struct cairn_housekeeping *housekeeping); /* NULL is fine */

#endif
