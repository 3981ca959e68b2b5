/* reactor.h - the place for side effects: mail, a call to a partner, a file.
 *
 * A reactor follows the log with a position of its own and handles one event at a time, in order
 * for each stream. It may be called again for the same event after a crash, so it passes
 * `call->idempotency_key` to the services it calls. It never runs during a rebuild. */
#ifndef CAIRN_REACTOR_H
#define CAIRN_REACTOR_H

#include <cairn/decider.h>

CAIRN_BEGIN_C

enum cairn_outcome {
    CAIRN_DONE = 1,
    CAIRN_TRY_AGAIN, /* retry later, with growing pauses; the stream's later events wait */
    CAIRN_GIVE_UP,   /* park it for an operator (`cairn parked`); the stream's later events go on */
};

struct cairn_call {
    const struct cairn_meta *meta;
    const char *idempotency_key;        /* the same each time this event is handled */
    int attempt;                        /* 1, 2, 3… */
    const char *traceparent;            /* of the event (W3C Trace Context), or NULL */
    const char *correlation_id;         /* of the event, or NULL */
    struct cairn_arena *arena;          /* for texts and lists; it lives as long as the call */
    const char *position_;              /* of the event, for Cairn-Position; NULL in a consumer */
    const struct cairn_teller *teller_; /* private to the library */
};

/* Sends a command, and waits for its outcome:
 *
 *     failed = CAIRN_TELL(call, error, payment, id, authorize_payment, .reference = reference);
 *
 * The Idempotency-Key is made from the event, the command's name and the stream, so a repeated call
 * changes nothing; an event leads to at most one command of each name on each stream. `call` is
 * that of a reactor, or the `delivery` of a consumer. Returns 0 if the command was carried
 * out, now or before. Else cairn_outcome_of() gives the outcome that a reactor returns. */
#define CAIRN_TELL(call, error, noun, id, ...) CAIRN_TELL_(call, error, noun, id, __VA_ARGS__, )
#define CAIRN_TELL_(call, error, noun, id, tag, ...)                                               \
    cairn_tell((const struct cairn_call *)(call), &noun##_commands, (id),                          \
               &tag##_record + 0 * sizeof(&tag##_is_a_command_), CAIRN_OF_(tag, __VA_ARGS__),      \
               (error))
int cairn_tell(const struct cairn_call *call, const struct cairn_commands *commands,
               struct cairn_uuid id, const struct cairn_record *record, const void *command,
               struct cairn_error *error) CAIRN_CHECKED;

/* Reads a row of a read model, or a page of them, as of this event or later: the query service is
 * asked for `path`, a format as of printf, and waits until the read model is as far as the event.
 * `tag` is the CAIRN_STRUCT of the answer: the row's, or that of a page with a member `items`.
 *
 *     struct guest_row guest;
 *     failed = CAIRN_LOOK(call, error, guest_row, &guest, "/guests/%s",
 *                         cairn_uuid_text(event->guest_id));
 *     if (failed)
 *         return cairn_outcome_of(failed);
 *
 * What the answer points to lives as long as the call. The service is that of the environment
 * variable CAIRN_QUERY_URL, else this process if it has resources, else the peer called "query"
 * (service.h). In a consumer the answer is as of now: its events are of another log. Returns 0, or
 *   -CAIRN_NOT_FOUND  there is no such row, as of this event; or its policy compares owners, and this
 *                     service has none of its roles: a row of somebody else is answered as none
 *   -CAIRN_STALE      the read model is behind: try again
 *   -CAIRN_INVALID    the answer does not fit the struct: it has other fields
 *   -CAIRN_CONFIG     the service is not known
 * and others of the table of error.h; cairn_outcome_of() tells what to return. */
#define CAIRN_LOOK(call, error, tag, ret, ...)                                                     \
    cairn_look((const struct cairn_call *)(call), &tag##_record, (1 ? (ret) : (struct tag *)NULL), \
               (error), __VA_ARGS__)
int cairn_look(const struct cairn_call *call, const struct cairn_record *record, void *ret,
               struct cairn_error *error, const char *format, ...) CAIRN_PRINTF(5, 6) CAIRN_CHECKED;

/* Returns CAIRN_DONE for 0 or more, as functions that succeed return; CAIRN_GIVE_UP for a failure
 * that a retry does not change, else CAIRN_TRY_AGAIN:
 *     return cairn_outcome_of(cairn_sql_run(delivery->sql, "insert …", CAIRN_VALUES(…), error)); */
enum cairn_outcome cairn_outcome_of(int64_t result);

typedef enum cairn_outcome cairn_handle(const void *event, const struct cairn_call *call,
                                        struct cairn_error *error);

struct cairn_reacts {
    struct cairn_registered handler;
    cairn_handle *handle;
};

/* Begins the function of a reactor for an event of `noun`; its parameters are `event`, `call` and
 * `error`. Returns an enum cairn_outcome. */
#define CAIRN_HANDLE(reactor, noun, event_)                                                        \
    static enum cairn_outcome reactor##_handle_##event_(                                           \
        const struct event_ *event, const struct cairn_call *call, struct cairn_error *error);     \
    static enum cairn_outcome reactor##_handle_##event_##_call_(                                   \
        const void *event, const struct cairn_call *call, struct cairn_error *error)               \
    {                                                                                              \
        return reactor##_handle_##event_((const struct event_ *)event, call, error);               \
    }                                                                                              \
    CAIRN_REGISTER_(cairn_reacts, reactor, reactor##_handles_##event_##_, &noun##_events,          \
                    &event_##_record, .handle = reactor##_handle_##event_##_call_)                 \
    static enum cairn_outcome reactor##_handle_##event_(                                           \
        CAIRN_UNUSED const struct event_ *event, CAIRN_UNUSED const struct cairn_call *call,       \
        CAIRN_UNUSED struct cairn_error *error)

struct cairn_reactor {
    const char *name;                     /* also the name of its checkpoint */
    const struct cairn_handlers *handles; /* struct cairn_reacts */
    int concurrency;                      /* streams handled at once; 0 means 1 */
    int attempts;                         /* before an event is parked; 0 means 20 */
    bool from_start; /* at its very first start: begin with the oldest event, not after the newest
                        one */
    const char *help;
    const char *at; /* where it is declared: "orders.c:12"; or NULL */
};

/* Makes `NAME_reactor`, visible to other files; the functions come after it. */
#define CAIRN_REACTOR(...) CAIRN_REACTOR_(__VA_ARGS__, )
#define CAIRN_REACTOR_(reactor, ...)                                                               \
    static struct cairn_handlers reactor##_handlers_;                                              \
    extern const struct cairn_reactor reactor##_reactor;                                           \
    CAIRN_DECLARE_(CAIRN_DECLARES_REACTOR, reactor##_reactor)                                      \
    const struct cairn_reactor reactor##_reactor = {                                               \
        .name = #reactor, .handles = &reactor##_handlers_, .at = CAIRN_PLACE_, __VA_ARGS__}

CAIRN_END_C

#endif
