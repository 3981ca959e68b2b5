-- 0006_read: the ways out of the log. Positions have no gaps and are in commit order, so a reader
-- that remembers the last position it has seen misses nothing.

create function cairn.read_stream(in_stream text, in_after bigint default 0, in_limit bigint default 1000)
    returns setof cairn.events
    language sql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
    select e.*
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream and e.version > in_after
        order by e.version
        limit in_limit
$$;
comment on function cairn.read_stream(text, bigint, bigint) is
    'The events of one stream after a version, in order.';

create function cairn.read_range(in_from bigint, in_to bigint, in_types text[] default null)
    returns setof cairn.events
    language sql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
    select e.*
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and (in_types is null or e.type = any (in_types))
        order by e.position
$$;
comment on function cairn.read_range(bigint, bigint, text[]) is
    'The events at positions in_from + 1 to in_to, in order; of some types only, if any are named.';

create function cairn.head() returns bigint
    language sql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
as $$
    select coalesce((select e.position from cairn.events e where e.shard = 0 order by e.position desc limit 1), 0)
$$;
comment on function cairn.head() is 'The position of the newest event, 0 in an empty log.';
