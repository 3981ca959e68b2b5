-- 0043_bus_losses: what a group of consumers has lost is known for as long as somebody needs it.
--
-- A stream of the bus that reaches its cap is cut, whoever has not read it. That was a line in a log
-- and a number that begins anew with its process: who looks a day later found nothing.

create table cairn.bus_losses (
    category text collate "C" not null,
    consumer_group text collate "C" not null,
    from_position bigint not null,
    to_position bigint not null,
    lost_at timestamptz not null default clock_timestamp(),
    constraint bus_losses_pkey primary key (category, consumer_group)
);
comment on table cairn.bus_losses is
    'Events of the category at these positions and between were cut from the bus before the group had handled them. They are in the log. Delete the row when that is made good.';
comment on column cairn.bus_losses.from_position is 'The oldest that the group had not handled when it lost entries first.';
comment on column cairn.bus_losses.to_position is 'The newest that was cut.';
comment on column cairn.bus_losses.lost_at is 'The last time.';

grant select, insert, update on cairn.bus_losses to cairn_projector;
grant select on cairn.bus_losses to cairn_writer, cairn_reader, cairn_consumer;
