/* consumer.h - what others have published, handled: in order for each stream, by any number of
 * members, each event with effect once.
 *
 *     static enum cairn_outcome paid(const struct order_summary *order,
 *                                    const struct cairn_consumed *delivery,
 *                                    struct cairn_error *error)
 *     {
 *         if (cairn_sql_run(delivery->sql, "insert into ledger …", CAIRN_VALUES(…), error) < 0)
 *             return CAIRN_TRY_AGAIN;
 *         return CAIRN_DONE;
 *     }
 *     CAIRN_CONSUME_STATE(ledger, order, order_paid, order_summary, paid);
 *
 *     static const struct cairn_consumer ledger_consumer = {
 *         .name = "ledger", CAIRN_CONSUME_LIST(&ledger_consumes_order_paid)};
 *     const struct cairn_service ledger_service = {…, .consumers = {&ledger_consumer}};
 *
 * The consumer's name is that of its group in Redis: every process that runs it is a member, and
 * each event goes to one of them. What a handler writes by `delivery->sql` is committed together
 * with the note that the event was handled (table cairn.consumed), so it is there once, whoever
 * dies and whatever Redis forgets. For effects elsewhere there is `idempotency_key`.
 *
 * Order. A consumer group of Redis hands out entries to whoever asks, in order, but two members may
 * hold two events of one stream. So an event is handled only when the one before it in its stream
 * was, or when nothing of that stream that came before it is still in the group's hands.
 *
 * Failing. CAIRN_TRY_AGAIN is tried again after a pause that doubles, CAIRN_GIVE_UP is not. What
 * was tried `attempts` times, or ended the process as often, goes to the group's dead letters
 * (`cairn bus dead GROUP`) with the reason, and holds up nothing any more: later events of its
 * stream go on without it. `cairn bus retry GROUP` hands it out again, then out of order. While the
 * database is away nothing is tried and nothing is counted.
 *
 * A member that dies leaves what it held to the others, who take it after `stuck_us`; one that is
 * told to stop finishes the event it is at and gives back the rest at once.
 *
 * The consumer's database is that of the store; its role has to be a member of cairn_consumer. */
#ifndef CAIRN_CONSUMER_H
#define CAIRN_CONSUMER_H

#include <cairn/publication.h>
#include <cairn/reactor.h>
#include <cairn/sql.h>

struct cairn_consumed {
    const struct cairn_meta *meta;
    const char *type;
    const char *traceparent;     /* or NULL */
    const char *idempotency_key; /* the same each time this group handles this event */
    int attempt;                 /* 1, 2, 3… */
    bool again;                  /* a dead letter that somebody had tried again: out of order */
    struct cairn_sql *sql;       /* in the transaction that notes the event as handled */
};

/* `data` is the event's struct, the state's row (NULL where it is gone), or NULL of a thin event.
 */
typedef enum cairn_outcome cairn_consume(const void *data, const struct cairn_consumed *delivery,
                                         struct cairn_error *error);

/* Events of other types are passed over. */
struct cairn_consumes {
    const struct cairn_events *events;
    const struct cairn_record *record; /* which of them */
    enum cairn_bus_style style;        /* in which they are published */
    const struct cairn_record *state;  /* of CAIRN_BUS_STATE */
    cairn_consume *handle;
};

/* Makes `CONSUMER_consumes_EVENT` from function(const struct EVENT *, delivery, error). */
#define CAIRN_CONSUME(consumer, noun, event_, function)                                            \
    CAIRN_CONSUME_(consumer, noun, event_, event_, function, CAIRN_BUS_EVENT, NULL)
/* The same from function(const struct ROW *, delivery, error), for events that carry a state. */
#define CAIRN_CONSUME_STATE(consumer, noun, event_, row_, function)                                \
    CAIRN_CONSUME_(consumer, noun, event_, row_, function, CAIRN_BUS_STATE, &row_##_record)
/* The same for thin events; what function gets is NULL. */
#define CAIRN_CONSUME_THIN(consumer, noun, event_, function)                                       \
    CAIRN_CONSUME_(consumer, noun, event_, event_, function, CAIRN_BUS_THIN, NULL)

#define CAIRN_CONSUME_(consumer, noun, event_, data_, function, style_, state_)                    \
    static enum cairn_outcome consumer##_consume_##event_##_(                                      \
        const void *data, const struct cairn_consumed *delivery, struct cairn_error *error)        \
    {                                                                                              \
        return function((const struct data_ *)data, delivery, error);                              \
    }                                                                                              \
    static const struct cairn_consumes consumer##_consumes_##event_ = {                            \
        .events = &noun##_events,                                                                  \
        .record = &event_##_record,                                                                \
        .style = (style_),                                                                         \
        .state = (state_),                                                                         \
        .handle = consumer##_consume_##event_##_}

/* Work that is not the handling of one event, for instance sending what handlers have put into a
 * table: called again and again by a thread of its own, outside of any transaction, by every
 * member. CAIRN_DONE: there may be more at once; anything else: look again after a moment, or after
 * the next event. An error that is set is logged when it is another than before. */
typedef enum cairn_outcome cairn_consumer_work(struct cairn_sql *sql, struct cairn_error *error);

struct cairn_consumer {
    const char *name;                             /* of the group: letters, digits, - and _ */
    const struct cairn_consumes *const *consumes; /* NULL-terminated */
    cairn_consumer_work *work;                    /* or NULL */
    int attempts;                                 /* before an event is a dead letter; 0 means 8 */
    int64_t backoff_us;     /* the first pause; 0 means 200 ms; doubled each time up to … */
    int64_t backoff_max_us; /* … this; 0 means 30 s */
    int64_t stuck_us; /* who has had an event for so long is taken for dead; 0 means 30 s: longer
                         than any handler takes */
};

/* The `.consumes` of a consumer: CAIRN_CONSUME_LIST(&ledger_consumes_order_paid, …) */
#define CAIRN_CONSUME_LIST(...)                                                                    \
    .consumes = (const struct cairn_consumes *const[])                                             \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

#endif
