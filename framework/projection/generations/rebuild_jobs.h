/* rebuild_jobs.h - the rebuilds of a read model: because its code has a new version, because an
 * operator asks for one, or because the read model is of another history than the log. They are
 * rows of cairn.rebuilds, of which each code version has at most one open. */
#ifndef CAIRN_PROJECTION_REBUILD_JOBS_H
#define CAIRN_PROJECTION_REBUILD_JOBS_H

#include "projection/generations/supervisor.h"

/* Does what is due under this fence: builds, compares, cancels; or requests a rebuild that is
 * needed. `followed` is the number of followed generations. Blocks for the duration of a build. */
int cairn_jobs_do(struct cairn_supervisor *supervisor, int64_t followed, int64_t fence,
                  struct cairn_error *error) CAIRN_CHECKED;

#endif
