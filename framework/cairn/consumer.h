/* consumer.h - handlers for published events: in order for each stream, by any number of members,
 * each event taking effect once.
 *
 *     CAIRN_CONSUMER(ledger);
 *
 *     CAIRN_CONSUME_STATE(ledger, order, order_paid, order_summary)
 *     {
 *         if (cairn_sql_run(delivery->sql, "insert into ledger …", CAIRN_VALUES(…), error) < 0)
 *             return CAIRN_TRY_AGAIN;
 *         return CAIRN_DONE;
 *     }
 *
 *     const struct cairn_service ledger_service = {…, .consumers = {&ledger_consumer}};
 *
 * The consumer's name is that of its group in Redis: every process that runs it is a member, and
 * each event goes to one of them. What a handler writes by `delivery->sql` is committed together
 * with the record that the event was handled (table cairn.consumed), so it takes effect once, even
 * if a member crashes or Redis loses data. Effects elsewhere use `idempotency_key`.
 *
 * Order. A consumer group of Redis hands out entries in order to any member that asks, but two
 * members may hold two events of one stream. So an event is handled only when the one before it in
 * its stream was, or when no earlier event of that stream is still pending in the group.
 *
 * Failures. CAIRN_TRY_AGAIN is retried after a pause that doubles, CAIRN_GIVE_UP is not. An event
 * that was tried `attempts` times, or ended the process as often, goes to the group's dead letters
 * (`cairn bus dead GROUP`) with the reason, and blocks nothing any more: later events of its stream
 * are handled without it. `cairn bus retry GROUP` delivers it again, then out of order. While the
 * database is unavailable nothing is tried and nothing is counted.
 *
 * The entries of a crashed member are claimed by other members after `stuck_us`; a member that is
 * told to stop finishes its current event and releases the rest at once.
 *
 * Feeds. A consumer that names feeds follows another store's log in place of this store's bus, over
 * HTTP, without Redis:
 *
 *     CAIRN_CONSUMER(ledger, .follows = {{"http://other:8061/feeds/order"}});
 *
 * The handlers are the same. One process at a time follows a feed; the others stand by. Events are
 * handled one after the other, in the order of the other store's log, and what a handler writes is
 * committed together with the position (table cairn.feeds), so it takes effect once. An event that
 * fails is retried in its place: those after it wait, until it succeeds or is a dead letter
 * (cairn.feed_dead; set its `again` to have it handled again). Other failures of the other store
 * are waited for. If it was restored to an older state that still has the event that was handled
 * last, the consumer goes on, and says so; if not, it stops and says so (cairn.feeds.problem):
 * what it has handled did not happen there, which only a person can judge.
 *
 * The consumer uses the database of the store; its role has to be a member of cairn_consumer. */
#ifndef CAIRN_CONSUMER_H
#define CAIRN_CONSUMER_H

#include <cairn/publication.h>
#include <cairn/reactor.h>
#include <cairn/sql.h>

CAIRN_BEGIN_C

struct cairn_consumed {
    struct cairn_call call; /* for CAIRN_TELL: a consumer may send commands (reactor.h) */
    const struct cairn_meta *meta;
    const char *type;
    const char *traceparent;     /* or NULL */
    const char *idempotency_key; /* the same each time this group handles this event */
    int attempt;                 /* 1, 2, 3… */
    bool again;                  /* a dead letter that is retried on request: out of order */
    struct cairn_sql *sql;       /* in the transaction that records the event as handled */
};

/* `data` is the event's struct, the state's row (NULL if it was deleted), or NULL for a thin event.
 */
typedef enum cairn_outcome cairn_consume(const void *data, const struct cairn_consumed *delivery,
                                         struct cairn_error *error);

/* One event type and its handler; events of types without one are skipped. */
struct cairn_consumes {
    struct cairn_registered handler;
    enum cairn_bus_style style;       /* in which they are published */
    const struct cairn_record *state; /* of CAIRN_BUS_STATE */
    cairn_consume *handle;
};

/* Begins the function of a consumer for an event; its parameters are `event`, `delivery` and
 * `error`. Returns an enum cairn_outcome. */
#define CAIRN_CONSUME(consumer, noun, event_)                                                      \
    CAIRN_CONSUME_(consumer, noun, event_, event_, event, CAIRN_BUS_EVENT, NULL)
