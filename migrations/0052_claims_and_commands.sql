-- 0052_claims_and_commands: creates the tables that appends are checked against. Both are derived from
-- the metas of the events and can be rebuilt from the log.

-- A claim is acquired and released in the same append as the events that say so, and is recorded in
-- the meta of the first of them.
create table if not exists cairn.claims (
    shard smallint not null,
    scope text collate "C" not null,
    key text collate "C" not null,
    stream text collate "C" not null,
    position bigint not null,
    constraint claims_pkey primary key (shard, scope, key)
);
create index if not exists claims_stream_idx on cairn.claims (shard, stream);

comment on table cairn.claims is 'Keys that streams hold exclusively, such as an e-mail address.';
comment on column cairn.claims.scope is 'The kind of key: user.email.';
comment on column cairn.claims.key is 'The key, compared by bytes.';
comment on column cairn.claims.stream is 'The stream that holds it.';
comment on column cairn.claims.position is 'Of the event whose meta records the claim.';
grant select on cairn.claims to cairn_writer, cairn_reader;

-- A command that came with an Idempotency-Key and was accepted is kept, so that a repeat gets the
-- first answer and has no second effect. Refusals are not kept: a repeat is decided afresh.
-- The append functions guarantee the lengths of both hashes (see the remark on cairn.events).
create table if not exists cairn.commands (
    shard smallint not null,
    command_id bytea not null,
    request_hash bytea not null,
    status smallint not null,
    stream text collate "C" not null,
    version bigint not null,
    position bigint not null,
    event_count integer not null,
    recorded_at timestamptz not null,
    constraint commands_pkey primary key (shard, command_id)
);
-- Rows are inserted in the order of their times, and only expiry searches by time.
create index if not exists commands_recorded_at_idx on cairn.commands using brin (recorded_at);

comment on table cairn.commands is
    'Accepted commands that had an Idempotency-Key, with their answers.';
comment on column cairn.commands.command_id is 'SHA-256 of the service and the key.';
comment on column cairn.commands.request_hash is
    'SHA-256 of method, path, If-Match and body: the same key with another request is refused.';
comment on column cairn.commands.status is 'HTTP status of the answer.';
comment on column cairn.commands.stream is 'The stream on which it was decided.';
comment on column cairn.commands.version is 'Of the stream after it.';
comment on column cairn.commands.position is
    'Of its last event; its events are the event_count that end there.';
grant select on cairn.commands to cairn_writer, cairn_reader;

-- The time of a command is that of its events. When the clock is set back, commands that were recorded
-- before would be kept until that time has come: their retention counts from when they are seen here.
create table if not exists cairn.commands_ahead (
    shard smallint not null,
    command_id bytea not null,
    seen_at timestamptz not null,
    constraint commands_ahead_pkey primary key (shard, command_id)
);
comment on table cairn.commands_ahead is 'Commands whose recorded_at is later than the clock.';
comment on column cairn.commands_ahead.seen_at is 'Their retention counts from here.';
grant select on cairn.commands_ahead to cairn_writer, cairn_reader;
