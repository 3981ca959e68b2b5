-- 0057_bus: creates what PostgreSQL records about the message bus, whose entries are in Redis: how far
-- it was published, what was trimmed, what consumers have handled.
--
-- Redis may lose data. Entries can be published again from the log; what was handled cannot be
-- derived from anything, so it is recorded here, in the transaction of what a handler writes.

-- ---- the publisher ----

create table if not exists cairn.bus (
    single boolean not null default true,
    epoch bigint not null,
    position bigint not null default 0,
    event_id uuid,
    fence bigint not null default 0,
    moved_at timestamptz not null default clock_timestamp(),
    problem text,
    constraint bus_pkey primary key (single),
    constraint bus_has_one_row check (single),
    constraint bus_position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

comment on table cairn.bus is
    'How far the log was published when the publisher last recorded it. The exact position is in Redis.';
comment on column cairn.bus.epoch is 'Of the store, when it was recorded.';
comment on column cairn.bus.position is 'Redis had every event up to this position.';
comment on column cairn.bus.event_id is
    'Of the event at that position: if the log has another one there, the bus belongs to another history.';
comment on column cairn.bus.fence is 'Fence of the lease under which it was recorded.';
comment on column cairn.bus.problem is 'Why the publisher is stopped; null while it is not.';

create table if not exists cairn.bus_streams (
    category text collate "C" not null,
    floor bigint not null default 0,
    floor_at timestamptz not null default clock_timestamp(),
    constraint bus_streams_pkey primary key (category),
    constraint bus_streams_floor_is_not_negative check (floor >= 0)
);

comment on table cairn.bus_streams is 'The categories that are published.';
comment on column cairn.bus_streams.floor is
    'Entries up to this position were trimmed: all groups had handled them, or the cap was reached. Above it the stream is complete.';

create table if not exists cairn.bus_losses (
    category text collate "C" not null,
    consumer_group text collate "C" not null,
    from_position bigint not null,
    to_position bigint not null,
    lost_at timestamptz not null default clock_timestamp(),
    constraint bus_losses_pkey primary key (category, consumer_group)
);
comment on table cairn.bus_losses is
    'Events of the category in this range of positions were trimmed from the bus before the group had handled them. They are in the log. Delete the row when the group has been repaired.';
comment on column cairn.bus_losses.from_position is
    'The oldest event that the group had not handled when it first lost entries.';
comment on column cairn.bus_losses.to_position is 'The newest event that was trimmed.';
comment on column cairn.bus_losses.lost_at is 'Time of the last loss.';

grant select, insert, update on cairn.bus, cairn.bus_streams, cairn.bus_losses to cairn_projector;
grant select on cairn.bus, cairn.bus_streams, cairn.bus_losses to cairn_writer, cairn_reader, cairn_consumer;

-- ---- consumers ----

create table if not exists cairn.consumed (
    consumer text collate "C" not null,
    stream text collate "C" not null,
    version bigint not null,
    position bigint not null,
    constraint consumed_pkey primary key (consumer, stream)
) with (fillfactor = 80);

comment on table cairn.consumed is
    'How far each consumer group has come in each stream: it has handled nothing after this version.';
comment on column cairn.consumed.position is 'Of the event of that version.';

create table if not exists cairn.consumed_again (
    consumer text collate "C" not null,
    event_id uuid not null,
    handled_at timestamptz not null default clock_timestamp(),
    constraint consumed_again_pkey primary key (consumer, event_id)
);

comment on table cairn.consumed_again is 'Dead letters that were handled by a later retry.';

-- cairn.consumed says how far a group has come in a stream, not what it gave up on the way: when Redis
-- has lost the dead letters, the events would come again and count as handled.
create table if not exists cairn.consumed_dead (
    consumer text collate "C" not null,
    event_id uuid not null,
    stream text collate "C" not null,
    version bigint not null,
    position bigint not null,
    reason text not null,
    buried_at timestamptz not null default clock_timestamp(),
    constraint consumed_dead_pkey primary key (consumer, event_id)
);
comment on table cairn.consumed_dead is
    'Events that a consumer group gave up (dead letters), kept independently of Redis. Those handled by a later retry are in cairn.consumed_again.';

grant select, insert, update, delete on cairn.consumed, cairn.consumed_again, cairn.consumed_dead
    to cairn_consumer;
grant select on cairn.consumed, cairn.consumed_again, cairn.consumed_dead
    to cairn_writer, cairn_projector, cairn_reader;
