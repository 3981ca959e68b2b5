-- 0035_clocks_and_pages: a clock that was set back, and expiry that reads each page once.
--
-- A lease whose end lay ahead of such a clock could be taken by nobody until then. And to find the
-- oldest commands, each portion read the whole table as soon as pages had been used again: old rows
-- and new ones lie side by side then, and the index tells pages apart, not rows. A pass goes through
-- the pages once instead, a portion of them at a time.

create or replace function cairn.beat(
    in_owner text,
    in_names text[],
    in_fences bigint[],
    in_ttl interval
) returns table (name text, fence bigint, mine boolean, owner text)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '1s'
as $$
#variable_conflict use_column
declare
    wanted record;
    kept cairn.leases;
begin
    if in_ttl is null or in_ttl < interval '100 milliseconds' or in_ttl > interval '1 hour' then
        raise exception 'a lease lasts from 100 milliseconds to an hour' using errcode = 'CA010';
    end if;
    for wanted in
        select w.name, w.fence from unnest(in_names, in_fences) as w (name, fence) order by 1
    loop
        insert into cairn.leases as l (name, owner, fence, taken_at, beat_at, held_until)
            select wanted.name, in_owner, 1, t.at, t.at, t.at + in_ttl
                from (select clock_timestamp() as at) t
            on conflict on constraint leases_pkey do nothing
            returning * into kept;
        if not found then
            update cairn.leases as l
                set owner = in_owner,
                    fence = case when l.owner = in_owner and l.fence = wanted.fence
                                 then l.fence else l.fence + 1 end,
                    taken_at = case when l.owner = in_owner and l.fence = wanted.fence
                                    then l.taken_at else clock_timestamp() end,
                    beat_at = clock_timestamp(),
                    held_until = clock_timestamp() + in_ttl
                where l.name = wanted.name
                    and (l.held_until <= clock_timestamp()
                         or (l.owner = in_owner and l.fence = wanted.fence))
                returning * into kept;
        end if;
        if found then
            return query select kept.name, kept.fence, true, kept.owner;
        else
            -- It was heard of in the future: the clock was set back since. Who lives beats again; who
            -- does not has this long from now.
            update cairn.leases l
                set beat_at = clock_timestamp(), held_until = clock_timestamp() + in_ttl
                where l.name = wanted.name and l.beat_at > clock_timestamp() + interval '1 second';
            return query select l.name, l.fence, false, l.owner
                from cairn.leases l where l.name = wanted.name;
        end if;
    end loop;
end
$$;

create function cairn.forget_commands(
    in_older_than interval,
    in_page bigint,
    in_pages bigint,
    out gone bigint,
    out next_page bigint
)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_indexscan = off
as $$
declare
    pages bigint := pg_relation_size('cairn.commands') / current_setting('block_size')::bigint;
begin
    if in_older_than is null or in_older_than < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are remembered for an hour at least';
    end if;
    delete from cairn.commands c
        where c.ctid >= format('(%s,0)', in_page)::tid and c.ctid < format('(%s,0)', in_page + in_pages)::tid
            and c.recorded_at < now() - in_older_than;
    get diagnostics gone = row_count;
    next_page := case when in_page + in_pages < pages then in_page + in_pages end;
end
$$;
comment on function cairn.forget_commands(interval, bigint, bigint) is
    'The retention rule for so many pages of the table, from this one on: deletes commands that are older. '
    'Returns how many, and the page to go on at; null at the end.';
revoke execute on function cairn.forget_commands(interval, bigint, bigint) from public;
grant execute on function cairn.forget_commands(interval, bigint, bigint) to cairn_writer;
