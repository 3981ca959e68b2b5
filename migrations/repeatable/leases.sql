-- leases: creates the functions that acquire, renew and release leases.

-- Rows are locked in the order of their names, so that two processes that renew the same leases cannot
-- deadlock.
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
            -- Its last heartbeat lies in the future: the clock was set back since. A live owner renews
            -- it; a dead one loses it after the TTL from now.
            update cairn.leases l
                set beat_at = clock_timestamp(), held_until = clock_timestamp() + in_ttl
                where l.name = wanted.name and l.beat_at > clock_timestamp() + interval '1 second';
            return query select l.name, l.fence, false, l.owner
                from cairn.leases l where l.name = wanted.name;
        end if;
    end loop;
end
$$;
comment on function cairn.beat is
    'Renews the owner''s leases and acquires those that are free. One row per name: its fence, and '
    'whether the lease is the owner''s now.';
revoke execute on function cairn.beat from public;
grant execute on function cairn.beat to cairn_writer, cairn_projector, cairn_consumer;

create or replace function cairn.release(
    in_owner text,
    in_names text[],
    in_fences bigint[]
) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '1s'
as $$
    with released as (
        update cairn.leases l
            set held_until = least(l.held_until, clock_timestamp())
            from unnest(in_names, in_fences) as w (name, fence)
            where l.name = w.name and l.fence = w.fence and l.owner = in_owner
            returning 1
    )
    select count(*) from released
$$;
comment on function cairn.release is
    'Releases leases, so that the next owner need not wait. Returns how many the owner had.';
revoke execute on function cairn.release from public;
grant execute on function cairn.release to cairn_writer, cairn_projector, cairn_consumer;
