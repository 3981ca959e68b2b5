/* process.h - long-running business processes as pure functions: events in, commands and timers
 * out.
 *
 * A process manager follows one piece of business across streams. Its state is a struct; for each
 * event it waits for there is a function that changes the state and emits the commands and timers
 * to follow:
 *
 *     CAIRN_STRUCT(fulfilment, UUID(payment_id, .optional = true));
 *     CAIRN_PROCESS(fulfilment, CAIRN_SENDS(payment, order), .help = "…");
 *
 *     CAIRN_WHEN(fulfilment, order, order_placed)
 *     {
 *         self->payment_id = cairn_new_id(given, "payment");
 *         CAIRN_SEND(ret, payment, self->payment_id, request_payment,
 *                    .order_id = given->id, .amount = event->total);
 *         cairn_schedule(ret, "payment-deadline", cairn_time_after(given->now, CAIRN_MINUTES(15)));
 *     }
 *
 * One reaction is one append to the process' own stream: the input, the output and the state after
 * it. An input that was seen before is skipped, and a command is sent under an Idempotency-Key made
 * from that event, so that a crash at any point repeats nothing and loses nothing.
 *
 * The functions of one process are called one at a time, for its inputs in the order of the log.
 * They are pure: `given` has the time, ids that are the same when the reaction is repeated, the
 * process' id, and of an event its stream and position (given->meta).
 *
 * Commands go to the service of their category (service.h, `.peers`), in order for each stream, and
 * are retried until the answer is final by the table of error.h; a refused command then comes back
 * as an input, if there is a CAIRN_WHEN_REFUSED for it. Times are those of cairn.now(), the clock
 * of PostgreSQL, which tests can shift (cairn.turn_clock); deciders have the clock of their host,
 * which is not shifted: what a timer stands for is not checked again by the decider's clock.
 *
 * A process begins with an empty state, at the first input that reaches it, and that may be any of
 * those it handles: the event that is meant as the first one may have been before the process
 * manager's start. So each field of the state needs an empty value: it is a BOOL, a list, a number
 * whose range includes 0, or optional; a service whose process has another does not start.
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
#define CAIRN_SEND(ret, noun, id, ...) CAIRN_SEND_(ret, noun, id, __VA_ARGS__, )
#define CAIRN_SEND_(ret, noun, id, tag, ...)                                                       \
    ((void)sizeof(&tag##_is_a_command_),                                                           \
     cairn_send((ret), &noun##_commands, (id), &tag##_record, CAIRN_OF_(tag, __VA_ARGS__)))
void cairn_send(struct cairn_reaction *ret, const struct cairn_commands *commands,
                struct cairn_uuid id, const struct cairn_record *record, const void *command);

/* Set or move the timer `name` of this process, or cancel it. A timer is set only if the process
 * has a CAIRN_WHEN_TIMER of that name: else the reaction fails, and the instance is parked, with
 * words that name the timers there are. Cancelling a timer that is not set has no effect. */
void cairn_schedule(struct cairn_reaction *ret, const char *name, struct cairn_time at);
void cairn_cancel(struct cairn_reaction *ret, const char *name);

/* Associates this process with something that other streams are about: from then on, it gets the
 * events of CAIRN_WHEN_ALL that are about it, as do all others that are associated with it.
 * Dissociating one that it is not associated with has no effect. At most 100 for one process. */
void cairn_associate(struct cairn_reaction *ret, const char *name, struct cairn_uuid id);
void cairn_dissociate(struct cairn_reaction *ret, const char *name, struct cairn_uuid id);

typedef void cairn_react(void *state, const void *input, const struct cairn_given *given,
                         struct cairn_reaction *ret);

/* A command that was sent and finally refused comes back as an input. */
struct cairn_refusal {
    struct cairn_uuid id; /* the stream it was sent to */
    enum cairn_code code;
    const char *reason; /* the decider's own code, or "" */
};

enum cairn_input { CAIRN_INPUT_EVENT = 1, CAIRN_INPUT_TIMER, CAIRN_INPUT_REFUSAL };

struct cairn_when {
    struct cairn_registered handler; /* its record: of the event or of the refused command */
    enum cairn_input input;
    const char *timer; /* timer: its name */
    int64_t every_us;  /* timer: it is set by the engine, for the end of each such period */
    cairn_react *react;
    const char *association; /* event: it is for all that are associated with what it names */
    bool by_member;          /* event: its member names the process, not its stream */
    uint32_t member_offset;
};

/* Begins the function for an event of `noun` whose stream has the process' own id; its parameters
 * are `self`, `event`, `given` and `ret`. */
#define CAIRN_WHEN(process, noun, event_)                                                          \
    CAIRN_WHEN_(process, event_, event, const struct event_ *, &noun##_events, &event_##_record,   \
                .input = CAIRN_INPUT_EVENT)

/* The same for an event of another stream; its uuid `member` is the id of the process. An event
 * whose member is zero is for no process. */
#define CAIRN_WHEN_BY(process, noun, event_, member)                                               \
    CAIRN_WHEN_(process, event_, event, const struct event_ *, &noun##_events, &event_##_record,   \
                .input = CAIRN_INPUT_EVENT, .by_member = true,                                     \
                .member_offset =                                                                   \
                    offsetof(struct event_, member) +                                              \
                    (unsigned)CAIRN_SAME_TYPE_(((struct event_ *)0)->member, struct cairn_uuid))

