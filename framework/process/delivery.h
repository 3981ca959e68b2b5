/* delivery.h - the commands of one process manager on their way.
 *
 * Commands to one stream go out in the order in which they were sent, the others at once, each
 * again and again until the answer is final (courier.h). What became of them is collected for the
 * process manager, which keeps the table of those that are open (manager.c).
 *
 * Each category that the process sends to has a way of its own, with threads of its own, so that a
 * service that is away, or hangs, holds up what goes to no other. A way has room for so many: what
 * does not fit stays in the table, and is taken from there, in order, when there is room again.
 *
 * Threads: one pushes, takes and fills; the delivering is done by threads of its own. */
#ifndef CAIRN_PROCESS_DELIVERY_H
#define CAIRN_PROCESS_DELIVERY_H

#include "process/courier.h"
#include "process/lanes.h"

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
    const char *traceparent; /* or NULL */
    const char *key;         /* its Idempotency-Key */
};

enum cairn_fate { CAIRN_DELIVERED = 1, CAIRN_NOT_YET, CAIRN_TURNED_DOWN };

/* What became of one. NOT_YET is only told: it is tried again without anybody's doing. */
struct cairn_delivered {
    struct cairn_outgoing outgoing;
    enum cairn_fate fate;
    int64_t attempts;
    struct cairn_error error; /* unless it was delivered */
    struct cairn_delivered *next;
};

/* `told` is called, by any thread, when there is something to take. `threads` for each way. */
int cairn_delivery_open(const struct cairn_process *process, struct cairn_courier *courier,
                        int threads, void (*told)(void *context), void *context,
                        struct cairn_delivery **ret, struct cairn_error *error) CAIRN_CHECKED;
/* Waits for what is under way. NULL is fine. */
void cairn_delivery_close(struct cairn_delivery *delivery);

/* The texts are copied. One whose way has no room, or has left others behind, is left in the table.
 */
void cairn_delivery_push(struct cairn_delivery *delivery, const struct cairn_outgoing *outgoing);
/* Forgets what has not gone out yet: all ways are behind. */
void cairn_delivery_clear(struct cairn_delivery *delivery);
/* How many wait or are under way. */
size_t cairn_delivery_count(struct cairn_delivery *delivery);

/* What a way has left behind in the table, and now has room for. */
struct cairn_gap {
    const char *const *categories; /* of the targets: these, */
    size_t count;
    bool others;              /* or all others */
    int64_t position, number; /* after this one */
    int64_t limit;            /* so many of them */
    size_t way;
};

/* The first gap from *way on, which it moves along; false if there is none. */
bool cairn_delivery_gap(const struct cairn_delivery *delivery, size_t *way, struct cairn_gap *ret);
/* One of the gap goes on its way. */
void cairn_delivery_fill(struct cairn_delivery *delivery, const struct cairn_gap *gap,
                         const struct cairn_outgoing *outgoing);
/* There were no more: the way is not behind. */
void cairn_delivery_filled(struct cairn_delivery *delivery, const struct cairn_gap *gap);

/* What became of commands since the last time, the oldest first; cairn_delivered_free() each. */
struct cairn_delivered *cairn_delivery_take(struct cairn_delivery *delivery);
/* Frees the first and returns the next. */
struct cairn_delivered *cairn_delivered_free(struct cairn_delivered *delivered);

#endif
