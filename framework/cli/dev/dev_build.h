/* dev_build.h - runs make beside everything else, and shows the compiler's messages. */
#ifndef CAIRN_CLI_DEV_DEV_BUILD_H
#define CAIRN_CLI_DEV_DEV_BUILD_H

#include "cli/dev/output/dev_output.h"
#include "cli/dev/output/dev_pipe.h"
#include "cli/program.h"

struct cairn_dev_build {
    struct cairn_child child;
    struct cairn_dev_pipe pipe;
    int64_t begun_us; /* monotonic */
    bool runs;
};

enum cairn_dev_built { CAIRN_DEV_NOT_BUILT = 0, CAIRN_DEV_BUILT, CAIRN_DEV_BROKEN };

/* Starts a build; one that runs is ended first. A failure to start it is shown. */
void cairn_dev_build_start(struct cairn_dev_build *build, const struct cairn_dev_output *output);

/* Reads what the build says, without waiting. Returns CAIRN_DEV_NOT_BUILT while it runs; when it
 * has ended, the outcome, once: then its errors and warnings have been shown. */
enum cairn_dev_built cairn_dev_build_follow(struct cairn_dev_build *build,
                                            const struct cairn_dev_output *output);

void cairn_dev_build_stop(struct cairn_dev_build *build);

#endif
