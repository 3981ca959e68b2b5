/* projector.c - starts and stops a supervisor per projection, and the threads that they share. */
#include "projection/projector.h"

#include "core/threads/lock.h"
#include "projection/generations/supervisor.h"
#include "projection/tables/read_table.h"
#include "redis/eviction.h"

#include <stdlib.h>
#include <string.h>

struct cairn_projector {
    struct cairn_supervisor_shared shared;
    struct cairn_supervisor *supervisors;
    size_t count; /* of opened supervisors */
};

static int check(const struct cairn_projector_options *options, struct cairn_error *error)
{
    const struct cairn_projection *const *all = options->projections;
    int failed = 0;
    for (size_t i = 0; i < options->count && !failed; i++) {
        failed = cairn_table_check(all[i], error);
        for (size_t k = 0; k < i && !failed; k++) {
            if (strcmp(all[i]->name, all[k]->name) == 0)
                failed =
                    cairn_fail(error, CAIRN_BUG, "two projections are called %s", all[i]->name);
        }
    }
    return failed;
}

static int open_supervisors(struct cairn_projector *projector,
                            const struct cairn_projector_options *options,
                            struct cairn_error *error)
{
    int failed = 0;
    projector->supervisors = cairn_allocate(options->count * sizeof *projector->supervisors);
    for (size_t i = 0; i < options->count && !failed; i++) {
        failed = cairn_supervisor_open(&projector->supervisors[i], options->projections[i], options,
                                       &projector->shared, error);
        projector->count++;
    }
    return failed;
}

int cairn_projector_start(const struct cairn_projector_options *options,
                          struct cairn_projector **ret, struct cairn_error *error)
{
    int failed = check(options, error);
    if (failed)
        return failed;
    struct cairn_projector *projector = cairn_allocate(sizeof *projector);
    struct cairn_supervisor_shared *shared = &projector->shared;
    cairn_lock_init(&shared->turn);
    failed = cairn_follower_open(options->database_url, "follower", &shared->follower, error);
    if (!failed)
        failed = cairn_notifier_open(options->database_url, "projector", CAIRN_CHANNEL_READ,
                                     &shared->notifier, error);
    if (!failed)
        failed = open_supervisors(projector, options, error);
    if (failed) {
        cairn_projector_stop(projector);
        return failed;
    }
    if (options->redis_url)
        cairn_redis_warn_of_eviction(options->redis_url);
    *ret = projector;
    return 0;
}

void cairn_projector_stop(struct cairn_projector *projector)
{
    for (size_t i = 0; i < projector->count; i++)
        cairn_supervisor_stop(&projector->supervisors[i]);
    if (projector->shared.follower)
        cairn_follower_stop(projector->shared.follower);
    for (size_t i = 0; i < projector->count; i++)
        cairn_supervisor_close(&projector->supervisors[i]);
    cairn_follower_close(projector->shared.follower);
    cairn_notifier_close(projector->shared.notifier);
    cairn_lock_destroy(&projector->shared.turn);
    free(projector->supervisors);
    free(projector);
}

size_t cairn_projector_states(struct cairn_projector *projector, struct cairn_projector_state *ret,
                              size_t count)
{
    for (size_t i = 0; i < projector->count && i < count; i++)
        cairn_supervisor_state(&projector->supervisors[i], &ret[i]);
    return projector->count;
}
