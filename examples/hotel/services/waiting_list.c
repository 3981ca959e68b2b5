/* waiting_list.c - the process that offers free nights to waiting guests, in order.
 *
 * A room has one. When nights of the room become free, each reservation in the queue is asked to
 * claim its own, one at a time, the oldest first: the claims decide which of them fit. */
#include "hotel.h"

#include <string.h>

enum { QUEUE_MAX = 200 };
CAIRN_STRUCT(queued, UUID(id));
CAIRN_STRUCT(waiting_list, LIST(queue, queued, .max_count = QUEUE_MAX),
             LIST(unasked, queued, .max_count = QUEUE_MAX), UUID(asked, .optional = true));
CAIRN_PROCESS(waiting_list, CAIRN_SENDS(reservation),
              .help = "Offers nights to the guests who wait for them, in order.");

static void ask_next(struct waiting_list *self, const struct cairn_given *given,
                     struct cairn_reaction *ret)
{
    if (!cairn_uuid_is_zero(self->asked) || self->unasked.count == 0)
        return;
    self->asked = self->unasked.items[0].id;
    CAIRN_REMOVE(given->arena, self->unasked, self->unasked.items);
    CAIRN_SEND(ret, reservation, self->asked, offer_reservation);
}

/* The guest waits no longer. */
static void leave(struct waiting_list *self, struct cairn_uuid id, const struct cairn_given *given)
{
    const struct queued *one = CAIRN_FIND(self->queue, id, id);
    if (one)
        CAIRN_REMOVE(given->arena, self->queue, one);
}

/* Goes on when the guest that was asked has answered. An answer to an older offer, one that was
 * sent twice or came late, says nothing of the guest that is asked now. */
static void take_answer(struct waiting_list *self, struct cairn_uuid id,
                        const struct cairn_given *given, struct cairn_reaction *ret)
{
    if (!cairn_uuid_equal(self->asked, id))
        return;
    self->asked = (struct cairn_uuid){0};
    ask_next(self, given, ret);
}

CAIRN_WHEN_BY(waiting_list, reservation, reservation_queued, nights.room_id)
{
    if (self->queue.count == QUEUE_MAX) {
        CAIRN_SEND(ret, reservation, given->meta->id, cancel_reservation);
        return;
    }
    CAIRN_APPEND(given->arena, self->queue, .id = given->meta->id);
    CAIRN_APPEND(given->arena, self->unasked, .id = given->meta->id);
    ask_next(self, given, ret);
}
CAIRN_WHEN_BY(waiting_list, reservation, reservation_held, nights.room_id)
{
    leave(self, given->meta->id, given);
    take_answer(self, given->meta->id, given, ret);
}
CAIRN_WHEN_REFUSED(waiting_list, offer_reservation)
{
    if (strcmp(refusal->reason, "nights-past") == 0)
        CAIRN_SEND(ret, reservation, refusal->id, cancel_reservation);
    if (refusal->code != CAIRN_CLAIMED)
        leave(self, refusal->id, given);
    take_answer(self, refusal->id, given, ret);
}
CAIRN_WHEN_BY(waiting_list, reservation, nights_freed, nights.room_id)
{
    self->unasked = self->queue;
    ask_next(self, given, ret);
}
/* A guest in the queue has given up, and leaves it by refusing the offer. */
CAIRN_WHEN_BY(waiting_list, reservation, reservation_released, nights.room_id)
{
    if (CAIRN_FIND(self->queue, id, given->meta->id))
        self->unasked = self->queue;
    ask_next(self, given, ret);
}
