/* occupancy.c - read model: one row for each night of a room that is reserved or closed. */
#include "../services/hotel.h"

CAIRN_PROJECTION(occupancy, .version = 1, CAIRN_INDEXES("night", "room_id, night"),
                 .help = "One row for each night of a room that is reserved or closed.");

static void add_keys(struct cairn_keys *ret, const struct nights *nights)
{
    for (struct cairn_day day = nights->from; day.days < nights->until.days; day.days++)
        cairn_key(ret, "%s:%s", cairn_uuid_text(nights->room_id), cairn_day_text(day));
}

static struct cairn_day night_of(const struct cairn_meta *meta)
{
    return cairn_day_from(meta->key + CAIRN_UUID_TEXT_SIZE);
}

static enum cairn_row occupy(struct occupancy *row, const struct nights *nights, const char *guest,
                             const struct cairn_meta *meta)
{
    *row = (struct occupancy){nights->room_id, night_of(meta), meta->id, guest, NULL};
    return CAIRN_KEEP;
}

/* A reservation that waited has occupied nothing. */
static enum cairn_row leave(const struct occupancy *row, const struct cairn_meta *meta)
{
    return cairn_uuid_equal(row->reservation_id, meta->id) ? CAIRN_DELETE : CAIRN_SKIP;
}

CAIRN_KEYS(occupancy, room_closed)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, room, room_closed)
{
    *row = (struct occupancy){
        .room_id = meta->id, .night = night_of(meta), .closed_because = event->reason};
    return CAIRN_KEEP;
}

CAIRN_KEYS(occupancy, reservation_held)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, reservation, reservation_held)
{
    return occupy(row, &event->nights, event->guest, meta);
}

CAIRN_KEYS(occupancy, reservation_moved)
{
    add_keys(ret, &event->from);
    add_keys(ret, &event->to);
}
CAIRN_ON(occupancy, reservation, reservation_moved)
{
    struct cairn_day night = night_of(meta);
    bool stays = night.days >= event->to.from.days && night.days < event->to.until.days;
    return stays ? occupy(row, &event->to, event->guest, meta) : leave(row, meta);
}

CAIRN_KEYS(occupancy, reservation_released)
{
    add_keys(ret, &event->nights);
}
CAIRN_ON(occupancy, reservation, reservation_released)
{
    return leave(row, meta);
}
