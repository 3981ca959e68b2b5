/* delivery.h - delivers the commands of one process manager.
 *
 * Commands to one stream are sent in the order in which they were issued, those to different
 * streams concurrently, each retried until the answer is final (command_client.h). The outcomes are
 * collected for the process manager, which keeps the table of open commands (manager.c).
 *
 * Each category that the process sends to has a channel with threads of its own, so that a service
 * that is unreachable, or hangs, delays commands to no other. A channel has limited room: further
 * commands stay in the table of open commands alone, and the channel is behind that table until
 * they were read from it, in order, as room becomes free (struct cairn_gap). Channels begin behind.
 *
 * Threads: one calls all functions here; the channels' threads send, and call `notify`. */
#ifndef CAIRN_PROCESS_DELIVERY_H
#define CAIRN_PROCESS_DELIVERY_H

#include "process/deliver/command_client.h"
#include "process/deliver/keyed_queue.h"

struct cairn_delivery;

/* A command that a process manager sends: a row of the table of open commands. */
struct cairn_outgoing {
    const char *stream;  /* of the process */
    int64_t version;     /* of the event that sends it */
    int64_t number;      /* in that event: 0, 1, 2… */
    int64_t position;    /* of that event */
    const char *target;  /* stream that the command is for: "payment-ID" */
    const char *command; /* its name: "pay_order" */
    const char *method;
    const char *path;
    const char *body;
    const char *traceparent;    /* or NULL */
    const char *tracestate;     /* or NULL */
    const char *correlation_id; /* or NULL */
    const char *key;            /* its Idempotency-Key */
};

enum cairn_delivery_status { CAIRN_DELIVERED = 1, CAIRN_DELIVERY_RETRIED, CAIRN_DELIVERY_REFUSED };

/* The outcome of a command; RETRIED tells of a failed attempt only: the delivery goes on. */
struct cairn_delivered {
    struct cairn_outgoing outgoing;
    enum cairn_delivery_status status;
    int64_t attempts;
    struct cairn_error error; /* unless it was delivered */
    struct cairn_delivered *next;
};

/* `notify` is called, by any thread, when there is an outcome to take. `threads` is per channel. */
int cairn_delivery_open(const struct cairn_process *process, struct cairn_command_client *client,
                        int threads, void (*notify)(void *context), void *context,
                        struct cairn_delivery **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Waits for attempts that are running. NULL is allowed. */
void cairn_delivery_close(struct cairn_delivery *delivery);

/* Queues a command, with copies of its strings. If its channel has no room, or is behind, the
 * command stays in the table only. */
void cairn_delivery_push(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing);
/* Discards the commands that wait for an attempt, the first or another one: all channels are behind
 * from the beginning of the table. An attempt that is running ends, and its command may be sent a
 * second time, by the next owner: the receiver knows it by its Idempotency-Key. */
void cairn_delivery_clear(struct cairn_delivery *delivery);
/* Returns how many commands wait or are being sent. */
size_t cairn_delivery_count(struct cairn_delivery *delivery);

/* A part of the table to read: the commands that a channel is behind, as far as it has room now. */
struct cairn_gap {
    const char *const *categories; /* of the targets */
    size_t count;
    bool others;              /* all categories but those */
    int64_t position, number; /* the commands after this one, in the order of both */
    int64_t limit;            /* rows to read at most */
    size_t channel;
};

/* Finds the first gap from a channel on (the first one is 0), and sets *channel to the next one;
 * false if there is none. */
bool cairn_delivery_gap(const struct cairn_delivery *delivery, size_t *channel,
                        struct cairn_gap *ret);
/* Queues one command of the gap. */
void cairn_delivery_fill(struct cairn_delivery *delivery, const struct cairn_gap *gap,
                         const struct cairn_outgoing *outgoing);
/* The table has no more commands for the gap: the channel is no longer behind. */
void cairn_delivery_filled(struct cairn_delivery *delivery, const struct cairn_gap *gap);

/* Returns the outcomes since the last call, the oldest first; cairn_delivered_free() each. */
struct cairn_delivered *cairn_delivery_take(struct cairn_delivery *delivery);
/* Frees the first and returns the next. */
struct cairn_delivered *cairn_delivered_free(struct cairn_delivered *delivered);

#endif
