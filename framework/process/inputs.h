/* inputs.h - a batch of inputs of one process manager: from what came in to appends, and to what
 * became of them.
 *
 *     struct cairn_inputs inputs = cairn_inputs(process, service, parked, arena, now);
 *     cairn_inputs_want(…)       for each: which process it is for
 *     cairn_inputs_load(…)       all of these processes, in one query
 *     cairn_inputs_take(…)       for each, in order: react
 *     cairn_inputs_append(…)     hand all events over, wait for all outcomes
 *
 * Several inputs of one process chain: each builds on the event of the one before. */
#ifndef CAIRN_PROCESS_INPUTS_H
#define CAIRN_PROCESS_INPUTS_H

#include "process/advance.h"
#include "store/appender.h"

struct cairn_pending {
    struct cairn_new_event event;
    struct cairn_expected expected;
};

/* An instance that cannot go on, and where. */
struct cairn_stuck {
    const char *stream;
    int64_t position; /* of the first event that was not taken; 0: of a timer or a refusal */
    const char *reason;
};

struct cairn_inputs {
    const struct cairn_process *process;
    const char *service;
    struct cairn_arena *arena;
    struct cairn_time now;
    struct cairn_map instances;
    struct cairn_pending *pending;
    size_t count, capacity;
    const struct cairn_map *parked; /* streams that nothing is taken for; may be NULL */
    struct cairn_stuck *stuck;
    size_t stuck_count, stuck_capacity;
};

struct cairn_inputs cairn_inputs(const struct cairn_process *process, const char *service,
                                 const struct cairn_map *parked, struct cairn_arena *arena,
                                 struct cairn_time now);

struct cairn_instance *cairn_inputs_want(struct cairn_inputs *inputs, struct cairn_uuid id);
int cairn_inputs_load(struct cairn_inputs *inputs, struct cairn_pg *pg,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Reacts, if the process has not done so before. One that cannot be read, or whose input cannot, is
 * listed as stuck, and takes nothing more. Returns 0 or -CAIRN_BUG. */
int cairn_inputs_take(struct cairn_inputs *inputs, struct cairn_instance *instance,
                      const struct cairn_arrival *arrival, struct cairn_error *error) CAIRN_CHECKED;

/* Returns 0 if all are in the log, else the first failure: those behind it in other streams may be
 * there all the same. */
int cairn_inputs_append(struct cairn_inputs *inputs, struct cairn_appender *appender,
                        struct cairn_error *error) CAIRN_CHECKED;

#endif
