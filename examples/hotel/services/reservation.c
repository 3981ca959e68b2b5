/* reservation.c - the rules of a reservation. */
#include "hotel.h"

int64_t hold_s = 900;

CAIRN_FACT(reserved_room, room);
CAIRN_LEARN(reserved_room, room_added)
{
    *self = (struct reserved_room){event->number, event->beds};
}

CAIRN_STRUCT(reservation, ENUM(status, reservation_status), RECORD(nights, nights), TEXT(room),
             TEXT(guest));

CAIRN_EVOLVE(reservation, reservation_queued)
{
    *self = (struct reservation){WAITING, event->nights, event->room, event->guest};
}
CAIRN_EVOLVE(reservation, reservation_held)
{
    *self = (struct reservation){HELD, event->nights, event->room, event->guest};
}
CAIRN_EVOLVE(reservation, reservation_confirmed)
{
    self->status = CONFIRMED;
}
CAIRN_EVOLVE(reservation, reservation_released)
{
    self->status = event->status;
}
CAIRN_EVOLVE(reservation, nights_taken)
{
    self->nights = event->nights;
}
CAIRN_EVOLVE(reservation, nights_freed)
{
}

static void free_nights(const struct nights *nights, struct cairn_decision *ret)
{
    CAIRN_EMIT(ret, nights_freed, .nights = *nights);
    cairn_release_range(ret, "room", cairn_uuid_text(nights->room_id), nights->from, nights->until);
}

static int hold(const struct reservation *self, const struct cairn_given *given,
                struct cairn_decision *ret, struct cairn_error *error)
{
    const struct cairn_time confirm_by = cairn_time_after(given->now, CAIRN_SECONDS(hold_s));
    CAIRN_EMIT(ret, reservation_held, .nights = self->nights, .room = self->room,
               .guest = self->guest, .confirm_by = confirm_by);
    CAIRN_EMIT(ret, nights_taken, .nights = self->nights, .guest = self->guest);
    return nights_claim(&self->nights, self->room, given, ret, error);
}

CAIRN_DECIDE(reservation, make_reservation, NEED(reserved_room, nights.room_id))
{
    const struct reserved_room *room = CAIRN_KNOWN(given, reserved_room);
    const struct reservation made = {WAITING, command->nights, room->number, command->guest};
    if (room->beds == 0)
        return cairn_refuse(error, "room-unknown", "no room has the id %s",
                            cairn_uuid_text(command->nights.room_id));
    if (command->persons > room->beds)
        return cairn_refuse(error, "room-too-small", "the room has %" PRId64 " beds", room->beds);
    if (!command->wait)
        return hold(&made, given, ret, error);
    CAIRN_EMIT(ret, reservation_queued, .nights = made.nights, .room = made.room,
               .guest = made.guest);
    return nights_check(&made.nights, given->now, error);
}

CAIRN_DECIDE(reservation, offer_reservation)
{
    if (self->status != WAITING)
        return cairn_refuse(error, "reservation-not-waiting", "the reservation is not waiting");
    return hold(self, given, ret, error);
}

CAIRN_DECIDE(reservation, confirm_reservation)
{
    if (self->status != HELD)
        return cairn_refuse(error, "reservation-not-held", "the reservation is not held");
    CAIRN_EMIT(ret, reservation_confirmed, .nights = self->nights, .guest = self->guest);
    return 0;
}

CAIRN_DECIDE(reservation, move_reservation)
{
    const struct nights to = {self->nights.room_id, command->from, command->until};
    if (self->status != HELD && self->status != CONFIRMED)
        return cairn_refuse(error, "reservation-not-held", "the reservation is not held");
    free_nights(&self->nights, ret);
    CAIRN_EMIT(ret, nights_taken, .nights = to, .guest = self->guest);
    return nights_claim(&to, self->room, given, ret, error);
}

CAIRN_DECIDE(reservation, cancel_reservation)
{
    if (self->status == CANCELLED || self->status == EXPIRED)
        return cairn_refuse(error, "reservation-over", "the reservation was cancelled or expired");
    if (self->status != WAITING)
        free_nights(&self->nights, ret);
    CAIRN_EMIT(ret, reservation_released, .status = CANCELLED, .nights = self->nights);
    return 0;
}

CAIRN_DECIDE(reservation, expire_reservation)
{
    if (self->status != HELD)
        return cairn_refuse(error, "reservation-not-held", "the reservation is not held");
    free_nights(&self->nights, ret);
    CAIRN_EMIT(ret, reservation_released, .status = EXPIRED, .nights = self->nights);
    return 0;
}

CAIRN_DECIDER(reservation, .state_version = 1, .help = "Reservations of rooms by guests.");
