/* housekeeping.c - the housekeeping service: which room is cleaned on which day, told by the bus.
 *
 * housekeeping/migrations makes its table. */
#include "hotel.h"

CAIRN_CONSUMER(housekeeping);

CAIRN_CONSUME(housekeeping, reservation, reservation_confirmed)
{
    return cairn_outcome_of(cairn_sql_run(
        delivery->sql,
        "insert into housekeeping.cleanings (reservation_id, room_id, due_on)"
        " values ($1::uuid, $2::uuid, $3::date)",
        CAIRN_VALUES(cairn_uuid_text(delivery->meta->id), cairn_uuid_text(event->nights.room_id),
                     cairn_day_text(event->nights.until)),
        error));
}

/* Changes nothing for a reservation that was not confirmed. */
CAIRN_CONSUME(housekeeping, reservation, nights_taken)
{
    return cairn_outcome_of(cairn_sql_run(
        delivery->sql,
        "update housekeeping.cleanings set due_on = $2::date where reservation_id = $1::uuid",
        CAIRN_VALUES(cairn_uuid_text(delivery->meta->id), cairn_day_text(event->nights.until)),
        error));
}

CAIRN_CONSUME(housekeeping, reservation, reservation_released)
{
    return cairn_outcome_of(cairn_sql_run(
        delivery->sql, "delete from housekeeping.cleanings where reservation_id = $1::uuid",
        CAIRN_VALUES(cairn_uuid_text(delivery->meta->id)), error));
}

CAIRN_MAIN({.name = "housekeeping",
            .port = 8071,
            .help = "keeps the list of the rooms to be cleaned",
            .consumers = {&housekeeping_consumer}});
