/* dev_service.h - a service of the project as a process: starts and stops it, and shows what it
 * logs. */
#ifndef CAIRN_CLI_DEV_DEV_SERVICE_H
#define CAIRN_CLI_DEV_DEV_SERVICE_H

#include "cli/dev/output/dev_output.h"
#include "cli/dev/output/dev_pipe.h"
#include "cli/program.h"

#include <sys/stat.h>

struct cairn_dev_service {
    const char *name;
    const char *program;
    const char *process_file; /* .cairn/NAME.pid */
    const char *log_file;     /* .cairn/NAME.log: every line, as it is */
    const char *const *variables;
    struct cairn_child child;
    struct cairn_dev_pipe pipe;
    int log;
    struct stat started_as; /* the program when it was started */
};

/* Ends what a killed run has left of the service. */
int cairn_dev_service_clear(struct cairn_arena *arena, const struct cairn_dev_service *service,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Starts the service unless it runs; a failure is shown. */
void cairn_dev_service_start(struct cairn_dev_service *service,
                             const struct cairn_dev_output *output);

/* Returns whether the program is another than the one that was started. */
bool cairn_dev_service_is_outdated(const struct cairn_dev_service *service);

/* Shows what the service has logged since, and that it has ended, if it has. */
void cairn_dev_service_follow(struct cairn_dev_service *service,
                              const struct cairn_dev_output *output);

/* Stops the service, and shows the rest of its log. */
void cairn_dev_service_stop(struct cairn_dev_service *service,
                            const struct cairn_dev_output *output);

#endif
