-- people: creates the log's interface for people and other languages, in psql or pgAdmin.
--
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}');        -- at any version
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', 0);     -- must not exist yet
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', 4);     -- must be at version 4
--     select * from cairn.append('pot-7', 'PotFilled', '{"litres": 3}', tags => '{kitchen:2}');
--     select * from cairn.read_stream('pot-7');
--     select * from cairn.read_tagged('{kitchen:2}');                           -- and more in tags.sql
--     select * from cairn.read_all(100, 50);                                    -- 50 events after 100
--     select * from cairn.log limit 20;                                         -- the newest first
--     select * from cairn.streams where category = 'order' order by last_at desc;
--     select * from cairn.stored_types;

create or replace function cairn.check_new_event(
    stream text,
    type text,
    data json,
    tags text[],
    out schema_version bigint,
    out meta json
)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    id uuid;
    wrong text;
    known text;
begin
    if stream is null or stream !~ '^[a-z][a-z0-9_]*-.' or octet_length(stream) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is not a stream name', stream),
            hint = 'Expected category-id, as in order-01890000-0000-7000-8000-000000000001, at most 200 bytes.';
    end if;
    if stream like 'cairn\_operation-%' then
        raise exception using errcode = 'CA010',
            message = 'streams cairn_operation-… record what operators did: cairn.operate appends to them';
    end if;
    if stream ~ '[[:cntrl:]]' then
        raise exception using errcode = 'CA010',
            message = format('%s has control characters', to_json(stream));
    end if;
    begin
        id := substr(stream, strpos(stream, '-') + 1)::uuid;
    exception when invalid_text_representation then
        null;
    end;
    if id is not null and stream <> split_part(stream, '-', 1) || '-' || id then
        raise exception using errcode = 'CA010',
            message = format('the services spell stream %s as %s-%s', stream, split_part(stream, '-', 1), id),
            hint = 'Use that spelling: one thing has one stream.';
    end if;
    if type is null or type !~ '^[A-Za-z][A-Za-z0-9_.]*$' or octet_length(type) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is not an event type name', type),
            hint = 'Expected what happened, in letters and digits: OrderPlaced.';
    end if;
    if data is null or json_typeof(data) <> 'object' then
        raise exception using errcode = 'CA010',
            message = 'the data of an event must be a JSON object', hint = 'Use ''{}'' for an event without fields.';
    end if;
    if octet_length(data::text) > 1048576 then
        raise exception using errcode = 'CA010', message = 'an event has at most 1 MiB';
    end if;
    perform data::jsonb; -- fails for what json accepts: U+0000, lone surrogates
    wrong := cairn.json_wrong(data);
    if wrong is not null then
        raise exception using errcode = 'CA010',
            message = 'the services could not read this event: ' || wrong,
            hint = 'The log cannot be changed, so an event must be readable from the start.';
    end if;
    select string_agg(d.type, ', ' order by d.type) into known
        from cairn.declared_types d
        where d.category = split_part(check_new_event.stream, '-', 1)
        having not bool_or(d.type = check_new_event.type);
    if known is not null then
        raise exception using errcode = 'CA010',
            message = format('the services that write %s do not know event type %s; they know %s',
                             split_part(stream, '-', 1), type, known),
            hint = 'They would refuse to start, since they must be able to read the whole log.';
    end if;
    perform cairn.check_tags(tags);
    -- what a person writes today has the fields of today
    schema_version := coalesce((select max(v.schema_version)
                                    from (select d.schema_version from cairn.declared_types d
                                              where d.category = split_part(check_new_event.stream, '-', 1)
                                                  and d.type = check_new_event.type
                                          union all
                                          select t.schema_version from cairn.event_types t
                                              where t.category = split_part(check_new_event.stream, '-', 1)
                                                  and t.type = check_new_event.type) v), 1);
    meta := json_strip_nulls(json_build_object(
        'service', 'sql', 'user', session_user, 'actor', nullif(current_setting('cairn.actor', true), '')::json,
        'tags', case when cardinality(tags) > 0 then tags end));
end
$$;
comment on function cairn.check_new_event is
    'Refuses an event that a person must not append. Returns its version and its meta.';

