/* input_batch.h - a batch of inputs of one process manager: makes the reactions, appends them, and
 * waits for the outcomes.
 *
 *     struct cairn_input_batch inputs = cairn_input_batch(process, service, parked, arena, now);
 *     cairn_input_batch_want(…)       for each input: names its process
 *     cairn_input_batch_load(…)       loads all of these processes, in one query
 *     cairn_input_batch_take(…)       for each input, in order: reacts
 *     cairn_input_batch_append(…)     submits all events, waits for all outcomes
 *
 * Several inputs of one process chain: each builds on the event of the one before. */
#ifndef CAIRN_PROCESS_INPUT_BATCH_H
#define CAIRN_PROCESS_INPUT_BATCH_H

#include "process/react/advance.h"
#include "store/commit/appender.h"
#include "telemetry/span.h"

struct cairn_pending {
    struct cairn_new_event event;
    struct cairn_expected expected;
    int64_t begun_us;        /* monotonic */
    struct cairn_span *span; /* of the reaction, until it is in the log; NULL: not recorded */
};

/* An instance that cannot proceed, and where. */
struct cairn_stuck {
    const char *stream;
    int64_t position; /* of the first event that was not taken; 0: of a timer or a refusal */
    const char *reason;
};

struct cairn_input_batch {
    const struct cairn_process *process;
    const char *service;
    struct cairn_arena *arena;
    struct cairn_time now;
    struct cairn_map instances;
    struct cairn_pending *pending;
    size_t count, capacity;
    const struct cairn_map *parked; /* streams whose inputs are skipped; may be NULL */
    struct cairn_stuck *stuck;
    size_t stuck_count, stuck_capacity;
};

struct cairn_input_batch cairn_input_batch(const struct cairn_process *process, const char *service,
                                           const struct cairn_map *parked,
                                           struct cairn_arena *arena, struct cairn_time now);

struct cairn_instance *cairn_input_batch_want(struct cairn_input_batch *inputs,
                                              struct cairn_uuid id);
int cairn_input_batch_load(struct cairn_input_batch *inputs, struct cairn_pg *pg,
                           struct cairn_error *error) CAIRN_CHECKED;

/* Names all processes that may be associated with what the input is about, by the table and
 * by the log at positions `from` + 1 to `head`. */
int cairn_input_batch_want_all(struct cairn_input_batch *inputs, struct cairn_pg *pg,
                               const struct cairn_process_input *input, int64_t from, int64_t head,
                               struct cairn_error *error) CAIRN_CHECKED;

/* Reacts, unless the process has done so before. A process that cannot be read, or whose input
 * cannot, is listed as stuck, and takes no more inputs. Returns 0 or -CAIRN_BUG. */
int cairn_input_batch_take(struct cairn_input_batch *inputs, struct cairn_instance *instance,
                           const struct cairn_process_input *input,
                           struct cairn_error *error) CAIRN_CHECKED;

/* The same for all loaded processes that are associated with what the input is about, in the order
 * in which they began to be. */
int cairn_input_batch_take_all(struct cairn_input_batch *inputs,
                               const struct cairn_process_input *input,
                               struct cairn_error *error) CAIRN_CHECKED;

/* Returns 0 if all are in the log, else the first error: later ones, in other streams, may be in
 * the log all the same. */
int cairn_input_batch_append(struct cairn_input_batch *inputs, struct cairn_appender *appender,
                             struct cairn_error *error) CAIRN_CHECKED;

#endif
