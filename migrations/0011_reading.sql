-- 0011_reading: the same ways out of the log, quicker. A function in SQL that sets something is
-- planned at every call; one in plpgsql once a session: 58 us instead of 110 for a short stream.

create or replace function cairn.read_stream(in_stream text, in_after bigint default 0, in_limit bigint default 1000)
    returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog
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
end
$$;

create or replace function cairn.read_range(in_from bigint, in_to bigint, in_types text[] default null)
    returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    return query
        select e.*
            from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and (in_types is null or e.type = any (in_types))
            order by e.position;
end
$$;

create or replace function cairn.head() returns bigint
    language plpgsql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
as $$
begin
    return coalesce((select e.position from cairn.events e where e.shard = 0 order by e.position desc limit 1), 0);
end
$$;
