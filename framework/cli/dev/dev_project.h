/* dev_project.h - the project that `cairn dev` runs in: which services it has, and where. */
#ifndef CAIRN_CLI_DEV_DEV_PROJECT_H
#define CAIRN_CLI_DEV_DEV_PROJECT_H

#include "core/containers/arena.h"

enum { CAIRN_DEV_SERVICES_MAX = 32 };

struct cairn_dev_project {
    const char *names[CAIRN_DEV_SERVICES_MAX];      /* of the folders services/NAME with a main.c */
    const char *programs[CAIRN_DEV_SERVICES_MAX];   /* build/bin/NAME */
    const char *migrations[CAIRN_DEV_SERVICES_MAX]; /* services/NAME/migrations, or NULL */
    int count;
};

/* Finds the services of the project in the current directory. Returns 0, or -CAIRN_CONFIG if it is
 * no project: `error` says what is missing. */
int cairn_dev_project_find(struct cairn_arena *arena, struct cairn_dev_project *ret,
                           struct cairn_error *error) CAIRN_CHECKED;

#endif
