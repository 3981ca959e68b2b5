-- 0039_amendments: what is in the log and cannot be read.
--
-- The log is never changed. But an event that nobody can read, or of a type that nobody knows, would
-- keep services from starting and a stream from going on for ever. An amendment stands beside the log
-- and says how such an event is to be read: with other data, or not at all. Who did it, when and why
-- stands there, too.

create table cairn.amendments (
    position bigint not null,
    event_id uuid not null,
    data json,
    reason text not null,
    made_by text not null default session_user,
    made_at timestamptz not null default clock_timestamp(),
    constraint amendments_pkey primary key (position)
);
comment on table cairn.amendments is
    'How events are to be read that cannot be read as they are: with other data, or not at all. Read by processes when they start.';
comment on column cairn.amendments.data is 'To be read instead, in the version of the event; null: the event is passed over.';
grant select on cairn.amendments to cairn_writer, cairn_projector, cairn_reader, cairn_consumer;

create function cairn.amend(
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
        raise exception using errcode = 'CA010', message = 'say why: whoever reads the log later wants to know';
    end if;
    if in_data is not null then
        wrong := coalesce(case when json_typeof(in_data) <> 'object' then 'it is no JSON object' end,
                          cairn.json_wrong(in_data));
        if wrong is not null then
            raise exception using errcode = 'CA010', message = 'nobody could read this: ' || wrong;
        end if;
        perform in_data::jsonb;
    end if;
    insert into cairn.amendments (position, event_id, data, reason)
        values (in_position, event.event_id, in_data, in_reason)
        on conflict on constraint amendments_pkey do update
            set event_id = excluded.event_id, data = excluded.data, reason = excluded.reason,
                made_by = excluded.made_by, made_at = excluded.made_at;
    -- A type of which nothing is left to be read keeps nobody from starting.
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
comment on function cairn.amend(bigint, json, text) is
    'Has the event at this position read with other data, or (null) passed over. The log stays as it is. Processes know it when they start.';
revoke execute on function cairn.amend(bigint, json, text) from public;

create or replace function cairn.verify_content(in_from bigint default 0, in_to bigint default null)
    returns table ("check" text, "position" bigint, stream text, problem text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
declare
    upto bigint := coalesce(in_to, cairn.head());
begin
    return query
    select 'json', j.position, j.stream, j.problem from cairn.verify_json(in_from, upto) j;

    return query
    select 'event types', t.first, t.stream,
           format('%s version %s of %s is not in cairn.event_types', t.type, t.schema_version, t.category)
        from (select split_part(e.stream, '-', 1) as category, e.type, e.schema_version,
                     min(e.position) as first, min(e.stream) as stream
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= upto
                      and not exists (select from cairn.amendments a
                                          where a.position = e.position and a.data is null)
                  group by 1, 2, 3) t
        where not exists (
            select from cairn.event_types k
                where k.category = t.category and k.type = t.type and k.schema_version = t.schema_version);
end
$$;
