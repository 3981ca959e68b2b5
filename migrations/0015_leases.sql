-- 0015_leases: which process does what only one may do: a projection, a process manager, the bus.
--
-- A lease is a row, not an advisory lock: a lock would stay with a process that was frozen for as
-- long as its connection lives. Who has the lease beats; who has not beaten for a while has lost
-- it, and the next one gets a higher fence. The lease alone keeps nobody from writing: whatever is
-- written under it carries the fence and is refused once a higher one was seen there.

create table cairn.leases (
    name text collate "C" not null,
    owner text not null,
    fence bigint not null,
    taken_at timestamptz not null,
    beat_at timestamptz not null,
    held_until timestamptz not null,
    constraint leases_pkey primary key (name),
    constraint leases_name_is_short check (octet_length(name) between 1 and 200),
    constraint leases_owner_is_short check (octet_length(owner) between 1 and 200),
    constraint leases_fence_is_positive check (fence > 0)
) with (fillfactor = 50);

comment on table cairn.leases is 'Who does what only one process may do at a time.';
comment on column cairn.leases.name is 'What it is for: projection/order_summary/2.';
comment on column cairn.leases.owner is 'The process: its label, host, number, and a word of chance.';
comment on column cairn.leases.fence is 'Goes up by one with each new owner: what is written under the lease carries it.';
comment on column cairn.leases.beat_at is 'When the owner was last heard of.';
comment on column cairn.leases.held_until is 'From then on anybody may take it.';
grant select on cairn.leases to cairn_projector, cairn_writer, cairn_reader;

-- Rows are gone through by name, so that two processes that beat for the same ones do not wait for
-- each other in a ring.
create function cairn.beat(
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
            return query select l.name, l.fence, false, l.owner
                from cairn.leases l where l.name = wanted.name;
        end if;
    end loop;
end
$$;

comment on function cairn.beat(text, text[], bigint[], interval) is
    'Keeps the leases that the owner has, takes those that nobody has. One row for each name: its fence, and whether it is the owner''s now.';
revoke all on function cairn.beat(text, text[], bigint[], interval) from public;
grant execute on function cairn.beat(text, text[], bigint[], interval) to cairn_projector, cairn_writer;

create function cairn.release(
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

comment on function cairn.release(text, text[], bigint[]) is
    'Gives leases back, so that the next owner need not wait. Returns how many the owner had.';
revoke all on function cairn.release(text, text[], bigint[]) from public;
grant execute on function cairn.release(text, text[], bigint[]) to cairn_projector, cairn_writer;
