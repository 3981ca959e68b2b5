/* jobs.h - what is to be built of a read model: because its code is of a new version, because
 * somebody asks for it, or because it is of another history than the log. The rows of
 * cairn.rebuilds say it; one at a time is open for each code version. */
#ifndef CAIRN_PROJECTION_JOBS_H
#define CAIRN_PROJECTION_JOBS_H

#include "projection/steward.h"

/* Does what is due under this fence: builds, compares, cancels; or asks for what has to be built.
 * `followed` is how many generations are. Building takes as long as it takes. */
int cairn_jobs_do(struct cairn_steward *steward, int64_t followed, int64_t fence,
                  struct cairn_error *error) CAIRN_CHECKED;

#endif
