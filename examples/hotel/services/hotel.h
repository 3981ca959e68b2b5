/* hotel.h - public interface of the hotel: its events, its commands, and the rows that it shows.
 *
 * A reservation:
 *
 *     waiting --offer--> held --confirm--> confirmed
 *         \               |\                   |
 *          \              | `--expire--> expired
 *           `----cancel---`--------------------`--> cancelled
 *
 * Managers keep the rooms, the desk takes reservations. The role hotel-service is that of the
 * hotel's own processes. */
#ifndef HOTEL_H
#define HOTEL_H

#include <cairn/outbound.h>
#include <cairn/service.h>

/* Nights of a room: from that of the day `from` to the one that ends on the day `until`. */
CAIRN_STRUCT(nights, UUID(room_id), DAY(from), DAY(until));

/* ---- rooms ---- */

/* Rooms of version 1 all had two beds. */
CAIRN_STRUCT(room_added_v1, TEXT(number));
CAIRN_STRUCT(room_added, TEXT(number), INT(beds));
CAIRN_STRUCT(room_closed, RECORD(nights, nights), TEXT(reason));
CAIRN_EVENTS(room, EVENT(room_added, "RoomAdded", 2, room_added_v1),
             EVENT(room_closed, "RoomClosed", 1));

CAIRN_STRUCT(add_room, TEXT(number, .max_bytes = 10), INT(beds, CAIRN_RANGE(1, 10)));
CAIRN_STRUCT(close_room, DAY(from), DAY(until), TEXT(reason, .max_bytes = 200));
CAIRN_COMMANDS(room, COMMAND(add_room, "POST /rooms", .allow = CAIRN_ROLE("manager")),
               COMMAND(close_room, "POST /rooms/{id}/close", .allow = CAIRN_ROLE("manager"),
                       .help = "Closes it for free nights."));

/* For deciders: each night of a room is claimed by one stream, a reservation or the closed room.
 * Nights that are none, too many or past are refused, and with them what was emitted. `room` is the
 * room's number, for people. */
int nights_check(const struct nights *nights, struct cairn_time now, struct cairn_error *error);
int nights_claim(const struct nights *nights, const char *room, const struct cairn_given *given,
                 struct cairn_decision *ret, struct cairn_error *error);

/* ---- reservations ---- */

CAIRN_ENUM(reservation_status, (WAITING, "waiting"), (HELD, "held"), (CONFIRMED, "confirmed"),
           (CANCELLED, "cancelled"), (EXPIRED, "expired"));

/* `room` is the room's number. */
CAIRN_STRUCT(reservation_queued, RECORD(nights, nights), TEXT(room), TEXT(guest));
/* It expires if it is not confirmed by then. */
CAIRN_STRUCT(reservation_held, RECORD(nights, nights), TEXT(room), TEXT(guest), TIME(confirm_by));
CAIRN_STRUCT(reservation_confirmed, RECORD(nights, nights), TEXT(guest));
/* It was cancelled or has expired. */
CAIRN_STRUCT(reservation_released, ENUM(status, reservation_status), RECORD(nights, nights));
/* Which nights it has claimed: a move frees some and takes others. */
CAIRN_STRUCT(nights_taken, RECORD(nights, nights), TEXT(guest));
CAIRN_STRUCT(nights_freed, RECORD(nights, nights));
CAIRN_EVENTS(reservation, EVENT(reservation_queued, "ReservationQueued", 1),
             EVENT(reservation_held, "ReservationHeld", 1),
             EVENT(reservation_confirmed, "ReservationConfirmed", 1),
             EVENT(reservation_released, "ReservationReleased", 1),
             EVENT(nights_taken, "NightsTaken", 1), EVENT(nights_freed, "NightsFreed", 1));

CAIRN_STRUCT(make_reservation, RECORD(nights, nights), TEXT(guest, .max_bytes = 100),
             INT(persons, CAIRN_RANGE(1, 10)),
             BOOL(wait, .optional = true, .help = "Wait for the nights if they are taken."));
CAIRN_STRUCT(offer_reservation);
CAIRN_STRUCT(confirm_reservation);
CAIRN_STRUCT(move_reservation, DAY(from), DAY(until));
CAIRN_STRUCT(cancel_reservation);
CAIRN_STRUCT(expire_reservation);
CAIRN_COMMANDS(
    reservation, COMMAND(make_reservation, "POST /reservations", .allow = CAIRN_ROLE("desk")),
    COMMAND(confirm_reservation, "POST /reservations/{id}/confirm", .allow = CAIRN_ROLE("desk")),
    COMMAND(move_reservation, "POST /reservations/{id}/move", .allow = CAIRN_ROLE("desk")),
    COMMAND(cancel_reservation, "POST /reservations/{id}/cancel",
            .allow = CAIRN_ROLE("desk", "hotel-service")),
    INTERNAL(offer_reservation), INTERNAL(expire_reservation));

/* What a reservation needs to know of its room: 0 beds if there is none. */
CAIRN_STRUCT(reserved_room, TEXT(number), INT(beds));

/* ---- rows ---- */

CAIRN_STRUCT(reservations, UUID(reservation_id), UUID(room_id), DAY(arrival), DAY(departure),
             TEXT(guest), ENUM(status, reservation_status), TIME(confirm_by, .optional = true));
/* A night of a room that is reserved or closed. */
CAIRN_STRUCT(occupancy_key, UUID(room_id), DAY(night));
CAIRN_STRUCT(occupancy, UUID(room_id), DAY(night), UUID(reservation_id, .optional = true),
             TEXT(guest, .optional = true), TEXT(closed_because, .optional = true));

/* ---- the parts that hotel.c runs, and their settings ---- */

extern const struct cairn_projection reservations_projection, occupancy_projection;
extern const struct cairn_process expiry_process, waiting_list_process;
extern const struct cairn_reactor webhook_reactor;
extern int64_t hold_s;
extern struct cairn_target webhook_target;

#endif
