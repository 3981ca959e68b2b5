/* delivery.h - delivers the commands of one process manager.
 *
 * Commands to one stream are sent in the order in which they were issued, those to different
 * streams concurrently, each retried until the answer is final (command_client.h). The outcomes are
 * collected for the process manager, which keeps the table of open commands (manager.c).
 *
 * Each category that the process sends to has its own way, with its own threads, so that a service
 * that is unreachable, or hangs, delays commands to no other. A way has limited room: further
 * commands stay in the table, and are taken from there, in order, when there is room again.
 *
 * Threads: one pushes, takes and fills; the delivery has its own threads for sending. */
#ifndef CAIRN_PROCESS_DELIVERY_H
#define CAIRN_PROCESS_DELIVERY_H

#include "process/deliver/command_client.h"
#include "process/deliver/keyed_queue.h"

struct cairn_delivery;

/* A command that a process manager has sent. */
struct cairn_outgoing {
    const char *stream; /* of the process */
    int64_t version;    /* of the event that sends it */
    int64_t number;     /* in that event: 0, 1, 2… */
    int64_t position;   /* of that event */
    const char *target;
    const char *command; /* its name: "pay_order" */
    const char *method;
    const char *path;
    const char *body;
    const char *traceparent;    /* or NULL */
    const char *correlation_id; /* or NULL */
    const char *key;            /* its Idempotency-Key */
};

enum cairn_delivery_status { CAIRN_DELIVERED = 1, CAIRN_NOT_YET, CAIRN_TURNED_DOWN };

/* The outcome of a command. NOT_YET is only reported: the delivery retries by itself. */
struct cairn_delivered {
    struct cairn_outgoing outgoing;
    enum cairn_delivery_status status;
    int64_t attempts;
    struct cairn_error error; /* unless it was delivered */
    struct cairn_delivered *next;
};

/* `told` is called, by any thread, when there is an outcome to take. `threads` is per way. */
int cairn_delivery_open(const struct cairn_process *process, struct cairn_command_client *client,
                        int threads, void (*told)(void *context), void *context,
                        struct cairn_delivery **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is allowed. */
void cairn_delivery_close(struct cairn_delivery *delivery);

/* Queues a command, with copies of its texts. If its way has no room, or is behind, the command
 * stays in the table only. */
void cairn_delivery_push(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing);
/* Discards the commands that were not sent yet: all ways are behind. */
void cairn_delivery_clear(struct cairn_delivery *delivery);
/* Returns how many commands wait or are under way. */
size_t cairn_delivery_count(struct cairn_delivery *delivery);

/* The commands of a way that are only in the table, and for which it has room now. */
struct cairn_gap {
    const char *const *categories; /* of the targets: these, */
    size_t count;
    bool others;              /* or all others */
    int64_t position, number; /* after this one */
    int64_t limit;            /* at most so many */
    size_t way;
};

/* Finds the first gap from *way on, and advances *way; false if there is none. */
bool cairn_delivery_gap(const struct cairn_delivery *delivery, size_t *way, struct cairn_gap *ret);
/* Queues one command of the gap. */
void cairn_delivery_fill(struct cairn_delivery *delivery, const struct cairn_gap *gap,
                         const struct cairn_outgoing *outgoing);
/* The table has no more commands for the gap: the way is no longer behind. */
void cairn_delivery_filled(struct cairn_delivery *delivery, const struct cairn_gap *gap);

/* Returns the outcomes since the last call, the oldest first; cairn_delivered_free() each. */
struct cairn_delivered *cairn_delivery_take(struct cairn_delivery *delivery);
/* Frees the first and returns the next. */
struct cairn_delivered *cairn_delivered_free(struct cairn_delivered *delivered);

#endif
