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

CAIRN_KEYS(occupancy, reservation_held)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, reservation, reservation_held)
{
    row->reservation_id = meta->id;
    row->guest = event->guest;
    return CAIRN_KEEP;
}

CAIRN_KEYS(occupancy, reservation_moved)
{
    add_keys(ret, &event->from);
    add_keys(ret, &event->to);
}
CAIRN_ON(occupancy, reservation, reservation_moved)
{
    if (row->night.days < event->to.from.days || row->night.days >= event->to.until.days)
        return CAIRN_DELETE;
    row->reservation_id = meta->id;
    row->guest = event->guest;
    return CAIRN_KEEP;
}

CAIRN_KEYS(occupancy, reservation_released)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, reservation, reservation_released)
{
    bool is_its_own = cairn_uuid_equal(row->reservation_id, meta->id);
    return is_its_own ? CAIRN_DELETE : CAIRN_SKIP; /* one that waited has occupied nothing */
}
