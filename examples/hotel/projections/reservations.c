/* reservations.c - read model: one row a reservation. */
#include "../services/hotel.h"

CAIRN_PROJECTION(reservations, .version = 1, CAIRN_INDEXES("arrival", "room_id, arrival"),
                 .help = "One row a reservation.");

static enum cairn_row set(struct reservations *row, enum reservation_status status,
                          const struct nights *nights)
{
    row->status = status;
    row->room_id = nights->room_id;
    row->arrival = nights->from;
    row->departure = nights->until;
    return CAIRN_KEEP;
}

CAIRN_ON(reservations, reservation, reservation_queued)
{
    row->reservation_id = meta->id;
    row->guest = event->guest;
    return set(row, WAITING, &event->nights);
}
CAIRN_ON(reservations, reservation, reservation_held)
{
    row->reservation_id = meta->id;
    row->guest = event->guest;
    row->confirm_by = event->confirm_by;
    return set(row, HELD, &event->nights);
}
CAIRN_ON(reservations, reservation, reservation_confirmed)
{
    return set(row, CONFIRMED, &event->nights);
}
CAIRN_ON(reservations, reservation, reservation_released)
{
    return set(row, event->status, &event->nights);
}
CAIRN_ON(reservations, reservation, nights_taken)
{
    return set(row, row->status, &event->nights);
}
