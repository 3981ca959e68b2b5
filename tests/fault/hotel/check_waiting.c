/* check_waiting.c - checks what the hotel's processes did: at the end no reservation is held that
 * was not confirmed, and the waiting list of each room was served in its order, and completely. */
#include "../check/check.h"
#include "fold.h"

#include <string.h>

void check_expired(struct evidence *evidence, struct verdict *verdict)
{
    struct hotel hotel;
    if (json_array_size(evidence->rows) == 0)
        return; /* a run that has ended before every timer */
    hotel_fold_all(&hotel, evidence);
    for (size_t i = 0; i < hotel.bookings.count; i++) {
        const struct booking *booking = hotel.bookings.entries[i].value;
        if (booking->state == HELD)
            verdict_add(verdict, "expired", "%s is held after its time", booking->stream);
    }
    hotel_fold_close(&hotel);
}

/* ---- the order ---- */

static bool offers(const struct event *advance, const char *stream)
{
    size_t i;
    const json_t *sent;
    json_array_foreach(json_object_get(advance->data, "sent"), i, sent)
    {
        if (strcmp(member_text(sent, "command"), "offer_reservation") == 0 &&
            strcmp(member_text(sent, "to"), stream) == 0)
            return true;
    }
    return false;
}

/* Returns the first of the process' advances after which it knew the event at this position, and
 * in `ret_offered` whether that one or a later one before `end` made an offer to the booking; NULL
 * if none up to `end` did. */
static const struct event *informed_by(const struct stream *process, size_t end, int64_t position,
                                       const struct booking *booking, bool *ret_offered)
{
    const struct event *first = NULL;
    *ret_offered = false;
    for (size_t i = 0; i <= end; i++) {
        const struct event *advance = process->events[i];
        if (!first && member_number(advance->data, "position", 0) >= position)
            first = advance;
        if (first && i < end && offers(advance, booking->stream))
            *ret_offered = true;
    }
    return first;
}

/* Checks an offer to `asked`, sent by the advance `at`: none that waited longer was passed over,
 * though its nights were free and the process knew it. */
static void check_offer(const struct hotel *hotel, const struct room *room,
                        const struct stream *process, size_t at, const struct booking *asked,
                        struct verdict *verdict)
{
    int64_t position = process->events[at]->position;
    for (size_t i = 0; i < room->queue_count && room->queue[i] != asked; i++) {
        const struct booking *earlier = room->queue[i];
        int64_t since;
        bool offered;
        if (earlier->left < position ||
            !hotel_was_free(hotel, &earlier->waited_for, position, &since))
            continue;
        if (earlier->queued > since)
            since = earlier->queued;
        if (!informed_by(process, at, since, earlier, &offered))
            continue;
        if (!offered)
            verdict_add(verdict, "served",
                        "%s was offered its nights at position %" PRId64
                        " before %s, which waited longer and could have its own",
                        asked->stream, position, earlier->stream);
        else
            verdict_add(verdict, "served",
                        "%s was offered nights that were free and did not get them",
                        earlier->stream);
    }
}

static void check_process(const struct hotel *hotel, const struct room *room,
                          const struct stream *process, struct verdict *verdict)
{
    size_t k;
    const json_t *sent;
    for (size_t i = 0; i < process->count; i++) {
        json_array_foreach(json_object_get(process->events[i]->data, "sent"), k, sent)
        {
            const struct booking *asked = cairn_map_get(&hotel->bookings, member_text(sent, "to"));
            if (asked && offers(process->events[i], asked->stream))
                check_offer(hotel, room, process, i, asked, verdict);
        }
    }
}

/* Checks, for a run that has ended when nothing was left to do, that no guest waits for nights that
 * are free. */
static void check_left(const struct evidence *evidence, const struct hotel *hotel,
                       const struct room *room, struct verdict *verdict)
{
    int64_t since;
    if (json_array_size(evidence->rows) == 0)
        return;
    for (size_t i = 0; i < room->queue_count; i++) {
        if (room->queue[i]->state == WAITING &&
            hotel_was_free(hotel, &room->queue[i]->waited_for, INT64_MAX - 1, &since))
            verdict_add(verdict, "served", "%s waits though its nights are free",
                        room->queue[i]->stream);
    }
}

void check_served(struct evidence *evidence, struct verdict *verdict)
{
    struct hotel hotel;
    hotel_fold_all(&hotel, evidence);
    for (size_t i = 0; i < hotel.rooms.count; i++) {
        const struct room *room = hotel.rooms.entries[i].value;
        const struct stream *process =
            cairn_map_get(&evidence->streams, cairn_print(&evidence->arena, "waiting_list-%s",
                                                          hotel.rooms.entries[i].key));
        if (room && process)
            check_process(&hotel, room, process, verdict);
        if (room)
            check_left(evidence, &hotel, room, verdict);
    }
    hotel_fold_close(&hotel);
}
