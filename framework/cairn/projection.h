/* projection.h - a read model as a pure fold over events.
 *
 * A projection is a row struct and, for each event it handles, a function that changes the row:
 *
 *     CAIRN_STRUCT(order_summary, UUID(order_id), INT(total));
 *     CAIRN_PROJECTION(order_summary, .version = 1, .help = "one row an order",
 *                      CAIRN_INDEXES("user_id, placed_at"));
 *
 *     CAIRN_ON(order_summary, order, order_placed)
 *     {
 *         row->order_id = meta->id;
 *         row->total = event->total;
 *         return CAIRN_KEEP;
 *     }
 *
 * The row's key is the id of the event's stream, unless CAIRN_ON_BY names a member of the event or
 * CAIRN_KEYS a function. A row that does not exist yet is passed zeroed. Cairn reads the log, loads
 * the rows that a batch touches, calls the functions in log order and writes rows and checkpoint in
 * one transaction; then it copies the committed rows to Redis. The functions see no database, so a
 * rebuild, a test and a verification run the same code.
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

/* Returns CAIRN_PARK and says why:
 *     return cairn_park(error, "%s was never placed", meta->stream); */
enum cairn_row cairn_park(struct cairn_error *error, const char *format, ...) CAIRN_PRINTF(2, 3);

/* Collects the keys of the rows that an event touches: one call per row. Keys are text, at most 200
 * bytes, unique in the read model: cairn_key(ret, "%s:%s", day, event->currency). */
struct cairn_keys;
void cairn_key(struct cairn_keys *ret, const char *format, ...) CAIRN_PRINTF(2, 3);
void cairn_key_uuid(struct cairn_keys *ret, struct cairn_uuid id);

/* The same for a projection with a `.key`, a struct whose fields are columns of the row:
 *
 *     CAIRN_STRUCT(occupancy_key, UUID(room_id), DAY(night));
 *     CAIRN_STRUCT(occupancy, UUID(room_id), DAY(night), INT(guests));
 *     CAIRN_PROJECTION(occupancy, .version = 1, .key = &occupancy_key_record);
 *     CAIRN_KEYS(occupancy, room_reserved)
 *     {
 *         for (struct cairn_day night = event->arrival; night.days < event->departure.days;
 *              night.days++)
 *             CAIRN_KEY(ret, occupancy_key, .room_id = meta->id, .night = night);
 *     }
 *
 * The columns of the key are set before a function gets the row and after it: it need not set
 * them, and cannot change them. The key is their text as in JSON, separated by colons; in a TEXT,
 * ":" and "%" become "%3A" and "%25". docs/guide/values.md shows such keys in URLs. */
#define CAIRN_KEY(ret, ...) CAIRN_KEY_(ret, __VA_ARGS__, )
#define CAIRN_KEY_(ret, tag, ...) cairn_key_of((ret), &tag##_record, CAIRN_OF_(tag, __VA_ARGS__))
void cairn_key_of(struct cairn_keys *ret, const struct cairn_record *key, const void *value);

typedef enum cairn_row cairn_apply(void *row, const void *event, const struct cairn_meta *meta,
                                   struct cairn_arena *arena, struct cairn_error *error);
typedef void cairn_keys_of(struct cairn_keys *ret, const void *event,
                           const struct cairn_meta *meta);

struct cairn_on {
    struct cairn_registered handler;
    cairn_apply *apply;
    cairn_keys_of *keys; /* NULL: one row, keyed by the stream's id */
};

/* Begins the function that changes a row for an event of `noun`; its parameters are `row`, `event`,
 * `meta`, `arena` (memory.h) and `error`. Returns an enum cairn_row. */
#define CAIRN_ON(row_, noun, event_) CAIRN_ON_(row_, noun, event_, NULL)

/* The same for the row whose key is a uuid in the event, for rows that several categories make
 * together: CAIRN_ON_BY(reservation, payment, payment_declined, reservation_id). */
