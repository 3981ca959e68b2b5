/* expiry.c - the process that expires a reservation which is not confirmed in time. */
#include "hotel.h"

CAIRN_STRUCT(expiry);
CAIRN_PROCESS(expiry, CAIRN_SENDS(reservation),
              .help = "Expires reservations that are not confirmed in time.");

CAIRN_WHEN(expiry, reservation, reservation_held)
{
    cairn_schedule(ret, "deadline", event->confirm_by);
}
CAIRN_WHEN(expiry, reservation, reservation_confirmed)
{
    cairn_cancel(ret, "deadline");
}
CAIRN_WHEN(expiry, reservation, reservation_released)
{
    cairn_cancel(ret, "deadline");
}
CAIRN_WHEN_TIMER(expiry, deadline, "deadline")
{
    CAIRN_SEND(ret, reservation, given->id, expire_reservation);
}
