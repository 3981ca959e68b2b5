/* reservation.c - the rules of a reservation. */
#include "hotel.h"

int64_t hold_s = 900;

CAIRN_FACT(reserved_room, room);
CAIRN_LEARN(reserved_room, room_added)
{
    self->beds = event->beds;
}

CAIRN_STRUCT(reservation, ENUM(status, reservation_status), RECORD(nights, nights), TEXT(guest));

CAIRN_EVOLVE(reservation, reservation_queued)
{
    *self = (struct reservation){WAITING, event->nights, event->guest};
}
CAIRN_EVOLVE(reservation, reservation_held)
{
    *self = (struct reservation){HELD, event->nights, event->guest};
}
CAIRN_EVOLVE(reservation, reservation_confirmed)
{
    self->status = CONFIRMED;
}
CAIRN_EVOLVE(reservation, reservation_moved)
{
    self->nights = event->to;
}
CAIRN_EVOLVE(reservation, reservation_released)
{
    self->status = event->status;
}

static int hold(const struct nights *nights, const char *guest, const struct cairn_given *given,
                struct cairn_decision *ret, struct cairn_error *error)
{
    int failed = nights_claim(nights, given, ret, error);
    if (!failed)
        CAIRN_EMIT(ret, reservation_held, .reservation_id = given->id, .nights = *nights,
                   .guest = guest,
                   .confirm_by = cairn_time_after(given->now, CAIRN_SECONDS(hold_s)));
    return failed;
}

static void free_nights(const struct nights *nights, struct cairn_decision *ret)
{
    cairn_release_range(ret, "room", cairn_uuid_text(nights->room_id), nights->from, nights->until);
}

static int release(const struct nights *nights, enum reservation_status status,
                   struct cairn_decision *ret)
{
    free_nights(nights, ret);
    CAIRN_EMIT(ret, reservation_released, .status = status, .nights = *nights);
    return 0;
}

CAIRN_DECIDE(reservation, make_reservation, NEED(reserved_room, nights.room_id))
{
    int64_t beds = CAIRN_KNOWN(given, reserved_room)->beds;
    if (beds == 0)
        return cairn_refuse(error, "room-unknown", "no room has the id %s",
                            cairn_uuid_text(command->nights.room_id));
    if (command->persons > beds)
        return cairn_refuse(error, "room-too-small", "the room has %" PRId64 " beds", beds);
    if (!command->wait)
        return hold(&command->nights, command->guest, given, ret, error);
    int failed = nights_check(&command->nights, given, error);
    if (!failed)
        CAIRN_EMIT(ret, reservation_queued, .reservation_id = given->id, .nights = command->nights,
                   .guest = command->guest);
    return failed;
}

CAIRN_DECIDE(reservation, offer_reservation)
{
    if (self->status != WAITING)
        return cairn_refuse(error, "reservation-not-waiting", "the reservation is not waiting");
    return hold(&self->nights, self->guest, given, ret, error);
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
    int failed = nights_claim(&to, given, ret, error);
    if (!failed)
        CAIRN_EMIT(ret, reservation_moved, .from = self->nights, .to = to, .guest = self->guest);
    return failed;
}

CAIRN_DECIDE(reservation, cancel_reservation)
{
    if (self->status == CANCELLED || self->status == EXPIRED)
        return cairn_refuse(error, "reservation-over", "the reservation was cancelled or expired");
    return release(&self->nights, CANCELLED, ret);
}

CAIRN_DECIDE(reservation, expire_reservation)
{
    if (self->status != HELD)
        return cairn_refuse(error, "reservation-not-held", "the reservation is not held");
    return release(&self->nights, EXPIRED, ret);
}

CAIRN_DECIDER(reservation, .state_version = 1, .help = "Reservations of rooms by guests.");
