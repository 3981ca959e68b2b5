/* row_history.h - why a row of a read model is as it is: the events that made it, in order, with
 * what each of them changed in it; and its state as of a position.
 *
 * The log is folded by the same functions as by the projector, for one key alone. Events that an
 * operator has skipped for the row are left out, as they are there.
 *
 * Ownership: a history is closed by the caller; what it points to lives as long.
 * Units: positions and versions are counts. */
#ifndef CAIRN_PROJECTION_ROW_HISTORY_H
#define CAIRN_PROJECTION_ROW_HISTORY_H

#include "core/containers/buffer.h"
#include "record/json_changes.h"
#include "store/store.h"

#include <cairn/projection.h>

enum cairn_row_effect {
    CAIRN_ROW_CREATED = 1,
    CAIRN_ROW_CHANGED,
    CAIRN_ROW_UNCHANGED,
    CAIRN_ROW_DELETED,
    CAIRN_ROW_PARKED,  /* the event could not be applied */
    CAIRN_ROW_WAITS,   /* for one before it that could not be applied */
    CAIRN_ROW_SKIPPED, /* by an operator */
};

struct cairn_row_step {
    int64_t position;
    int64_t version;
    const char *stream;
    const char *type;
    struct cairn_uuid event_id;
    struct cairn_time recorded_at;
    enum cairn_row_effect effect;
    struct cairn_json_change *changes; /* without `from` where it is not to be seen */
    size_t change_count;

    /* of the event's meta, or NULL */
    const char *command_id;
    const char *command;
    const char *service;
    const char *actor;
    const char *issuer;
    const char *correlation_id;
    const char *traceparent;
};

/* What is read, and how much at most; zeroed members are defaults. */
struct cairn_row_question {
    const struct cairn_projection *projection;
    int64_t generation; /* whose skipped events are left out; 0: none are */
    const char *key;
    int64_t to;          /* the position that it ends with */
    int64_t steps_max;   /* the newest ones are kept; 0: 100 */
    int64_t events_max;  /* that are read; 0: any number */
    int64_t deadline_us; /* monotonic; 0: none */
    /* Returns whether the reader may see this state of the row, as JSON; NULL: any. The history
     * begins where the newest state that it may not see ends. */
    bool (*sees)(void *context, const char *row, struct cairn_arena *scratch);
    void *context;
};

struct cairn_row_history {
    const struct cairn_row_step *steps; /* in the order of the log */
    size_t count;
    int64_t left_out; /* steps before them */
    int64_t read;     /* events that were read */
    const char *row;  /* the state after all of them, as JSON; "": there is no row */
    int64_t version;  /* of its stream; 0 where it has none */
    int64_t position; /* of the event that changed it last; 0: none did */
    bool parked;
    struct cairn_row_kept *kept; /* owns all of this */
};

enum { CAIRN_ROW_STEPS = 100, CAIRN_ROW_STEPS_MAX = 1000 };

/* Returns 0, also if no event concerns the key, or
 *   -CAIRN_TOO_LARGE    the bounds are exceeded
 *   -CAIRN_UNREADABLE   an event on the way cannot be read, and may concern the row
 *   -CAIRN_NEWER_EVENT  likewise, as it is of a newer release
 *   -CAIRN_UNAVAILABLE  the database is away
 * `ret` has to be closed in any case. */
int cairn_row_history_read(struct cairn_store *store, const struct cairn_row_question *question,
                           struct cairn_row_history *ret, struct cairn_error *error) CAIRN_CHECKED;
void cairn_row_history_close(struct cairn_row_history *history);

/* Returns "created", "changed", … */
const char *cairn_row_effect_name(enum cairn_row_effect effect);
/* Appends a step as a JSON object. */
void cairn_row_step_json(const struct cairn_row_step *step, struct cairn_buffer *out);
/* Appends the row, its key, and up to where it was folded, as an object; without how many steps are
 * left out where the past alone was asked for. */
void cairn_row_history_json(const struct cairn_row_history *history,
                            const struct cairn_row_question *question, bool past,
                            struct cairn_buffer *out);

#endif
