-- 0008_people: the log for people and other languages, in psql or pgAdmin.
--
--   select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}');        -- whatever is there
--   select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', 0);     -- must not exist yet
--   select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', 4);     -- must be at version 4
--   select * from cairn.read_stream('pot-7');
--   select * from cairn.read_all(100, 50);                                    -- 50 events after 100
--   select * from cairn.log limit 20;                                         -- the newest first
--   select * from cairn.streams where category = 'order' order by last_at desc;
--   select * from cairn.stored_types;

create function cairn.append(
    stream text,
    type text,
    data json,
    expected bigint default null,
    out "position" bigint,
    out version bigint,
    out event_id uuid
)
    language plpgsql
    set search_path = pg_catalog
as $$
declare
    answer record;
begin
    if append.stream is null or append.stream !~ '^[a-z][a-z0-9_]*-.' or octet_length(append.stream) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is no name of a stream', append.stream),
            hint = 'Say category-id, as in order-01890000-0000-7000-8000-000000000001, at most 200 bytes.';
    end if;
    if append.type is null or append.type !~ '^[A-Za-z][A-Za-z0-9_.]*$' or octet_length(append.type) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is no name of an event type', append.type),
            hint = 'Say what happened, in letters and digits: OrderPlaced.';
    end if;
    if append.data is null or json_typeof(append.data) <> 'object' then
        raise exception using errcode = 'CA010',
            message = 'an event''s data is a JSON object', hint = 'Say ''{}'' if it says nothing.';
    end if;
    if octet_length(append.data::text) > 1048576 then
        raise exception using errcode = 'CA010', message = 'an event is at most 1 MiB';
    end if;
    perform append.data::jsonb; -- refuses what json lets pass: U+0000, lone surrogates
    if append.expected < 0 then
        raise exception using errcode = 'CA010', message = 'expected is a version, 0 for a new stream, or null';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'CA011',
            message = 'appending needs a transaction that is read committed';
    end if;

    event_id := gen_random_uuid();
    select * into answer from cairn.append_events(
        append.stream, coalesce(append.expected, -1), null, array[append.event_id], array[append.type],
        array[1], array[append.data],
        array[json_build_object('service', 'sql', 'user', session_user)],
        null, null, null, null, null, null, null, null, null);
    if answer.outcome <> 'appended' then
        raise exception using errcode = 'CA001', message = answer.detail,
            hint = 'Read the stream again and decide again, or leave expected out.';
    end if;
    "position" := answer.position;
    version := answer.version;
end
$$;
comment on function cairn.append(text, text, json, bigint) is
    'Appends one event. expected: null for whatever is there, 0 if the stream must not exist, else its version.';
revoke execute on function cairn.append(text, text, json, bigint) from public;
grant execute on function cairn.append(text, text, json, bigint) to cairn_writer;

create function cairn.read_all(in_after bigint default 0, in_limit bigint default 100)
    returns setof cairn.events
    language sql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
as $$
    select e.*
        from cairn.events e
        where e.shard = 0 and e.position > in_after
        order by e.position
        limit in_limit
$$;
comment on function cairn.read_all(bigint, bigint) is 'The events of the whole log after a position, in order.';

create view cairn.log as
    select e.position, e.recorded_at, e.stream, e.version, e.type, e.data::jsonb as data,
           e.meta::jsonb as meta, e.schema_version, e.event_id
        from cairn.events e
        where e.shard = 0
        order by e.position desc;
comment on view cairn.log is 'The log, the newest event first, data and meta as jsonb. Put a limit on it.';

create view cairn.streams as
    select e.stream, split_part(e.stream, '-', 1) as category, max(e.version) as version,
           min(e.recorded_at) as first_at, max(e.recorded_at) as last_at,
           max(e.position) as last_position
        from cairn.events e
        where e.shard = 0
        group by e.stream;
comment on view cairn.streams is 'Every stream with its version and when it began and moved last. Reads the whole log.';

create view cairn.stored_types as
    select split_part(e.stream, '-', 1) as category, e.type, e.schema_version, count(*) as events,
           min(e.position) as first_position, max(e.position) as last_position
        from cairn.events e
        where e.shard = 0
        group by 1, 2, 3
        order by 1, 2, 3;
comment on view cairn.stored_types is 'Which types of events there are, in which versions of their fields. Reads the whole log.';

grant select on cairn.log, cairn.streams, cairn.stored_types to cairn_writer, cairn_projector, cairn_reader;
