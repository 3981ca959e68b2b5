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
    const struct cairn_teller *teller_; /* private to the library, as the next one */
    const char *traceparent_;
};

/* Sends a command, and waits for its outcome:
 *
 *     failed = CAIRN_TELL(call, error, payment, id, authorize_payment, .reference = reference);
 *
 * The Idempotency-Key is made from the event's and the command's name, so a repeated call changes
 * nothing; an event leads to at most one command of each name. Returns 0 if the command was carried
 * out, now or before. Else cairn_outcome_of() gives the outcome that a reactor returns. */
#define CAIRN_TELL(call, error, noun, id, ...) CAIRN_TELL_(call, error, noun, id, __VA_ARGS__, )
#define CAIRN_TELL_(call, error, noun, id, tag, ...)                                               \
    cairn_tell((call), &noun##_commands, (id), &tag##_record + 0 * sizeof(&tag##_is_a_command_),   \
               CAIRN_OF_(tag, __VA_ARGS__), (error))
int cairn_tell(const struct cairn_call *call, const struct cairn_commands *commands,
               struct cairn_uuid id, const struct cairn_record *record, const void *command,
               struct cairn_error *error) CAIRN_CHECKED;

/* Returns CAIRN_DONE for 0, CAIRN_GIVE_UP for a failure that a retry does not change, else
 * CAIRN_TRY_AGAIN. */
enum cairn_outcome cairn_outcome_of(int failed);

typedef enum cairn_outcome cairn_handle(const void *event, const struct cairn_call *call,
                                        struct cairn_error *error);

struct cairn_reacts {
    struct cairn_handler handler;
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
};

/* Makes `NAME_reactor`, visible to other files; the functions come after it. */
#define CAIRN_REACTOR(...) CAIRN_REACTOR_(__VA_ARGS__, )
#define CAIRN_REACTOR_(reactor, ...)                                                               \
    static struct cairn_handlers reactor##_handlers_;                                              \
    extern const struct cairn_reactor reactor##_reactor;                                           \
    const struct cairn_reactor reactor##_reactor = {                                               \
        .name = #reactor, .handles = &reactor##_handlers_, __VA_ARGS__}

CAIRN_END_C

#endif
