/* status_views.h - the store, and the progress of each read model, with its rate: the positions are
 * sampled, and compared a moment later. */
#ifndef CAIRN_OPERATIONS_STATUS_VIEWS_H
#define CAIRN_OPERATIONS_STATUS_VIEWS_H

#include "postgres/postgres.h"

/* The positions of all generations at a time (monotonic). Their memory is in `arena`. */
struct cairn_status_sample {
    struct cairn_arena *arena;
    struct cairn_pg_array names, generations, positions;
    int64_t taken_us;
};

/* How long after a sample its rates are worth something. */
#define CAIRN_STATUS_SAMPLE_US CAIRN_MILLISECONDS(100)

int cairn_status_sample(struct cairn_pg *pg, struct cairn_arena *arena,
                        struct cairn_status_sample *ret, struct cairn_error *error) CAIRN_CHECKED;

/* The queries, and the parameters of the second one. */
extern const char cairn_status_store_sql[];
extern const char cairn_status_read_models_sql[];
struct cairn_pg_params cairn_status_params(struct cairn_status_sample *sample);

#endif
