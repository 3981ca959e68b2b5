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
    const char *idempotency_key; /* the same each time this event is handled */
    int attempt;                 /* 1, 2, 3… */
    struct cairn_command_client *client_;
    const char *traceparent_;
};

/* Sends a command, and waits for its outcome:
 *
 *     failed = CAIRN_TELL(call, error, payment, id, authorize_payment, .reference = reference);
 *
 * The Idempotency-Key is made from the event's and the command's name, so a repeated call changes
 * nothing; an event leads to at most one command of each name. Returns 0 if the command was carried
 * out, now or before. Else cairn_outcome_of() gives the outcome that a reactor returns. */
#define CAIRN_TELL(call, error, noun, id, tag, ...)                                                \
    cairn_tell((call), &noun##_commands, (id), &tag##_record, &(const struct tag){__VA_ARGS__},    \
               (error))
int cairn_tell(const struct cairn_call *call, const struct cairn_commands *commands,
               struct cairn_uuid id, const struct cairn_record *record, const void *command,
               struct cairn_error *error) CAIRN_CHECKED;

/* Returns CAIRN_DONE for 0, CAIRN_GIVE_UP for a failure that a retry does not change, else
 * CAIRN_TRY_AGAIN. */
enum cairn_outcome cairn_outcome_of(int failed);

typedef enum cairn_outcome cairn_handle(const void *event, const struct cairn_call *call,
                                        struct cairn_error *error);

struct cairn_reacts {
    const struct cairn_events *events;
    const struct cairn_record *record;
    cairn_handle *handle;
};

/* Makes `REACTOR_handles_EVENT` from function(const struct EVENT *, call, error). */
#define CAIRN_HANDLE(reactor, noun, event_, function)                                              \
    static enum cairn_outcome reactor##_handle_##event_##_(                                        \
        const void *event, const struct cairn_call *call, struct cairn_error *error)               \
    {                                                                                              \
        return function((const struct event_ *)event, call, error);                                \
    }                                                                                              \
    static const struct cairn_reacts reactor##_handles_##event_ = {                                \
        .events = &noun##_events,                                                                  \
        .record = &event_##_record,                                                                \
        .handle = reactor##_handle_##event_##_}

struct cairn_reactor {
    const char *name;                          /* also the name of its checkpoint */
    const struct cairn_reacts *const *handles; /* NULL-terminated */
    int concurrency;                           /* streams handled at once; 0 means 1 */
    int attempts;                              /* before an event is parked; 0 means 20 */
    bool from_start; /* at its very first start: begin with the oldest event, not after the newest
                        one */
    const char *help;
};

/* The `.handles` of a reactor: CAIRN_HANDLE_LIST(&mailer_handles_order_placed, …) */
#define CAIRN_HANDLE_LIST(...)                                                                     \
    .handles = (const struct cairn_reacts *const[])                                                \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Makes `NAME_reactor`, visible to other files. */
#define CAIRN_REACTOR(reactor, ...)                                                                \
    extern const struct cairn_reactor reactor##_reactor;                                           \
    const struct cairn_reactor reactor##_reactor = {.name = #reactor, __VA_ARGS__}

CAIRN_END_C

#endif
