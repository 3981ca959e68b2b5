-- people: creates the log's interface for people and other languages, in psql or pgAdmin.
--
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}');        -- at any version
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', 0);     -- must not exist yet
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', 4);     -- must be at version 4
--     select * from cairn.read_stream('pot-7');
--     select * from cairn.read_all(100, 50);                                    -- 50 events after 100
--     select * from cairn.log limit 20;                                         -- the newest first
--     select * from cairn.streams where category = 'order' order by last_at desc;
--     select * from cairn.stored_types;

create or replace function cairn.append(
    stream text,
    type text,
    data json,
    expected bigint default null,
    out "position" bigint,
    out version bigint,
    out event_id uuid
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    answer record;
    id uuid;
    wrong text;
    known text;
    newest bigint;
begin
    if append.stream is null or append.stream !~ '^[a-z][a-z0-9_]*-.' or octet_length(append.stream) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is not a stream name', append.stream),
            hint = 'Expected category-id, as in order-01890000-0000-7000-8000-000000000001, at most 200 bytes.';
    end if;
    if append.stream ~ '[[:cntrl:]]' then
        raise exception using errcode = 'CA010',
            message = format('%s has control characters', to_json(append.stream));
    end if;
    begin
        id := substr(append.stream, strpos(append.stream, '-') + 1)::uuid;
    exception when invalid_text_representation then
        null;
    end;
    if id is not null and append.stream <> split_part(append.stream, '-', 1) || '-' || id then
        raise exception using errcode = 'CA010',
            message = format('the services spell stream %s as %s-%s', append.stream,
                             split_part(append.stream, '-', 1), id),
            hint = 'Use that spelling: one thing has one stream.';
    end if;
    if append.type is null or append.type !~ '^[A-Za-z][A-Za-z0-9_.]*$' or octet_length(append.type) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is not an event type name', append.type),
            hint = 'Expected what happened, in letters and digits: OrderPlaced.';
    end if;
    if append.data is null or json_typeof(append.data) <> 'object' then
        raise exception using errcode = 'CA010',
            message = 'the data of an event must be a JSON object', hint = 'Use ''{}'' for an event without fields.';
    end if;
    if octet_length(append.data::text) > 1048576 then
        raise exception using errcode = 'CA010', message = 'an event has at most 1 MiB';
    end if;
    perform append.data::jsonb; -- fails for what json accepts: U+0000, lone surrogates
    wrong := cairn.json_wrong(append.data);
    if wrong is not null then
        raise exception using errcode = 'CA010',
            message = 'the services could not read this event: ' || wrong,
            hint = 'The log cannot be changed, so an event must be readable from the start.';
    end if;
    select string_agg(d.type, ', ' order by d.type) into known
        from cairn.declared_types d
        where d.category = split_part(append.stream, '-', 1)
        having not bool_or(d.type = append.type);
    if known is not null then
        raise exception using errcode = 'CA010',
            message = format('the services that write %s do not know event type %s; they know %s',
                             split_part(append.stream, '-', 1), append.type, known),
            hint = 'They would refuse to start, since they must be able to read the whole log.';
    end if;
    -- what a person writes today has the fields of today
    newest := coalesce((select max(v.schema_version)
                            from (select d.schema_version from cairn.declared_types d
                                      where d.category = split_part(append.stream, '-', 1) and d.type = append.type
                                  union all
                                  select t.schema_version from cairn.event_types t
                                      where t.category = split_part(append.stream, '-', 1)
                                          and t.type = append.type) v), 1);
    if append.expected < 0 then
        raise exception using errcode = 'CA010', message = 'expected must be a version, 0 for a new stream, or null';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'CA011',
            message = 'appending needs a transaction of isolation level read committed';
    end if;

    event_id := gen_random_uuid();
    select * into answer from cairn.append_batch(
        in_streams => array[append.stream],
        in_append_conditions => array[1::bigint],
        in_append_claims => array[0::bigint],
        in_append_commands => array[0::bigint],
        in_condition_streams => array[1::bigint],
        in_condition_versions => array[coalesce(append.expected, -1)],
        in_condition_ids => array[null::uuid],
        in_condition_events => array[1::bigint],
        in_condition_last_ids => array[append.event_id],
        in_event_conditions => array[1::bigint],
        in_event_numbers => array[1::bigint],
        in_event_streams => array[append.stream],
        in_event_ids => array[append.event_id],
        in_event_types => array[append.type],
        in_event_schema_versions => array[newest],
        in_event_data => array[append.data],
        in_event_metas => array[json_build_object('service', 'sql', 'user', session_user)],
        in_claim_conditions => '{}', in_claim_slots => '{}', in_claim_streams => '{}', in_claim_taken => '{}',
        in_claim_scopes => '{}', in_claim_keys => '{}',
        in_command_conditions => '{}', in_command_streams => '{}', in_command_ids => '{}',
        in_command_hashes => '{}', in_command_statuses => '{}', in_command_ends => '{}',
        in_command_events => '{}',
        in_type_categories => array[split_part(append.stream, '-', 1)],
        in_type_names => array[append.type],
        in_type_versions => array[newest]);
    if answer.outcomes[1] <> 0 then
        raise exception using errcode = 'CA001',
            message = format('stream %s is at version %s', append.stream, answer.versions[1]),
            hint = 'Read the stream and decide again, or omit expected.';
    end if;
    "position" := answer.positions[1];
    version := answer.versions[1];
end
$$;
comment on function cairn.append is
    'Appends one event, of the newest version of its type that a service has declared. expected: null for any '
    'version of the stream, 0 if it must not exist, else its version.';
revoke execute on function cairn.append from public;
grant execute on function cairn.append to cairn_writer;

create or replace function cairn.amend(
    in_position bigint,
    in_data json,
    in_reason text,
    out stream text,
    out version bigint,
    out type text
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    event record;
    wrong text;
begin
    select e.stream, e.version, e.type, e.schema_version, e.event_id into event
        from cairn.events e where e.shard = 0 and e.position = in_position;
    if not found then
        raise exception using errcode = 'CA010', message = format('the log has no event at %s', in_position);
    end if;
    if coalesce(btrim(in_reason), '') = '' then
        raise exception using errcode = 'CA010', message = 'a reason is required: later readers of the log need it';
    end if;
    if in_data is not null then
        wrong := coalesce(case when json_typeof(in_data) <> 'object' then 'it is not a JSON object' end,
                          cairn.json_wrong(in_data));
        if wrong is not null then
            raise exception using errcode = 'CA010', message = 'the services could not read this: ' || wrong;
        end if;
        perform in_data::jsonb;
    end if;
    insert into cairn.amendments (position, event_id, data, reason)
        values (in_position, event.event_id, in_data, in_reason)
        on conflict on constraint amendments_pkey do update
            set event_id = excluded.event_id, data = excluded.data, reason = excluded.reason,
                made_by = excluded.made_by, made_at = excluded.made_at;
    -- A type without events that are read keeps no service from starting.
    delete from cairn.event_types t
        where t.category = split_part(event.stream, '-', 1) and t.type = event.type
            and t.schema_version = event.schema_version
            and not exists (
                select from cairn.events e
                    where e.shard = 0 and e.type = event.type and e.schema_version = event.schema_version
                        and split_part(e.stream, '-', 1) = split_part(event.stream, '-', 1)
                        and not exists (select from cairn.amendments a
                                            where a.position = e.position and a.data is null));
    insert into cairn.event_types (category, type, schema_version)
        select split_part(event.stream, '-', 1), event.type, event.schema_version
            where in_data is not null
        on conflict on constraint event_types_pkey do nothing;
    stream := event.stream;
    version := event.version;
    type := event.type;
end
$$;
comment on function cairn.amend is
    'Makes processes read the event at this position with other data, or (null) skip it. The log does not '
    'change. Processes notice when they start.';
revoke execute on function cairn.amend from public;

create or replace view cairn.log as
    select e.position, e.recorded_at, e.stream, e.version, e.type, e.data::jsonb as data,
           e.meta::jsonb as meta, e.schema_version, e.event_id
        from cairn.events e
        where e.shard = 0 and (select cairn.await_durable()) >= 0
        order by e.position desc;
comment on view cairn.log is
    'The log, the newest event first, data and meta as jsonb. Use a limit.';
grant select on cairn.log to cairn_writer, cairn_projector, cairn_reader;

create or replace view cairn.streams as
    select e.stream, split_part(e.stream, '-', 1) as category, max(e.version) as version,
           min(e.recorded_at) as first_at, max(e.recorded_at) as last_at,
           max(e.position) as last_position
        from cairn.events e
        where e.shard = 0 and (select cairn.await_durable()) >= 0
        group by e.stream;
comment on view cairn.streams is
    'Every stream with its version and the times of its first and last event. Reads the whole log.';
grant select on cairn.streams to cairn_writer, cairn_projector, cairn_reader;

create or replace view cairn.stored_types as
    select split_part(e.stream, '-', 1) as category, e.type, e.schema_version, count(*) as events,
           min(e.position) as first_position, max(e.position) as last_position
        from cairn.events e
        where e.shard = 0 and (select cairn.await_durable()) >= 0
        group by 1, 2, 3
        order by 1, 2, 3;
comment on view cairn.stored_types is
    'The types of events in the log, with the versions of their fields. Reads the whole log.';
grant select on cairn.stored_types to cairn_writer, cairn_projector, cairn_reader;
