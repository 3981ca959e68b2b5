/* occupancy.c - read model: one row for each night of a room that is reserved or closed. */
#include "../services/hotel.h"

CAIRN_PROJECTION(occupancy, .version = 1, .key = &occupancy_key_record,
                 CAIRN_INDEXES("night", "room_id, night"),
                 .help = "One row for each night of a room that is reserved or closed.");

static void add_keys(struct cairn_keys *ret, const struct nights *nights)
{
    for (struct cairn_day night = nights->from; night.days < nights->until.days; night.days++)
        CAIRN_KEY(ret, occupancy_key, .room_id = nights->room_id, .night = night);
}

CAIRN_KEYS(occupancy, room_closed)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, room, room_closed)
{
    row->closed_because = event->reason;
    return CAIRN_KEEP;
}

CAIRN_KEYS(occupancy, nights_taken)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, reservation, nights_taken)
{
    row->reservation_id = meta->id;
    row->guest = event->guest;
    return CAIRN_KEEP;
}

CAIRN_KEYS(occupancy, nights_freed)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, reservation, nights_freed)
{
    return CAIRN_DELETE;
}
