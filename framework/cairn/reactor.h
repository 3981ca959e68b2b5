/* reactor.h - the one place for side effects: mail, a call to a partner, a file.
 *
 * A reactor follows the log with a position of its own and handles one event at a time, in order
 * for each stream. It may be called again for the same event after a crash, so it hands
 * `call->idempotency_key` on to whatever it calls. It never runs during a rebuild. */
#ifndef CAIRN_REACTOR_H
#define CAIRN_REACTOR_H

#include <cairn/decider.h>

enum cairn_outcome {
    CAIRN_DONE = 1,
    CAIRN_TRY_AGAIN, /* later, with growing pauses; the stream's later events wait */
    CAIRN_GIVE_UP,   /* park it for a person */
};

struct cairn_call {
    const struct cairn_meta *meta;
    const char *idempotency_key; /* the same each time this event is handled */
    int attempt;                 /* 1, 2, 3… */
};

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
    const char *name;                          /* its checkpoint goes by this name */
    const struct cairn_reacts *const *handles; /* NULL-terminated */
    int concurrency;                           /* streams handled at once; 0 means 1 */
    int attempts;                              /* before an event is parked; 0 means 20 */
};

#endif
