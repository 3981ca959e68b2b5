/* process.h - long-running business processes as pure functions: events in, commands and timers
 * out.
 *
 * A process manager follows one piece of business across streams. Its state is a struct with a
 * field table; for each event it waits for there is a function that changes the state and
 * emits the commands and timers to follow:
 *
 *     static void placed(struct fulfilment *self, const struct order_placed *event,
 *                        const struct cairn_given *given, struct cairn_reaction *ret)
 *     {
 *         self->payment_id = cairn_new_id(given, "payment");
 *         CAIRN_SEND(ret, payment, self->payment_id, request_payment,
 *                    .order_id = given->id, .amount = event->total);
 *         cairn_schedule(ret, "payment-deadline", cairn_time_after(given->now, CAIRN_MINUTES(15)));
 *     }
 *     CAIRN_WHEN(fulfilment, order, order_placed, placed);
 *
 * One reaction is one append to the process' own stream: the input, the output and the state after
 * it. An input that was seen before is skipped, and a command is sent under an Idempotency-Key made
 * from that event, so that a crash at any point repeats nothing and loses nothing.
 *
 * The functions of one process are called one at a time, for its inputs in the order of the log.
 * They are pure: `given` has the time, ids that are the same when the reaction is repeated, and the
 * process' id.
 *
 * Commands go to the service of their category (service.h, `.peers`), in order for each stream, and
 * are retried until the answer is final by the table of error.h; a refused command then comes back
 * as an input. Times are those of cairn.now(), which tests can shift (cairn.turn_clock).
 *
 * The state is stored as JSON with each reaction and has to stay readable: a field that is added
 * later is `.optional`. At its very first start, a process manager begins after the newest event,
 * unless `from_start` is set. */
#ifndef CAIRN_PROCESS_H
#define CAIRN_PROCESS_H

#include <cairn/decider.h>

CAIRN_BEGIN_C

/* Collects the commands and timers of one reaction. */
struct cairn_reaction;

/* Sends a command to a stream: CAIRN_SEND(ret, order, order_id, cancel_order, .reason = "…").
 * For a command that creates, `id` is that of a stream that does not exist yet. */
#define CAIRN_SEND(ret, noun, id, tag, ...)                                                        \
    cairn_send((ret), &noun##_commands, (id), &tag##_record, &(const struct tag){__VA_ARGS__})
void cairn_send(struct cairn_reaction *ret, const struct cairn_commands *commands,
                struct cairn_uuid id, const struct cairn_record *record, const void *command);

/* Set or move the timer `name` of this process, or cancel it. Cancelling a timer that is not set
 * has no effect. */
void cairn_schedule(struct cairn_reaction *ret, const char *name, struct cairn_time at);
void cairn_cancel(struct cairn_reaction *ret, const char *name);

typedef void cairn_react(void *state, const void *input, const struct cairn_given *given,
                         struct cairn_reaction *ret);
/* Returns the id of the process that an event is for; it is given.id in the reaction. */
typedef struct cairn_uuid cairn_correlate(const void *event, const struct cairn_meta *meta);

/* A command that was sent and finally refused comes back as an input. */
struct cairn_refusal {
    struct cairn_uuid id; /* the stream it was sent to */
    enum cairn_code code;
    const char *reason; /* the decider's own code, or "" */
};

enum cairn_input { CAIRN_INPUT_EVENT = 1, CAIRN_INPUT_TIMER, CAIRN_INPUT_REFUSAL };

struct cairn_when {
    enum cairn_input input;
    const struct cairn_events *events; /* event */
    const struct cairn_record *record; /* event: which; refusal: of the command */
    const char *timer;                 /* timer: its name */
    cairn_react *react;
    cairn_correlate *correlate; /* NULL: the id of the event's stream */
};

/* Makes `PROCESS_when_EVENT`, for events whose stream has the process' own id. */
#define CAIRN_WHEN(process, noun, event_, function)                                                \
    CAIRN_WHEN_THUNK_(process, event_, const struct event_ *, function)                            \
    static const struct cairn_when process##_when_##event_ = {.input = CAIRN_INPUT_EVENT,          \
                                                              .events = &noun##_events,            \
                                                              .record = &event_##_record,          \
                                                              .react =                             \
                                                                  process##_react_##event_##_}

/* The same, for events of other streams: `by(const struct EVENT *, const struct cairn_meta *)`
 * returns the id of the process. */
#define CAIRN_WHEN_BY(process, noun, event_, function, by)                                         \
    CAIRN_WHEN_THUNK_(process, event_, const struct event_ *, function)                            \
    static struct cairn_uuid process##_by_##event_##_(const void *event,                           \
                                                      const struct cairn_meta *meta) {             \
        return by((const struct event_ *)event, meta);                                             \
    } static const struct cairn_when process##_when_##event_ = {                                   \
        .input = CAIRN_INPUT_EVENT,                                                                \
        .events = &noun##_events,                                                                  \
        .record = &event_##_record,                                                                \
        .react = process##_react_##event_##_,                                                      \
        .correlate = process##_by_##event_##_}

/* Makes `PROCESS_when_LABEL`, for the timer called `name`. The function is called as
 * function(self, const char *name, given, ret). */
#define CAIRN_WHEN_TIMER(process, label, name, function)                                           \
    CAIRN_WHEN_THUNK_(process, label, const char *, function)                                      \
    static const struct cairn_when process##_when_##label = {                                      \
        .input = CAIRN_INPUT_TIMER, .timer = (name), .react = process##_react_##label##_}

/* Makes `PROCESS_when_COMMAND`, for a command that was finally refused. The function is called as
 * function(self, const struct cairn_refusal *, given, ret). */
#define CAIRN_WHEN_REFUSED(process, command, function)                                             \
    CAIRN_WHEN_THUNK_(process, command, const struct cairn_refusal *, function)                    \
    static const struct cairn_when process##_when_##command = {.input = CAIRN_INPUT_REFUSAL,       \
                                                               .record = &command##_record,        \
                                                               .react =                            \
                                                                   process##_react_##command##_}

#define CAIRN_WHEN_THUNK_(process, label, type, function)                                          \
    static void process##_react_##label##_(void *state, const void *input,                         \
                                           const struct cairn_given *given,                        \
                                           struct cairn_reaction *ret)                             \
    {                                                                                              \
        function((struct process *)state, (type)input, given, ret);                                \
    }

struct cairn_process {
    const char *name; /* the category of its own streams */
    const struct cairn_record *state;
    const struct cairn_when *const *when;      /* NULL-terminated */
    const struct cairn_commands *const *sends; /* NULL-terminated, or NULL: it sends nothing */
    bool from_start; /* at its very first start: begin with the oldest event, not after the newest
                        one */
    const char *help;
};

/* The `.when` of a process: CAIRN_WHEN_LIST(&fulfilment_when_order_placed, …) */
#define CAIRN_WHEN_LIST(...)                                                                       \
    .when = (const struct cairn_when *const[])                                                     \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* The `.sends` of a process: the commands that it sends, as CAIRN_SENDS(&payment_commands, …). A
 * process does not start while the URL of one of these services is unknown (service.h, `.peers`); a
 * reaction that sends a command of another service fails. */
#define CAIRN_SENDS(...)                                                                           \
    .sends = (const struct cairn_commands *const[])                                                \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Makes `NAME_process`, visible to other files. */
#define CAIRN_PROCESS(process, ...)                                                                \
    extern const struct cairn_process process##_process;                                           \
    const struct cairn_process process##_process = {                                               \
        .name = #process, .state = &process##_record, __VA_ARGS__}

CAIRN_END_C

#endif
