/* pulse_sampler.h - reads how the system is, and what has changed since it was read before.
 *
 * Ownership: one thread has a sampler. */
#ifndef CAIRN_OPERATIONS_SAMPLER_H
#define CAIRN_OPERATIONS_SAMPLER_H

#include "operations/http/view_json.h"

#include <cairn/service.h>

struct cairn_sampler {
    struct cairn_pg *pg;
    struct cairn_redis *redis; /* NULL where there is no bus */
    const struct cairn_service *const *services;
    struct cairn_arena arenas[2]; /* of this sample and the one before, in turn */
    int turn;
    struct cairn_status_sample before; /* `taken_us` is 0: there is none yet */
    int64_t head;                      /* at that sample */
};

/* Takes a sample. Its JSON is valid until the one after the next is taken. Returns 0, or an error
 * that postgres.h lists. */
int cairn_sampler_read(struct cairn_sampler *sampler, const char **ret,
                       struct cairn_error *error) CAIRN_CHECKED;
void cairn_sampler_close(struct cairn_sampler *sampler);

#endif
