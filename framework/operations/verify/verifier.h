/* verifier.h - verifies read models for operators: folds one again from the log in the background,
 * compares every row in both stores, and records what came of it.
 *
 *     idle -> claimed -> running -> idle      the run is kept, with its outcome
 *
 * One read model is verified at a time, by one thread that yields to others and with bounded memory
 * (CAIRN_VERIFY_MIB); it can be cancelled. The action is recorded as begun, and its outcome when it
 * ends; what a console that is killed leaves is begun. The newest runs are kept in memory.
 *
 * Threads: any; one lock. */
#ifndef CAIRN_OPERATIONS_VERIFIER_H
#define CAIRN_OPERATIONS_VERIFIER_H

#include "operations/operate.h"

#include <cairn/service.h>

struct cairn_verifier;

struct cairn_verifier_options {
    const char *database_url;
    const char *redis_url;                       /* NULL or "": there is no copy */
    const struct cairn_service *const *services; /* whose read models can be folded */
    size_t memory_bytes;
};

/* All options are borrowed. Returns 0, or -CAIRN_CONFIG. */
int cairn_verifier_open(const struct cairn_verifier_options *options, struct cairn_verifier **ret,
                        struct cairn_error *error) CAIRN_CHECKED;
/* Cancels what is under way. NULL is fine. */
void cairn_verifier_close(struct cairn_verifier *verifier);

/* Records that a verification is begun, and begins it; under the key of one that has ended, its
 * outcome is the result. Returns 0, or
 *   -CAIRN_NOT_FOUND  no service has the read model
 *   -CAIRN_BUSY       one is being verified
 *   or what cairn_operate() returns. */
int cairn_verifier_begin(struct cairn_verifier *verifier, const struct cairn_place *place,
                         const char *read_model, const struct cairn_operator *by, const char *key,
                         struct cairn_operation *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Records that it is cancelled, and ends it. Returns 0, or
 *   -CAIRN_NOT_FOUND  the read model is not being verified
 *   or what cairn_operate() returns. */
int cairn_verifier_cancel(struct cairn_verifier *verifier, const struct cairn_place *place,
                          const char *read_model, const struct cairn_operator *by, const char *key,
                          struct cairn_operation *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Appends the runs as a list, the newest first; NULL: of all read models. */
void cairn_verifier_json(struct cairn_verifier *verifier, const char *read_model,
                         struct cairn_buffer *out);

#endif
