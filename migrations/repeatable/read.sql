-- read: creates the functions that read the log.
--
-- Positions have no gaps and are in commit order, so a reader that remembers the last position that it
-- has seen misses nothing.

create or replace function cairn.head() returns bigint
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
declare
    head bigint := coalesce((select e.position from cairn.events e where e.shard = 0 order by e.position desc limit 1), 0);
begin
    perform cairn.await_durable(head);
    return head;
end
$$;
comment on function cairn.head is
    'The position of the newest event, 0 in an empty log. That event, and all before it, are on disk.';

create or replace function cairn.read_stream(in_stream text, in_after bigint default 0, in_limit bigint default 1000)
    returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    return query
        select e.*
            from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > in_after
            order by e.version
            limit in_limit;
    perform cairn.await_durable();
end
$$;
comment on function cairn.read_stream is
    'The events of one stream after a version, in order.';

-- Planned once per session: every follower of the log calls it for each range.
create or replace function cairn.read_range(
    in_from bigint,
    in_to bigint,
    in_types text[] default null,
    in_categories text[] default null
)
    returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    perform cairn.await_durable(in_to);
    return query
        select e.*
            from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and (in_types is null or e.type = any (in_types))
                and (in_categories is null or split_part(e.stream, '-', 1) = any (in_categories))
            order by e.position;
end
$$;
comment on function cairn.read_range is
    'The events at positions in_from + 1 to in_to, in order; only of some types and categories, if any '
    'are named.';

create or replace function cairn.read_all(in_after bigint default 0, in_limit bigint default 100)
    returns setof cairn.events
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select e.*
        from cairn.events e
        where (select cairn.await_durable()) >= 0
            and e.shard = 0 and e.position > in_after
        order by e.position
        limit in_limit
$$;
comment on function cairn.read_all is
    'The events of the whole log after a position, in order.';

-- ---- pages ----

create or replace function cairn.read_page(
    in_stream text,            -- null: the log, by position; else this stream, by version
    in_from bigint,
    in_to bigint,
    in_limit bigint,
    in_backwards boolean,
    in_types text[] default null,
    in_categories text[] default null
)
    returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    if in_stream is not null and in_backwards then
        return query
            select e.* from cairn.events e
                where e.shard = 0 and e.stream = in_stream and e.version > in_from and e.version <= in_to
                    and (in_types is null or e.type = any (in_types))
                order by e.version desc
                limit in_limit;
    elsif in_stream is not null then
        return query
            select e.* from cairn.events e
                where e.shard = 0 and e.stream = in_stream and e.version > in_from and e.version <= in_to
                    and (in_types is null or e.type = any (in_types))
                order by e.version
                limit in_limit;
    elsif in_backwards then
        return query
            select e.* from cairn.events e
                where e.shard = 0 and e.position > in_from and e.position <= in_to
                    and (in_types is null or e.type = any (in_types))
                    and (in_categories is null or split_part(e.stream, '-', 1) = any (in_categories))
                order by e.position desc
                limit in_limit;
    else
        return query
            select e.* from cairn.events e
                where e.shard = 0 and e.position > in_from and e.position <= in_to
                    and (in_types is null or e.type = any (in_types))
                    and (in_categories is null or split_part(e.stream, '-', 1) = any (in_categories))
                order by e.position
                limit in_limit;
    end if;
    perform cairn.await_durable();
end
$$;
comment on function cairn.read_page is
    'At most in_limit events of a stream, or of the log, after in_from and up to in_to: the first ones in order, '
    'or, backwards, the last ones, the newest first.';

-- The index on ids says which 64 pages may have the event; neither the log nor the index of its positions may
-- be scanned instead.
create or replace function cairn.read_event(in_id uuid) returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set enable_indexonlyscan = off
    set jit = off
as $$
begin
    return query
        select e.* from cairn.events e where e.event_id = in_id;
    perform cairn.await_durable();
end
$$;
comment on function cairn.read_event is 'The event with this id, if the log has it.';

-- ---- streams with their snapshots ----

-- Reads snapshot and events in one round trip. A snapshot that cannot be used is named only, and the
-- events start with the first.
create or replace function cairn.load(
    in_stream text,
    in_kind text,
    in_code_version bigint,
    in_limit bigint
) returns table (
    stream text,
    version bigint,
    "position" bigint,
    type text,
    schema_version integer,
    event_id uuid,
    recorded_at timestamptz,
    data json,
    snapshot text
)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
declare
    kept record;
    after_version bigint := 0;
