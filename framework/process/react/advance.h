/* advance.h - makes the one event that a reaction is from an input and an instance.
 *
 *     {"input":{"kind":"event","position":7,"stream":"order-…","type":"OrderPlaced"},
 *      "position":7,                             the newest event that was reacted to
 *      "at":"…",                                 given.now
 *      "state":{…},"timers":[{"name","at"}],     after it, whole; so are the associations, if any:
 *      "associations":[{"name","id","since"}],
 *      "sent":[{"to":"payment-…","command":"request_payment","method":"POST","path":"/payments",
 *               "key":"…","body":{…}}]}
 *
 * The function is pure, except for the new event's id and the keys of its commands. */
#ifndef CAIRN_PROCESS_ADVANCE_H
#define CAIRN_PROCESS_ADVANCE_H

#include "core/containers/buffer.h"
#include "process/react/instance.h"
#include "process/react/reaction.h"
#include "store/append/append.h"

/* An input. */
struct cairn_process_input {
    const struct cairn_when *when; /* NULL: no handler; it is recorded all the same */
    const void *payload;           /* what `when` takes */
    const struct cairn_meta *meta; /* of an event; NULL: a timer or a refusal */
    const char *description;       /* JSON of "input" */
    int64_t position;              /* of an event; 0 for a timer or a refusal */
    int64_t read;                  /* of a timer or a refusal: how far the log had been read */
    struct cairn_uuid about;       /* of an event for all that are associated with this */
    const char *timer;             /* that has fired, or NULL */
    struct cairn_uuid seed;        /* of the ids that the reaction makes */
    struct cairn_uuid causation_id;
    const char *correlation_id; /* NULL: the correlation begins here */
    const char *traceparent;    /* or NULL */
    const char *tracestate;     /* or NULL */
    const char *unreadable;     /* why `payload` cannot be decoded; NULL: it can */
};

/* A command as a request. */
struct cairn_letter {
    const char *to; /* the stream */
    const char *method;
    const char *path;
    const char *body;
};
struct cairn_letter cairn_letter_of(const struct cairn_commands *commands,
                                    const struct cairn_command_type *type, struct cairn_uuid id,
                                    const void *command, struct cairn_arena *arena);

/* Reacts to the input. Returns 1, with the event in `ret` and the instance as it is after the
 * event; 0 if the reaction changed and sent nothing, so that there is nothing to record; or
 * -CAIRN_BUG with an unchanged instance. All data is in the arena, which is also the instance's. */
int cairn_advance(const struct cairn_process *process, const char *service,
                  struct cairn_instance *instance, const struct cairn_process_input *input,
                  struct cairn_time now, struct cairn_arena *arena, struct cairn_new_event *ret,
                  struct cairn_error *error) CAIRN_CHECKED;

#endif