/* The same for an event that reaches every process that is associated (cairn_associate) with the
 * stream of the event, under this name; those that began to wait first react first:
 *
 *     CAIRN_WHEN_ALL(waiting, room, room_closed, "room")    each guest that waits for that room
 *
 * Their commands to different streams are sent at once, in no order: to serve one after the other,
 * let one process have the list. */
#define CAIRN_WHEN_ALL(process, noun, event_, name)                                                \
    CAIRN_WHEN_(process, event_, event, const struct event_ *, &noun##_events, &event_##_record,   \
                .input = CAIRN_INPUT_EVENT, .association = (name))

/* The same for those that are associated with what a uuid member of the event names. */
#define CAIRN_WHEN_ALL_BY(process, noun, event_, name, member)                                     \
    CAIRN_WHEN_(process, event_, event, const struct event_ *, &noun##_events, &event_##_record,   \
                .input = CAIRN_INPUT_EVENT, .association = (name), .by_member = true,              \
                .member_offset =                                                                   \
                    offsetof(struct event_, member) +                                              \
                    (unsigned)CAIRN_SAME_TYPE_(((struct event_ *)0)->member, struct cairn_uuid))

/* Begins the function for the timer called `name`; `label` is an identifier. Its parameters are
 * `self`, `timer` (the name), `given` and `ret`. */
#define CAIRN_WHEN_TIMER(process, label, name)                                                     \
    CAIRN_WHEN_(process, label, timer, const char *, NULL, NULL, .input = CAIRN_INPUT_TIMER,       \
                .timer = (name))

/* Begins the function that is called once in every `period` (CAIRN_HOURS(24): at midnight UTC, as
 * periods are counted from 1970), for one process that has no other events; its parameters are
 * those of CAIRN_WHEN_TIMER. The process starts by itself. Periods that pass while no service runs
 * are made up for by one call. */
#define CAIRN_WHEN_EVERY(process, label, period)                                                   \
    CAIRN_WHEN_(process, label, timer, const char *, NULL, NULL, .input = CAIRN_INPUT_TIMER,       \
                .timer = "every " #label, .every_us = (period))

/* Begins the function for a command that was finally refused. Its parameters are `self`,
 * `refusal`, `given` and `ret`. */
#define CAIRN_WHEN_REFUSED(process, command)                                                       \
    CAIRN_WHEN_(process, command, refusal, const struct cairn_refusal *, NULL, &command##_record,  \
                .input = CAIRN_INPUT_REFUSAL)

#define CAIRN_WHEN_(process, label, parameter, type, events_, record_, ...)                        \
    static void process##_when_##label(struct process *self, type parameter,                       \
                                       const struct cairn_given *given,                            \
                                       struct cairn_reaction *ret);                                \
    static void process##_when_##label##_call_(void *self, const void *input,                      \
                                               const struct cairn_given *given,                    \
                                               struct cairn_reaction *ret)                         \
    {                                                                                              \
        process##_when_##label((struct process *)self, (type)input, given, ret);                   \
    }                                                                                              \
    CAIRN_REGISTER_(cairn_when, process, process##_when_##label##_, events_, record_,              \
                    .react = process##_when_##label##_call_, __VA_ARGS__)                          \
    static void process##_when_##label(                                                            \
        CAIRN_UNUSED struct process *self, CAIRN_UNUSED type parameter,                            \
        CAIRN_UNUSED const struct cairn_given *given, CAIRN_UNUSED struct cairn_reaction *ret)

struct cairn_process {
    const char *name; /* the category of its own streams */
    const struct cairn_record *state;
    const struct cairn_handlers *when;         /* struct cairn_when */
    const struct cairn_commands *const *sends; /* NULL-terminated, or NULL: it sends nothing */
    bool from_start; /* at its very first start: begin with the oldest event, not after the newest
                        one */
    const char *help;
    const char *at; /* where it is declared: "orders.c:12"; or NULL */
};

/* The `.sends` of a process: the nouns whose commands it sends, as CAIRN_SENDS(payment, order). A
 * process does not start while the URL of one of these services is unknown (service.h, `.peers`); a
 * reaction that sends a command of another service fails. */
#define CAIRN_SENDS(...)                                                                           \
    .sends = (const struct cairn_commands *const[])                                                \
    {                                                                                              \
        CAIRN_EACH_(CAIRN_SENDS_ROW_, , , __VA_ARGS__) NULL                                        \
    }
#define CAIRN_SENDS_ROW_(unused, noun) &noun##_commands,

/* Makes `NAME_process`, visible to other files; the functions come after it. */
#define CAIRN_PROCESS(...) CAIRN_PROCESS_(__VA_ARGS__, )
#define CAIRN_PROCESS_(process, ...)                                                               \
    static struct cairn_handlers process##_handlers_;                                              \
    extern const struct cairn_process process##_process;                                           \
    CAIRN_DECLARE_(CAIRN_DECLARES_PROCESS, process##_process)                                      \
    const struct cairn_process process##_process = {.name = #process,                              \
                                                    .state = &process##_record,                    \
                                                    .when = &process##_handlers_,                  \
                                                    .at = CAIRN_PLACE_,                            \
                                                    __VA_ARGS__}

CAIRN_END_C

#endif
