/* projection.h - a read model as a pure fold over events.
 *
 * A projection is a row struct with a field table and, for each event it handles, a function
 * that changes the row:
 *
 *     static enum cairn_row placed(struct order_summary *row, const struct order_placed *event,
 *                                  const struct cairn_meta *meta)
 *     {
 *         row->order_id = meta->id;
 *         row->total = event->total;
 *         return CAIRN_KEEP;
 *     }
 *     CAIRN_ON(order_summary, order, order_placed, placed);
 *
 *     CAIRN_PROJECTION(order_summary, .version = 1, .help = "one row an order",
 *                      .indexes = (const char *const[]){"user_id, placed_at", NULL},
 *                      CAIRN_ON_LIST(&order_summary_on_order_placed));
 *
 * A row that does not exist yet is passed zeroed. Cairn reads the log, loads the rows that a batch
 * touches, calls the functions in log order and writes rows and checkpoint in one transaction;
 * then it copies the committed rows to Redis. The functions see no database, so a rebuild, a test
 * and a verification run the same code.
 *
 * The read model is the view read.NAME in PostgreSQL, one column a field. Raise `version` when
 * the row or a function changes: the next projector builds the new generation beside the live one
 * and switches when it has caught up. */
#ifndef CAIRN_PROJECTION_H
#define CAIRN_PROJECTION_H

#include <cairn/decider.h>

CAIRN_BEGIN_C

/* What to do with the row. */
enum cairn_row {
    CAIRN_KEEP = 1, /* write it */
    CAIRN_DELETE,   /* remove it */
    CAIRN_SKIP,     /* the event does not concern this row: leave it unchanged */
    CAIRN_PARK,     /* the event cannot be right: set the row aside for an operator */
};

/* Collects the keys of the rows that an event touches: one call per row. Keys are text, at most 200
 * bytes, unique in the read model: cairn_key(ret, "%s:%s", day, event->currency). */
struct cairn_keys;
void cairn_key(struct cairn_keys *ret, const char *format, ...) CAIRN_PRINTF(2, 3);

typedef enum cairn_row cairn_apply(void *row, const void *event, const struct cairn_meta *meta);
typedef void cairn_keys_of(struct cairn_keys *ret, const void *event,
                           const struct cairn_meta *meta);

struct cairn_on {
    const struct cairn_events *events;
    const struct cairn_record *record; /* which of them */
    cairn_apply *apply;
    cairn_keys_of *keys; /* NULL: one row, keyed by the stream's id */
};

/* Makes `ROW_on_EVENT`: for each `event` of `noun`, `function` changes the row whose key is the id
 * of the event's stream. */
#define CAIRN_ON(row_, noun, event_, function)                                                     \
    CAIRN_ON_THUNK_(row_, event_, function)                                                        \
    static const struct cairn_on row_##_on_##event_ = {                                            \
        .events = &noun##_events, .record = &event_##_record, .apply = row_##_apply_##event_##_}

/* The same, for rows with other keys: `keys_function(struct cairn_keys *ret, const struct EVENT
 * *event, const struct cairn_meta *meta)` names them. */
#define CAIRN_ON_KEYED(row_, noun, event_, function, keys_function)                                \
    CAIRN_ON_THUNK_(row_, event_, function)                                                        \
    static void row_##_keys_##event_##_(struct cairn_keys *ret, const void *event,                 \
                                        const struct cairn_meta *meta)                             \
    {                                                                                              \
        keys_function(ret, (const struct event_ *)event, meta);                                    \
    }                                                                                              \
    static const struct cairn_on row_##_on_##event_ = {.events = &noun##_events,                   \
                                                       .record = &event_##_record,                 \
                                                       .apply = row_##_apply_##event_##_,          \
                                                       .keys = row_##_keys_##event_##_}

#define CAIRN_ON_THUNK_(row_, event_, function)                                                    \
    static enum cairn_row row_##_apply_##event_##_(void *row, const void *event,                   \
                                                   const struct cairn_meta *meta)                  \
    {                                                                                              \
        return function((struct row_ *)row, (const struct event_ *)event, meta);                   \
    }

/* What a projection does with an event that cannot be applied to a row: a function returned
 * CAIRN_PARK or left the row in violation of its table, PostgreSQL refused the row, or the event
 * cannot be decoded. A parked row stays unchanged and is marked; later events of its key queue
 * behind, until an operator fixes the cause and runs `cairn parked retry`, or discards the event
 * (`skip`). An event that cannot be decoded stops the projection in either case if one of its rows
 * is found by a field. */
enum cairn_poison {
    CAIRN_POISON_PARKS = 0, /* the key is parked, all other keys continue */
    CAIRN_POISON_STOPS,     /* the projection stops at the event */
};

struct cairn_projection {
    const char *name; /* of the view, [a-z][a-z0-9_]*, at most 40 bytes */
    int version;      /* of the row and the functions: 1, 2, 3… */
    const struct cairn_record *row;
    const struct cairn_on *const *on; /* NULL-terminated */
    const char *const *indexes;       /* lists of columns, NULL-terminated; or NULL */
    enum cairn_poison poison;
    const char *help; /* the comment on the table */
};

/* The `.on` of a projection: CAIRN_ON_LIST(&order_summary_on_order_placed, …) */
#define CAIRN_ON_LIST(...)                                                                         \
    .on = (const struct cairn_on *const[])                                                         \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Makes `ROW_projection`, visible to other files. */
#define CAIRN_PROJECTION(row_, ...)                                                                \
    extern const struct cairn_projection row_##_projection;                                        \
    const struct cairn_projection row_##_projection = {                                            \
        .name = #row_, .row = &row_##_record, __VA_ARGS__}

CAIRN_END_C

#endif
