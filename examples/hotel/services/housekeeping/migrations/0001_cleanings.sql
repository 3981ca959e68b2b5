-- 0001_cleanings: creates the table of the housekeeping service: cairn migrate housekeeping DIRECTORY

comment on schema housekeeping is 'What the housekeeping service keeps of reservations.';

create table cleanings (
    reservation_id uuid not null,
    room_id uuid not null,
    due_on date not null,
    constraint cleanings_pkey primary key (reservation_id)
);
comment on table cleanings is 'A room to be cleaned on the day a guest departs.';
comment on column cleanings.due_on is 'The day of the departure.';
create index cleanings_by_day on cleanings (due_on, room_id);