begin
    select s.code_version, s.version, s.event_id, s.state,
           e.event_id as seen_id, e.position, e.recorded_at
        into kept
        from cairn.snapshots s
        left join cairn.events e on e.shard = 0 and e.stream = in_stream and e.version = s.version
        where s.shard = 0 and s.stream = in_stream and s.kind = in_kind;
    if found then
        stream := in_stream;
        snapshot := case when kept.code_version <> in_code_version then 'other-code'
                         when kept.seen_id is distinct from kept.event_id then 'other-event'
                         else 'usable' end;
        if snapshot = 'usable' then
            after_version := kept.version;
            version := kept.version;
            "position" := kept.position;
            event_id := kept.event_id;
            recorded_at := kept.recorded_at;
            data := kept.state;
        end if;
        return next;
    end if;
    return query
        select e.stream, e.version, e.position, e.type, e.schema_version, e.event_id, e.recorded_at, e.data,
               null::text
            from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > after_version
            order by e.version
            limit in_limit;
end
$$;
comment on function cairn.load is
    'A stream, to be folded: first its snapshot, if there is one of this kind, then the events after it. '
    'Column snapshot is null for events, else usable (data is the state), other-code or other-event (the '
    'snapshot cannot be used, and the events start with the first).';

-- Does what cairn.load does for many streams in one call: 14 us of the server's CPU per stream instead
-- of 66. The index plans are pinned, and the lateral look-ups cannot become joins over the tables.
create or replace function cairn.load_many(
    in_streams text[],
    in_kinds text[],           -- null: no snapshot
    in_code_versions bigint[],
    in_after bigint[],         -- where no snapshot is used: events after this version
    in_limit bigint            -- events of each stream
) returns table (
    stream text,
    version bigint,
    "position" bigint,
    type text,
    schema_version integer,
    event_id uuid,
    recorded_at timestamptz,
    data json,
    snapshot text,
    number bigint              -- index of the stream, from 1
)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    return query
        select x.stream, x.version, x.position, x.type, x.schema_version, x.event_id, x.recorded_at, x.data,
               x.snapshot, u.number
            from unnest(in_streams, in_kinds, in_code_versions, in_after)
                with ordinality as u(stream, kind, code_version, after, number)
            left join lateral (
                select s.version, s.state, e.position, e.event_id, e.recorded_at,
                       case when s.code_version <> u.code_version then 'other-code'
                            when e.event_id is distinct from s.event_id then 'other-event'
                            else 'usable' end as found
                    from cairn.snapshots s
                    left join lateral (
                        select b.event_id, b.position, b.recorded_at
                            from cairn.events b
                            where b.shard = 0 and b.stream = u.stream and b.version = s.version
                            limit 1) e on true
                    where s.shard = 0 and s.stream = u.stream and s.kind = u.kind
                    limit 1) k on true
            cross join lateral (
                select u.stream, k.version, k.position, null::text as type, null::integer as schema_version,
                       k.event_id, k.recorded_at, k.state as data, k.found as snapshot
                    where k.found is not null
                union all
                (select e.stream, e.version, e.position, e.type, e.schema_version, e.event_id, e.recorded_at,
                        e.data, null::text
                    from cairn.events e
                    where e.shard = 0 and e.stream = u.stream
                        and e.version > case when k.found = 'usable' then k.version else u.after end
                    order by e.version
                    limit in_limit)) x
            order by u.number, x.snapshot is null, x.version;
end
$$;
comment on function cairn.load_many is
    'Streams, to be folded, each as cairn.load returns it: number says to which of them a row belongs.';

create or replace function cairn.keep_snapshot(
    in_stream text,
    in_kind text,
    in_code_version bigint,
    in_version bigint,
    in_event_id uuid,
    in_state json,
    out kept boolean
)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    insert into cairn.snapshots as s
        (shard, stream, kind, code_version, version, event_id, state, made_at)
    select 0, e.stream, in_kind, in_code_version, e.version, e.event_id, in_state, clock_timestamp()
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream and e.version = in_version and e.event_id = in_event_id
    on conflict on constraint snapshots_pkey do update
        set code_version = excluded.code_version, version = excluded.version,
            event_id = excluded.event_id, state = excluded.state, made_at = excluded.made_at
        where (s.code_version, s.version) <= (excluded.code_version, excluded.version)
            or not exists (
                select from cairn.events e
                    where e.shard = 0 and e.stream = s.stream and e.version = s.version
                        and e.event_id = s.event_id);
    kept := found;
end
$$;
comment on function cairn.keep_snapshot is
    'Stores a state, if the log has the event that it ends with, in place of one that is not newer or '
    'belongs to another history. Returns whether it was stored.';
revoke execute on function cairn.keep_snapshot from public;
grant execute on function cairn.keep_snapshot to cairn_writer;
