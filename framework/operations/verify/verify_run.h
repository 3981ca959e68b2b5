/* verify_run.h - one verification: what was asked for, how far it is, and what came of it. Private
 * to this folder, and guarded by the lock of the verifier. */
#ifndef CAIRN_OPERATIONS_VERIFY_RUN_H
#define CAIRN_OPERATIONS_VERIFY_RUN_H

#include "operations/operate.h"
#include "projection/verify/verify_rows.h"

enum { CAIRN_VERIFY_EXAMPLES = 50 };

enum cairn_verify_state {
    CAIRN_VERIFY_RUNNING,
    CAIRN_VERIFY_DONE,
    CAIRN_VERIFY_FAILED,
    CAIRN_VERIFY_CANCELLED,
};

struct cairn_verify_run {
    struct cairn_arena arena; /* of all texts */
    const char *operation;
    struct cairn_operator by;
    enum cairn_verify_state state;
    struct cairn_time begun_at;
    int64_t begun_us, ended_us; /* monotonic */
    int64_t done, total;        /* positions */
    struct cairn_verify result; /* of what is running: the read model alone */
    struct cairn_difference examples[CAIRN_VERIFY_EXAMPLES];
    size_t example_count;
    const char *problem; /* NULL: none */
};

/* Keeps a difference, if there is room. */
void cairn_verify_run_note(struct cairn_verify_run *run, const struct cairn_difference *difference);
/* Appends the outcome, as the action's `results`. */
void cairn_verify_run_outcome(const struct cairn_verify_run *run, struct cairn_buffer *out);
/* Appends the whole run as an object. */
void cairn_verify_run_json(const struct cairn_verify_run *run, struct cairn_buffer *out);

#endif
