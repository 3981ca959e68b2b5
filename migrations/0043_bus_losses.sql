-- 0043_bus_losses: records which events a consumer group lost when a stream was cut at its cap.
--
-- A stream of the bus that reaches CAIRN_BUS_CAP is trimmed even if a group has not read it. Until now
-- a log line and a counter that is lost on restart were the only trace.

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
