-- 0061_associations: creates the table of what the instances of process managers wait for: an event that
-- names a room reaches every instance that is associated with that room.
--
-- Like timers, associations are projected from the process managers' own streams, whose last event has all
-- of them, and can be rebuilt from there.

create table if not exists cairn.associations (
    process text collate "C" not null,
    name text collate "C" not null,
    id uuid not null,
    stream text collate "C" not null,
    since bigint not null,
    constraint associations_pkey primary key (process, name, id, stream)
);
create index if not exists associations_stream_idx on cairn.associations (stream);

comment on table cairn.associations is
    'What instances of process managers are associated with: a projection of their streams.';
comment on column cairn.associations.process is 'The process manager.';
comment on column cairn.associations.name is 'The kind of thing: room.';
comment on column cairn.associations.id is 'Which one.';
comment on column cairn.associations.stream is 'Of the instance.';
comment on column cairn.associations.since is
    'The position of the log at which it began: earlier events do not reach the instance.';
grant select on cairn.associations to cairn_writer, cairn_reader;