/* NOLINTBEGIN(bugprone-macro-parentheses): names that are declared, or pasted */
/* The same for an event that carries a state: its parameters are `state` (a row; NULL if it was
 * deleted), `delivery` and `error`. */
#define CAIRN_CONSUME_STATE(consumer, noun, event_, row_)                                          \
    CAIRN_CONSUME_(consumer, noun, event_, row_, state, CAIRN_BUS_STATE, &row_##_record)
/* The same for a thin event; `event` is NULL. */
#define CAIRN_CONSUME_THIN(consumer, noun, event_)                                                 \
    CAIRN_CONSUME_(consumer, noun, event_, event_, event, CAIRN_BUS_THIN, NULL)

#define CAIRN_CONSUME_(consumer, noun, event_, data_, parameter, style_, state_)                   \
    static enum cairn_outcome consumer##_consume_##event_(const struct data_ *parameter,           \
                                                          const struct cairn_consumed *delivery,   \
                                                          struct cairn_error *error);              \
    static enum cairn_outcome consumer##_consume_##event_##_call_(                                 \
        const void *data, const struct cairn_consumed *delivery, struct cairn_error *error)        \
    {                                                                                              \
        return consumer##_consume_##event_((const struct data_ *)data, delivery, error);           \
    }                                                                                              \
    CAIRN_REGISTER_(cairn_consumes, consumer, consumer##_consumes_##event_##_, &noun##_events,     \
                    &event_##_record, .style = (style_), .state = (state_),                        \
                    .handle = consumer##_consume_##event_##_call_)                                 \
    static enum cairn_outcome consumer##_consume_##event_(                                         \
        CAIRN_UNUSED const struct data_ *parameter,                                                \
        CAIRN_UNUSED const struct cairn_consumed *delivery,                                        \
        CAIRN_UNUSED struct cairn_error *error)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Work other than handling one event, for instance sending what handlers have put into a table.
 * Every member calls it repeatedly, on a thread of its own and outside of any transaction.
 * CAIRN_DONE: call again at once, there may be more; anything else: call again after a short pause
 * or after the next event. An error that is set is logged if it differs from the previous one. */
typedef enum cairn_outcome cairn_consumer_work(struct cairn_sql *sql, struct cairn_error *error);

/* A feed of another store (log_face.h), as an HTTP feed: "http://other:8061/feeds/order". The
 * variable CAIRN_LEDGER_FEED_URL, for a consumer `ledger`, moves its first feed to another address;
 * CAIRN_LEDGER_FEED_2_URL the second. */
struct cairn_follow {
    const char *url;
};

enum { CAIRN_FOLLOWS_MAX = 8 };

struct cairn_consumer {
    const char *name;                               /* of the group: letters, digits, - and _ */
    struct cairn_follow follows[CAIRN_FOLLOWS_MAX]; /* feeds, instead of the bus */
    const struct cairn_handlers *consumes;          /* struct cairn_consumes */
    cairn_consumer_work *work;                      /* or NULL */
    int attempts;           /* before an event is a dead letter; 0 means 8 */
    int64_t backoff_us;     /* the first pause; 0 means 200 ms; doubled each time up to … */
    int64_t backoff_max_us; /* … this; 0 means 30 s */
    int64_t stuck_us; /* a member that holds an event this long counts as crashed; 0 means 30 s:
                         must be longer than any handler takes */
    const char *at;   /* where it is declared: "orders.c:12"; or NULL */
};

/* Makes `NAME_consumer`, visible to other files; the functions come after it. */
#define CAIRN_CONSUMER(...) CAIRN_CONSUMER_(__VA_ARGS__, )
#define CAIRN_CONSUMER_(consumer, ...)                                                             \
    static struct cairn_handlers consumer##_handlers_;                                             \
    extern const struct cairn_consumer consumer##_consumer;                                        \
    CAIRN_DECLARE_(CAIRN_DECLARES_CONSUMER, consumer##_consumer)                                   \
    const struct cairn_consumer consumer##_consumer = {                                            \
        .name = #consumer, .consumes = &consumer##_handlers_, .at = CAIRN_PLACE_, __VA_ARGS__}

CAIRN_END_C

#endif
