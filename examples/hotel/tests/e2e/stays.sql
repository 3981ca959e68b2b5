-- stays.sql - creates views for the tests: which nights were held when, as the events alone say.

-- A stay lasts, in the log, from the event that takes its nights to the one that frees the same nights.
create view stays as
    select stream, (data #>> '{nights,room_id}')::uuid as room_id,
           daterange((data #>> '{nights,from}')::date, (data #>> '{nights,until}')::date) as nights,
           int8range(position, (
               select min(f.position) from cairn.events f
                   where f.stream = t.stream and f.position > t.position and f.type = 'NightsFreed'
                       and f.data ->> 'nights' = t.data ->> 'nights'
           )) as lasts
        from cairn.events t where type in ('NightsTaken', 'RoomClosed');

create view held_twice as
    select a.room_id, a.stream, b.stream as other, a.nights * b.nights as nights, a.lasts * b.lasts as lasts
        from stays a join stays b on a.room_id = b.room_id and a.nights && b.nights and a.lasts && b.lasts
        where lower(a.lasts) < lower(b.lasts);
