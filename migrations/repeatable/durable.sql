-- durable: creates the functions by which readers see only what is on disk.
--
-- PostgreSQL makes a transaction visible when it commits, and a deferred append commits before its flush:
-- a reader could see an event that a crash takes back. So functions that return events wait first.
-- What is decided or derived inside the database need not wait: its own commit is flushed later in the
-- same write-ahead log, so it never survives without what it was based on.
--
-- The registers are read by a function: as tables they would be scanned, which costs so much where
-- enable_seqscan is off that PostgreSQL compiles the expression (jit), for some 8 ms.

create or replace function cairn.await_durable(in_position bigint default null) returns bigint
    language plpgsql
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
declare
    durable bigint := coalesce(pg_sequence_last_value('cairn.durable_head'), 0);
    deferred bigint;
    flushed_to pg_lsn;
    header numeric;
begin
    if in_position <= durable then
        return durable;
    end if;
    deferred := coalesce(pg_sequence_last_value('cairn.deferred_head'), 0);
    -- A standby is sent only what is flushed.
    if deferred <= durable or pg_is_in_recovery() then
        return coalesce(in_position, deferred);
    end if;
    deferred := least(deferred, in_position);
    flushed_to := pg_current_wal_insert_lsn();
    header := (flushed_to - '0/0'::pg_lsn) % 8192;
    if header in (24, 40) then -- the header of a page that has nothing else yet is not flushed
        flushed_to := flushed_to - header;
    end if;
    loop
        exit when pg_current_wal_flush_lsn() >= flushed_to;
        durable := coalesce(pg_sequence_last_value('cairn.durable_head'), 0);
        exit when durable >= deferred;
        perform pg_sleep(0.001);
    end loop;
    return greatest(deferred, in_position);
end
$$;
comment on function cairn.await_durable is
    'Waits until all events that this statement can see, up to this position (null: all), are on disk: for '
    'the time of a flush, and only while appends are under way. Returns a position up to which all are.';

create or replace function cairn.make_durable() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    done text;
begin
    if current_setting('synchronous_commit') in ('off', 'local') then
        done := set_config('synchronous_commit', 'on', true);
    end if;
    -- a transaction that has only an id would commit without waiting for the standby
    perform pg_logical_emit_message(true, 'cairn', '');
end
$$;
comment on function cairn.make_durable is
    'Its commit flushes all that was committed before, and waits until a synchronous standby has it.';

create or replace function cairn.confirm() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('synchronous_standby_names') <> ''
            or pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() then
        perform cairn.make_durable();
    end if;
end
$$;
comment on function cairn.confirm is
    'Its commit makes durable all that could be read before; where that is so already, it does nothing.';

create or replace function cairn.publish_durable(in_position bigint) returns void
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    head bigint;
begin
    perform cairn.lock_shard(0::smallint);
    perform set_config('synchronous_commit', 'off', true); -- losing it costs readers a flush
    head := coalesce((select e.position from cairn.events e where e.shard = 0 order by e.position desc limit 1), 0);
    if coalesce(pg_sequence_last_value('cairn.durable_head'), 0) < least(in_position, head) then
        perform setval('cairn.durable_head', least(in_position, head));
    end if;
end
$$;
comment on function cairn.publish_durable is
    'Called by an appender when it has nothing to append: all events up to the position are on disk.';
revoke execute on function cairn.publish_durable from public;
grant execute on function cairn.publish_durable to cairn_writer;
