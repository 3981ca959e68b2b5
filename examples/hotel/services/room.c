/* room.c - the rules of a room. */
#include "hotel.h"

enum { NIGHTS_MAX = 90 };

CAIRN_UPCAST(room_added_v1, room_added)
{
    *ret = (struct room_added){.number = old->number, .beds = 2};
}

int nights_check(const struct nights *nights, struct cairn_time now, struct cairn_error *error)
{
    int count = nights->until.days - nights->from.days;
    if (count < 1 || count > NIGHTS_MAX)
        return cairn_refuse(error, "nights-wrong", "%d nights, not 1 to %d", count, NIGHTS_MAX);
    if (nights->from.days < cairn_day_of(now).days)
        return cairn_refuse(error, "nights-past", "%s is past", cairn_day_text(nights->from));
    return 0;
}

int nights_claim(const struct nights *nights, const char *room, const struct cairn_given *given,
                 struct cairn_decision *ret, struct cairn_error *error)
{
    int failed = nights_check(nights, given->now, error);
    if (!failed)
        cairn_claim_range(ret, "room", cairn_uuid_text(nights->room_id), nights->from,
                          nights->until,
                          cairn_print(given->arena, "room %s is not free from %s to %s", room,
                                      cairn_day_text(nights->from), cairn_day_text(nights->until)));
    return failed;
}

CAIRN_STRUCT(room, TEXT(number));
CAIRN_EVOLVE(room, room_added)
{
    self->number = event->number;
}
CAIRN_EVOLVE(room, room_closed)
{
}

CAIRN_DECIDE(room, add_room)
{
    cairn_claim(ret, "room.number", command->number,
                cairn_print(given->arena, "there is a room %s already", command->number));
    CAIRN_EMIT(ret, room_added, .number = command->number, .beds = command->beds);
    return 0;
}

CAIRN_DECIDE(room, close_room)
{
    const struct nights nights = {given->id, command->from, command->until};
    CAIRN_EMIT(ret, room_closed, .nights = nights, .reason = command->reason);
    return nights_claim(&nights, self->number, given, ret, error);
}

CAIRN_DECIDER(room, .state_version = 1, .help = "The rooms, and when they are closed.");
