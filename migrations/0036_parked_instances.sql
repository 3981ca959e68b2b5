-- 0036_parked_instances: a process that cannot be read holds up no other.
--
-- An instance whose stream ends with something that is no state, or that an event is for which cannot
-- be read, stopped the whole process manager. Now it is parked: what comes in for it waits, the others
-- go on, and a person has it tried again, or skips what cannot be read.

create table cairn.parked_instances (
    process text collate "C" not null,
    stream text collate "C" not null,
    position bigint not null,
    reason text not null,
    parked_at timestamptz not null default now(),
    again boolean not null default false,
    constraint parked_instances_pkey primary key (process, stream)
);
comment on table cairn.parked_instances is 'Processes that cannot go on, for a person to look at.';
comment on column cairn.parked_instances.position is 'Of the first event that was not handled; 0: of none.';
comment on column cairn.parked_instances.again is 'A person wants it tried again.';
grant select on cairn.parked_instances to cairn_writer, cairn_projector, cairn_reader;

create function cairn.park_instance(
    in_process text,
    in_fence bigint,
    in_stream text,
    in_position bigint,
    in_reason text
) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'process/' || in_process and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    insert into cairn.parked_instances (process, stream, position, reason)
        values (in_process, in_stream, in_position, in_reason)
        on conflict on constraint parked_instances_pkey do update
            set position = excluded.position, reason = excluded.reason, parked_at = now(), again = false;
    return true;
end
$$;
comment on function cairn.park_instance(text, bigint, text, bigint, text) is
    'A process cannot go on at this position. False if somebody else has the lease.';

create function cairn.unpark_instance(in_process text, in_fence bigint, in_stream text) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'process/' || in_process and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.parked_instances p where p.process = in_process and p.stream = in_stream;
    return true;
end
$$;
comment on function cairn.unpark_instance(text, bigint, text) is
    'A process has caught up. False if somebody else has the lease.';

create function cairn.retry_parked_instances(in_process text, in_stream text, in_skip boolean default false)
    returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
    with changed as (
        update cairn.parked_instances p
            set again = true, position = p.position + case when in_skip and p.position > 0 then 1 else 0 end
            where (in_process is null or p.process = in_process)
                and (in_stream is null or p.stream = in_stream)
            returning 1)
    select count(*) from changed
$$;
comment on function cairn.retry_parked_instances(text, text, boolean) is
    'Has parked processes tried again: of one process manager or all (null), one stream or all (null); '
    'from the event behind the one that it stopped at (in_skip). Returns how many.';

create function cairn.time_or_null(in_text text) returns timestamptz
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    return in_text::timestamptz;
exception when others then
    return null;
end
$$;
comment on function cairn.time_or_null(text) is 'The time that a text says; null if it says none.';

revoke execute on function
    cairn.park_instance(text, bigint, text, bigint, text), cairn.unpark_instance(text, bigint, text),
    cairn.retry_parked_instances(text, text, boolean)
    from public;
grant execute on function
    cairn.park_instance(text, bigint, text, bigint, text), cairn.unpark_instance(text, bigint, text),
    cairn.retry_parked_instances(text, text, boolean)
    to cairn_writer;

-- ---- what people may have written is read with care ----

create or replace function cairn.process_ends(in_streams text[])
    returns table (
        stream text,
        version bigint,
        event_id uuid,
        type text,
        "position" bigint,
        state text,
        timers text,
        correlation_id text,
        traceparent text
    )
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
        select w.stream, e.version, e.event_id, e.type, case when e.data ->> 'position' ~ '^[0-9]{1,18}$' then (e.data ->> 'position')::bigint end,
               (e.data -> 'state')::text, json_build_object('timers', e.data -> 'timers')::text,
               e.meta ->> 'correlation_id', e.meta ->> 'traceparent'
            from unnest(in_streams) as w (stream)
            cross join lateral (
                select x.version, x.event_id, x.type, x.data, x.meta
                    from cairn.events x
                    where x.shard = 0 and x.stream = w.stream
                    order by x.version desc
                    limit 1) e;
end
$$;

create or replace function cairn.due_timers(in_process text, in_by timestamptz, in_limit bigint)
    returns table (stream text, name text, due_at timestamptz)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select t.stream, t.name, t.due_at
        from cairn.timers t
        where t.process = in_process and t.due_at <= in_by
            and not exists (select from cairn.parked_instances p where p.process = in_process and p.stream = t.stream)
        order by t.due_at, t.stream, t.name
        limit in_limit
$$;

create or replace function cairn.sent_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (
        stream text,
        version bigint,
        number bigint,
        "position" bigint,
        target text,
        command text,
        method text,
        path text,
        body text,
        traceparent text
    )
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select e.stream, e.version, s.n - 1, e.position, s.sent ->> 'to', s.sent ->> 'command',
           s.sent ->> 'method', s.sent ->> 'path', (s.sent -> 'body')::text, e.meta ->> 'traceparent'
        from cairn.events e, json_array_elements(case when json_typeof(e.data -> 'sent') = 'array' then e.data -> 'sent' end) with ordinality as s(sent, n)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
$$;

create or replace function cairn.timers_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, version bigint, name text, due_at timestamptz)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select l.stream, l.version, t.timer ->> 'name', cairn.time_or_null(t.timer ->> 'at')
        from (select distinct on (e.stream) e.stream, e.version, e.data
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= in_to
                      and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
                  order by e.stream, e.version desc) l
        left join lateral json_array_elements(case when json_typeof(l.data -> 'timers') = 'array' then l.data -> 'timers' end) as t(timer)
            on cairn.time_or_null(t.timer ->> 'at') is not null
$$;

create or replace function cairn.change_timer(in_stream text, in_name text, in_at timestamptz) returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    last record;
    kept jsonb;
    answer record;
begin
    if in_at is not null and (not isfinite(in_at) or in_at < timestamptz '0001-01-01 00:00:00Z'
                              or in_at >= timestamptz '10000-01-01 00:00:00Z') then
        raise exception using errcode = 'CA010',
            message = format('a timer is due in the years 1 to 9999, not at %s', in_at);
    end if;
    select e.version, e.type, e.data::jsonb as data into last
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream
        order by e.version desc
        limit 1;
    if last.type is distinct from 'ProcessAdvanced'
        or not exists (select from jsonb_array_elements(last.data -> 'timers') t where t ->> 'name' = in_name) then
        raise exception using errcode = 'CA014',
            message = format('no timer %s is set in %s', in_name, in_stream);
    end if;
    select coalesce(jsonb_agg(t), '[]') into kept
        from jsonb_array_elements(last.data -> 'timers') t where t ->> 'name' <> in_name;
    if in_at is not null then
        kept := kept || jsonb_build_array(jsonb_build_object('name', in_name, 'at',
            to_char(in_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')));
    end if;
    select * into answer from cairn.append(in_stream, 'ProcessAdvanced', json_build_object(
        'input', json_build_object('kind', case when in_at is null then 'timer-cancelled' else 'timer-moved' end,
                                   'name', in_name, 'by', session_user),
        'position', last.data -> 'position',
        'at', to_char(cairn.now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'state', last.data -> 'state',
        'timers', kept,
        'sent', '[]'::json), last.version);
    return answer.version;
end
$$;