#define CAIRN_ON_BY(row_, noun, event_, member)                                                    \
    static void row_##_key_of_##event_##_(struct cairn_keys *ret, const void *event,               \
                                          CAIRN_UNUSED const struct cairn_meta *meta)              \
    {                                                                                              \
        cairn_key_uuid(ret, ((const struct event_ *)event)->member);                               \
    }                                                                                              \
    CAIRN_ON_(row_, noun, event_, row_##_key_of_##event_##_)

/* Begins the function that names the rows of an event, for which there is a CAIRN_ON too; its
 * parameters are `ret`, `event` and `meta`:
 *
 *     CAIRN_KEYS(sales_by_day, order_paid)
 *     {
 *         cairn_key(ret, "%s:%s", cairn_day_text(day), event->currency);
 *     } */
#define CAIRN_KEYS(row_, event_)                                                                   \
    static void row_##_keys_of_##event_(struct cairn_keys *ret, const struct event_ *event,        \
                                        const struct cairn_meta *meta);                            \
    static void row_##_keys_of_##event_##_call_(struct cairn_keys *ret, const void *event,         \
                                                const struct cairn_meta *meta)                     \
    {                                                                                              \
        row_##_keys_of_##event_(ret, (const struct event_ *)event, meta);                          \
    }                                                                                              \
    static cairn_apply row_##_on_##event_##_call_;                                                 \
    /* Without CAIRN_ON the program does not link, however much the compiler drops. */             \
    __attribute__((used)) static cairn_apply *const row_##_keys_need_##event_##_ =                 \
        row_##_on_##event_##_call_;                                                                \
    static struct cairn_on row_##_on_##event_##_;                                                  \
    CAIRN_BEFORE_MAIN_(row_##_keys_of_##event_##_register_)                                        \
    {                                                                                              \
        row_##_on_##event_##_.keys = row_##_keys_of_##event_##_call_;                              \
    }                                                                                              \
    static void row_##_keys_of_##event_(CAIRN_UNUSED struct cairn_keys *ret,                       \
                                        CAIRN_UNUSED const struct event_ *event,                   \
                                        CAIRN_UNUSED const struct cairn_meta *meta)

#define CAIRN_ON_(row_, noun, event_, keys_)                                                       \
    static enum cairn_row row_##_on_##event_(                                                      \
        struct row_ *row, const struct event_ *event, const struct cairn_meta *meta,               \
        struct cairn_arena *arena, struct cairn_error *error);                                     \
    static enum cairn_row row_##_on_##event_##_call_(                                              \
        void *row, const void *event, const struct cairn_meta *meta, struct cairn_arena *arena,    \
        struct cairn_error *error)                                                                 \
    {                                                                                              \
        return row_##_on_##event_((struct row_ *)row, (const struct event_ *)event, meta, arena,   \
                                  error);                                                          \
    }                                                                                              \
    CAIRN_REGISTER_(cairn_on, row_, row_##_on_##event_##_, &noun##_events, &event_##_record,       \
                    .apply = row_##_on_##event_##_call_, .keys = (keys_))                          \
    static enum cairn_row row_##_on_##event_(                                                      \
        CAIRN_UNUSED struct row_ *row, CAIRN_UNUSED const struct event_ *event,                    \
        CAIRN_UNUSED const struct cairn_meta *meta, CAIRN_UNUSED struct cairn_arena *arena,        \
        CAIRN_UNUSED struct cairn_error *error)

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
    const struct cairn_record *key;  /* of CAIRN_KEY; NULL: keys are texts */
    const struct cairn_handlers *on; /* struct cairn_on */
    const char *const *indexes;      /* lists of columns, NULL-terminated; or NULL */
    enum cairn_poison poison;
    const char *help; /* the comment on the table */
    const char *at;   /* where it is declared: "orders.c:12"; or NULL */
};

/* The `.indexes` of a projection: CAIRN_INDEXES("user_id, placed_at", "total") */
#define CAIRN_INDEXES(...)                                                                         \
    .indexes = (const char *const[])                                                               \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Makes `ROW_projection`, visible to other files; the functions come after it. */
#define CAIRN_PROJECTION(...) CAIRN_PROJECTION_(__VA_ARGS__, )
#define CAIRN_PROJECTION_(row_, ...)                                                               \
    static struct cairn_handlers row_##_handlers_;                                                 \
    extern const struct cairn_projection row_##_projection;                                        \
    CAIRN_DECLARE_(CAIRN_DECLARES_PROJECTION, row_##_projection)                                   \
    const struct cairn_projection row_##_projection = {.name = #row_,                              \
                                                       .row = &row_##_record,                      \
                                                       .on = &row_##_handlers_,                    \
                                                       .at = CAIRN_PLACE_,                         \
                                                       __VA_ARGS__}

CAIRN_END_C

#endif
