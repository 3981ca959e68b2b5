-- 0069_executed_commands: replaces the table of commands by one with small rows.
--
-- A row has the first 16 bytes of the key's hash, as the UUID that the command has in the metas of its
-- events, and the first 8 bytes of the request's. Its stream, version and time are those of its last
-- event, and stand in the row only if there is none.

create or replace function cairn.uuid_of_hash(in_hash bytea) returns uuid
    language sql
    immutable
    strict
    set search_path = pg_catalog, pg_temp
as $$
    select encode(set_byte(set_byte(substr(in_hash, 1, 16), 6, get_byte(in_hash, 6) & 15 | 128),
                           8, get_byte(in_hash, 8) & 63 | 128), 'hex')::uuid
$$;
comment on function cairn.uuid_of_hash is 'A UUID of version 8 (RFC 9562) of the first bits of a hash.';

create or replace function cairn.command_id(in_service text, in_key text) returns uuid
    language plpgsql
    immutable
    strict
    set search_path = pg_catalog, pg_temp
as $$
begin
    return cairn.uuid_of_hash(sha256(convert_to(in_service || E'\n' || in_key, 'UTF8')));
end
$$;
comment on function cairn.command_id is
    'The id of a command with this Idempotency-Key: a UUID of version 8 (RFC 9562) of the first bits of a SHA-256.';

create or replace function cairn.short_hash(in_hex text) returns bigint
    language sql
    immutable
    strict
    set search_path = pg_catalog, pg_temp
as $$
    select ('x' || left(in_hex, 16))::bit(64)::bigint
$$;
comment on function cairn.short_hash is 'The first 8 bytes of a hash in hex, as a number.';

create table cairn.executed_commands (
    command_id uuid not null,
    request_hash bigint not null,
    position bigint not null,
    event_count integer not null,
    status smallint not null,
    shard smallint not null,
    version bigint,
    recorded_at timestamptz,
    stream text collate "C",
    constraint executed_commands_pkey primary key (shard, command_id)
);
-- Rows are inserted in the order of their positions, and only expiry and verification search by them.
create index executed_commands_position_idx on cairn.executed_commands using brin (position);

insert into cairn.executed_commands
    (command_id, request_hash, position, event_count, status, shard, version, recorded_at, stream)
select cairn.uuid_of_hash(c.command_id), cairn.short_hash(encode(c.request_hash, 'hex')), c.position,
       c.event_count, c.status, c.shard, case when c.event_count = 0 then c.version end,
       case when c.event_count = 0 then c.recorded_at end, case when c.event_count = 0 then c.stream end
    from cairn.commands c
    order by c.position;

drop table cairn.commands;
drop function if exists cairn.find_command(text, text, bytea);
drop function if exists cairn.find_commands(text[], text[], bytea[]);
drop function if exists cairn.command_events(bigint, bigint);

-- The functions that append get other parameters.
do $$
declare
    old record;
begin
    for old in
        select p.oid::regprocedure as signature
            from pg_proc p
            where p.pronamespace = 'cairn'::regnamespace
                and p.proname in ('append_all', 'append_batch', 'append_one', 'append_one_checked', 'find_appended')
    loop
        execute format('drop function %s', old.signature);
    end loop;
end
$$;

comment on table cairn.executed_commands is
    'Accepted commands that had an Idempotency-Key. cairn.commands shows them with their streams.';
comment on column cairn.executed_commands.command_id is 'cairn.command_id of the service and the key.';
comment on column cairn.executed_commands.request_hash is
    'The first 8 bytes of the SHA-256 of method, path, If-Match and body: the same key with another request is refused.';
comment on column cairn.executed_commands.position is
    'Of its last event; its events are the event_count that end there. Without events: where the log ended.';
comment on column cairn.executed_commands.status is 'HTTP status of the answer.';
comment on column cairn.executed_commands.version is 'Of its stream; null: that of its last event.';
comment on column cairn.executed_commands.recorded_at is 'Null: that of its last event.';
comment on column cairn.executed_commands.stream is
    'The stream on which it was decided; null: that of its last event.';
grant select on cairn.executed_commands to cairn_writer, cairn_reader;

create view cairn.commands as
    select c.shard, c.command_id, c.request_hash, c.status, coalesce(c.stream, e.stream) as stream,
           coalesce(c.version, e.version) as version, c.position, c.event_count,
           coalesce(c.recorded_at, e.recorded_at) as recorded_at
        from cairn.executed_commands c
        left join cairn.events e on c.event_count > 0 and e.shard = c.shard and e.position = c.position;
comment on view cairn.commands is 'Accepted commands that had an Idempotency-Key, with their answers.';
comment on column cairn.commands.command_id is 'cairn.command_id of the service and the key.';
comment on column cairn.commands.status is 'HTTP status of the answer.';
comment on column cairn.commands.stream is 'The stream on which it was decided.';
comment on column cairn.commands.version is 'Of the stream after it.';
comment on column cairn.commands.position is
    'Of its last event; its events are the event_count that end there.';
grant select on cairn.commands to cairn_writer, cairn_reader;

-- Their retention counts from the next pass.
delete from cairn.commands_ahead;
alter table cairn.commands_ahead
    alter column command_id type uuid using cairn.uuid_of_hash(command_id);
