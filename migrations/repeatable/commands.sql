-- commands: creates the functions that look up and expire commands with an Idempotency-Key.

-- Planned once per session.
create or replace function cairn.find_commands(in_ids uuid[])
    returns table (
        request_hash bigint, -- null: the command is not known
        status bigint,
        stream text,
        version bigint,
        "position" bigint,
        event_count bigint
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
        select c.request_hash, c.status::bigint, coalesce(c.stream, e.stream), coalesce(c.version, e.version),
               c.position, c.event_count::bigint
            from unnest(in_ids) with ordinality as u(id, number)
            left join lateral (
                select k.request_hash, k.status, k.stream, k.version, k.position, k.event_count
                    from cairn.executed_commands k
                    where k.shard = 0 and k.command_id = u.id
                    limit 1) c on true
            left join lateral (
                select x.stream, x.version
                    from cairn.events x
                    where c.event_count > 0 and x.shard = 0 and x.position = c.position
                    limit 1) e on true
            order by u.number;
end
$$;
comment on function cairn.find_commands is
    'The answers to the commands with these ids (see cairn.command_id), a row for each, in order.';

-- Times do not decrease along the log, and positions have no gaps.
create or replace function cairn.last_position_until(in_time timestamptz) returns bigint
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
as $$
declare
    low bigint := 0; -- recorded by then
    high bigint;     -- not recorded by then
    middle bigint;
begin
    select coalesce(max(e.position), 0) + 1 into high from cairn.events e where e.shard = 0;
    while high - low > 1 loop
        middle := (low + high) / 2;
        if (select e.recorded_at <= in_time from cairn.events e where e.shard = 0 and e.position = middle) then
            low := middle;
        else
            high := middle;
        end if;
    end loop;
    return low;
end
$$;
comment on function cairn.last_position_until is
    'The position of the last event that was recorded at this time or before; 0: there is none.';

create or replace function cairn.forget_commands(
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
    set jit = off
as $$
declare
    pages bigint := pg_relation_size('cairn.executed_commands') / current_setting('block_size')::bigint;
    from_row tid := format('(%s,0)', in_page)::tid;
    to_row tid := format('(%s,0)', in_page + in_pages)::tid;
    old bigint;    -- commands whose last event is here or before are older than that
    present bigint;
    ahead bigint;  -- those whose last event is after this one were recorded in the future
begin
    if in_older_than is null or in_older_than < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are kept for at least an hour';
    end if;
    old := cairn.last_position_until(now() - in_older_than);
    present := cairn.last_position_until(now());
    ahead := cairn.last_position_until(now() + interval '1 minute');
    -- A minute of tolerance: the clocks of two servers differ by seconds after a fail-over.
    insert into cairn.commands_ahead as a (shard, command_id, seen_at)
        select c.shard, c.command_id, now() from cairn.executed_commands c
            where c.ctid >= from_row and c.ctid < to_row
                and case when c.event_count > 0 then c.position > ahead
                         else c.recorded_at > now() + interval '1 minute' end
        on conflict on constraint commands_ahead_pkey do update
            set seen_at = excluded.seen_at where a.seen_at > excluded.seen_at;
    with forgotten as (
        delete from cairn.executed_commands c
            where c.ctid >= from_row and c.ctid < to_row
                and (case when c.event_count > 0 then c.position <= old
                          else c.recorded_at < now() - in_older_than end
                     or (case when c.event_count > 0 then c.position > present else c.recorded_at > now() end
                         and exists (
                             select from cairn.commands_ahead a
                                 where a.shard = c.shard and a.command_id = c.command_id
                                     and a.seen_at < now() - in_older_than)))
            returning c.shard, c.command_id
    ), done as (
        delete from cairn.commands_ahead a
            using forgotten f
            where a.shard = f.shard and a.command_id = f.command_id
    )
    select count(*) into gone from forgotten;
    next_page := case when in_page + in_pages < pages then in_page + in_pages end;
end
$$;
comment on function cairn.forget_commands(interval,bigint,bigint) is
    'Deletes commands older than this (an hour at least) from so many pages of the table, starting at a '
    'page. Returns their number, and the next page; null at the end.';
revoke execute on function cairn.forget_commands(interval,bigint,bigint) from public;
grant execute on function cairn.forget_commands(interval,bigint,bigint) to cairn_writer;
