-- 0034_dead_letters: what a consumer gave up is known to PostgreSQL, too.
--
-- cairn.consumed says how far a group has come in a stream, not what it gave up on the way. When Redis
-- had forgotten its dead letters, the events came again and were taken for handled.

create table cairn.consumed_dead (
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
    'Events that a consumer group gave up, whatever Redis remembers of them. Handled after all: those in cairn.consumed_again.';
grant select, insert, update, delete on cairn.consumed_dead to cairn_consumer;
grant select on cairn.consumed_dead to cairn_reader, cairn_projector, cairn_writer;
