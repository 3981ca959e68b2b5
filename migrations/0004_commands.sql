-- 0004_commands: the commands that came with an Idempotency-Key and were carried out, so that a
-- repeat is answered as the first time and has no second effect. Refusals are not kept: they are
-- decided again.

create table cairn.commands (
    shard smallint not null,
    command_id bytea not null,
    request_hash bytea not null,
    status smallint not null,
    stream text collate "C" not null,
    version bigint not null,
    position bigint not null,
    event_count integer not null,
    recorded_at timestamptz not null,
    constraint commands_pkey primary key (shard, command_id),
    constraint commands_id_is_sha256 check (octet_length(command_id) = 32),
    constraint commands_hash_is_sha256 check (octet_length(request_hash) = 32)
);
create index commands_recorded_at_idx on cairn.commands (recorded_at);

comment on table cairn.commands is
    'Commands with an Idempotency-Key that were carried out, and what they were answered.';
comment on column cairn.commands.command_id is 'SHA-256 of the service and the key.';
comment on column cairn.commands.request_hash is
    'SHA-256 of method, path, If-Match and body: the same key with another request is refused.';
comment on column cairn.commands.status is 'HTTP status of the answer.';
comment on column cairn.commands.stream is 'The stream it was decided on.';
comment on column cairn.commands.version is 'Of the stream after it.';
comment on column cairn.commands.position is
    'Of its last event; its events are the event_count up to there.';
grant select on cairn.commands to cairn_writer, cairn_reader;

create function cairn.find_command(
    in_service text,
    in_key text,
    in_request bytea,
    out command_id text,
    out request_hash text,
    out known boolean,
    out same_request boolean,
    out status bigint,
    out stream text,
    out version bigint,
    out "position" bigint,
    out event_count bigint
)
    language sql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
as $$
    select encode(k.command_id, 'hex'), encode(k.request_hash, 'hex'), c.command_id is not null,
           c.request_hash = k.request_hash, c.status, c.stream, c.version, c.position, c.event_count
        from (select sha256(convert_to(in_service || E'\n' || in_key, 'UTF8')) as command_id,
                     sha256(in_request) as request_hash) k
        left join cairn.commands c on c.shard = 0 and c.command_id = k.command_id
$$;
comment on function cairn.find_command(text, text, bytea) is
    'The ids, in hex, of a command with this Idempotency-Key and request, and what it was answered if it is known.';
