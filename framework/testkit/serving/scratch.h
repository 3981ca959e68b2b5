/* scratch.h - a database of a test's own: made beside the one that DATABASE_URL names, with the
 * whole schema and an empty log, and dropped at the end. */
#ifndef CAIRN_TESTKIT_SCRATCH_H
#define CAIRN_TESTKIT_SCRATCH_H

#include <cairn/error.h>

struct cairn_scratch {
    char admin_url[1024]; /* "": there is none */
    char url[1024];
    char name[40];
};

/* Makes a database. Returns 0; -CAIRN_CONFIG if DATABASE_URL is not set; or an error of postgres.h,
 * or of cairn_migrate(). */
int cairn_scratch_open(struct cairn_scratch *ret, struct cairn_error *error) CAIRN_CHECKED;
/* Drops it, if there is one. */
void cairn_scratch_close(struct cairn_scratch *scratch);

#endif
