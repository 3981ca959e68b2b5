-- stays.sql - creates views for the tests: which nights were held when, as the events alone say.

-- A stay lasts, in the log, from the event that takes its nights to the next one, which frees them.
create view stays as
    select stream, room_id, nights, lasts
        from (
            select stream, type, ((n ->> 'room_id')::uuid) as room_id,
                   daterange((n ->> 'from')::date, (n ->> 'until')::date) as nights,
                   int8range(position, lead(position) over (partition by stream order by version)) as lasts
                from (
                    select *, data -> 'nights' as n from cairn.events where type in ('NightsTaken', 'NightsFreed')
                ) e
        ) s
        where type = 'NightsTaken'
    union all
    select stream, (data #>> '{nights,room_id}')::uuid,
           daterange((data #>> '{nights,from}')::date, (data #>> '{nights,until}')::date), int8range(position, null)
        from cairn.events where type = 'RoomClosed';

create view held_twice as
    select a.room_id, a.stream, b.stream as other, a.nights * b.nights as nights, a.lasts * b.lasts as lasts
        from stays a join stays b on a.room_id = b.room_id and a.nights && b.nights and a.lasts && b.lasts
        where lower(a.lasts) < lower(b.lasts);
