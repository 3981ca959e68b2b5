-- 0014_categories: ranges of the log are filtered by category too. The category of a stream is what
-- stands before its first hyphen.

drop function cairn.read_range(bigint, bigint, text[]);

create function cairn.read_range(
    in_from bigint,
    in_to bigint,
    in_types text[] default null,
    in_categories text[] default null
)
    returns setof cairn.events
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
    select e.*
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and (in_types is null or e.type = any (in_types))
            and (in_categories is null or split_part(e.stream, '-', 1) = any (in_categories))
        order by e.position
$$;
comment on function cairn.read_range(bigint, bigint, text[], text[]) is
    'The events at positions in_from + 1 to in_to, in order; of some types and categories only, if any are named.';
