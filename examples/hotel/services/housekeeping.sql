-- housekeeping.sql - creates the table of the housekeeping service: psql "$DATABASE_URL" -f this
--
-- Applied by hand until the framework applies a service's own migrations with `cairn migrate`.

create schema if not exists housekeeping;
comment on schema housekeeping is 'What the housekeeping service keeps of reservations.';

create table if not exists housekeeping.cleanings (
    reservation_id uuid not null,
    room_id uuid not null,
    due_on date not null,
    constraint cleanings_pkey primary key (reservation_id)
);
comment on table housekeeping.cleanings is 'A room to be cleaned on the day a guest departs.';
comment on column housekeeping.cleanings.due_on is 'The day of the departure.';
create index if not exists cleanings_by_day on housekeeping.cleanings (due_on, room_id);

grant usage on schema housekeeping to cairn_consumer;
grant select, insert, update, delete on housekeeping.cleanings to cairn_consumer;