-- Appends events to one stream, in one append, as cairn.append_batch does for services.
create or replace function cairn.append_as(
    in_stream text,
    in_expected bigint,
    in_ids uuid[],
    in_types text[],
    in_versions bigint[],
    in_data json[],
    in_metas json[],
    in_tags json[],           -- of each event: a JSON array, or null
    out conflict boolean,
    out version bigint,       -- of the stream now
    out "position" bigint     -- of the last event
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    count integer := cardinality(in_ids);
    ones bigint[] := array_fill(1::bigint, array[cardinality(in_ids)]);
    numbers bigint[] := array(select g from generate_series(1::bigint, cardinality(in_ids)) g);
    tagged record;
    answer record;
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'CA011',
            message = 'appending needs a transaction of isolation level read committed';
    end if;
    select coalesce(array_agg(u.n), '{}') as numbers, coalesce(array_agg(u.type), '{}') as types,
           coalesce(array_agg(t.tag), '{}') as tags
        into tagged
        from unnest(in_types, in_tags) with ordinality as u(type, tags, n)
        cross join lateral (select distinct s.tag from unnest(cairn.json_texts(u.tags, 'tags')) as s(tag)) t;
    select * into answer from cairn.append_batch(
        in_streams => array[in_stream],
        in_append_conditions => array[1::bigint],
        in_append_claims => array[0::bigint],
        in_append_commands => array[0::bigint],
        in_condition_streams => array[1::bigint],
        in_condition_versions => array[coalesce(in_expected, -1)],
        in_condition_ids => array[null::uuid],
        in_condition_events => array[count::bigint],
        in_condition_last_ids => array[in_ids[count]],
        in_event_conditions => ones,
        in_event_numbers => numbers,
        in_event_streams => array_fill(in_stream, array[count]),
        in_event_ids => in_ids,
        in_event_types => in_types,
        in_event_schema_versions => in_versions,
        in_event_data => in_data,
        in_event_metas => in_metas,
        in_claim_conditions => '{}', in_claim_slots => '{}', in_claim_streams => '{}', in_claim_taken => '{}',
        in_claim_scopes => '{}', in_claim_keys => '{}',
        in_command_conditions => '{}', in_command_streams => '{}', in_command_ids => '{}',
        in_command_hashes => '{}', in_command_statuses => '{}', in_command_ends => '{}',
        in_command_events => '{}',
        in_type_categories => array_fill(split_part(in_stream, '-', 1), array[count]),
        in_type_names => in_types,
        in_type_versions => in_versions,
        in_tag_conditions => array_fill(1::bigint, array[cardinality(tagged.tags)]),
        in_tag_numbers => tagged.numbers,
        in_tag_types => tagged.types,
        in_tags => tagged.tags);
    conflict := answer.outcomes[1] <> 0;
    version := answer.versions[1];
    "position" := answer.positions[1];
end
$$;
comment on function cairn.append_as is
    'Appends events with these versions and metas to one stream. For the functions here, which check them.';
revoke execute on function cairn.append_as from public;
grant execute on function cairn.append_as to cairn_writer;

create or replace function cairn.append_for_people(
    in_stream text,
    in_expected bigint,
    in_ids uuid[],
    in_types text[],
    in_data json[],
    in_tags json[],           -- of each event: a JSON array, or null
    out conflict boolean,
    out version bigint,       -- of the stream now
    out "position" bigint     -- of the last event
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    versions bigint[];
    metas json[];
begin
    select array_agg(c.schema_version order by u.n), array_agg(c.meta order by u.n) into versions, metas
        from unnest(in_types, in_data, in_tags) with ordinality as u(type, data, tags, n)
        cross join lateral cairn.check_new_event(in_stream, u.type, u.data, cairn.json_texts(u.tags, 'tags')) c;
    select a.conflict, a.version, a.position into conflict, version, "position"
        from cairn.append_as(in_stream, in_expected, in_ids, in_types, versions, in_data, metas, in_tags) a;
end
$$;
comment on function cairn.append_for_people is 'Called by cairn.append and cairn.append_if.';
revoke execute on function cairn.append_for_people from public;
grant execute on function cairn.append_for_people to cairn_writer;

create or replace function cairn.append(
    stream text,
    type text,
    data json,
    expected bigint default null,
    tags text[] default null,
    out "position" bigint,
    out version bigint,
    out event_id uuid
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    answer record;
begin
    if append.expected < 0 then
        raise exception using errcode = 'CA010', message = 'expected must be a version, 0 for a new stream, or null';
    end if;
    event_id := gen_random_uuid();
    select * into answer from cairn.append_for_people(
        append.stream, append.expected, array[append.event_id], array[append.type], array[append.data],
        array[to_json(append.tags)]);
    if answer.conflict then
        raise exception using errcode = 'CA001',
            message = format('stream %s is at version %s', append.stream, answer.version),
            hint = 'Read the stream and decide again, or omit expected.';
    end if;
    "position" := answer.position;
    version := answer.version;
end
$$;
comment on function cairn.append is
    'Appends one event, of the newest version of its type that a service has declared. expected: null for any '
    'version of the stream, 0 if it must not exist, else its version. tags: such as {course:42}.';
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
