-- 0040_commands_ahead: commands that were recorded in the future, by a clock that was set back since.
--
-- Their time is that of their events, and stays what it is; by it they would be kept until that time
-- has come, which may be years. They count from when they were first found ahead of the clock instead.

create table cairn.commands_ahead (
    shard smallint not null,
    command_id bytea not null,
    seen_at timestamptz not null,
    constraint commands_ahead_pkey primary key (shard, command_id)
);
comment on table cairn.commands_ahead is 'Commands whose recorded_at lies ahead of the clock.';
comment on column cairn.commands_ahead.seen_at is 'Their retention counts from here.';
grant select on cairn.commands_ahead to cairn_writer, cairn_reader;

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
as $$
declare
    pages bigint := pg_relation_size('cairn.commands') / current_setting('block_size')::bigint;
    from_row tid := format('(%s,0)', in_page)::tid;
    to_row tid := format('(%s,0)', in_page + in_pages)::tid;
begin
    if in_older_than is null or in_older_than < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are remembered for an hour at least';
    end if;
    -- A minute: the clocks of two servers, after a fail-over, are not the same to the second.
    insert into cairn.commands_ahead as a (shard, command_id, seen_at)
        select c.shard, c.command_id, now() from cairn.commands c
            where c.ctid >= from_row and c.ctid < to_row and c.recorded_at > now() + interval '1 minute'
        on conflict on constraint commands_ahead_pkey do update
            set seen_at = excluded.seen_at where a.seen_at > excluded.seen_at;
    with forgotten as (
        delete from cairn.commands c
            where c.ctid >= from_row and c.ctid < to_row
                and (c.recorded_at < now() - in_older_than
                     or (c.recorded_at > now()
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
