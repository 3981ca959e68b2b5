-- reactors: creates the functions that park events which a reactor failed to handle.

create or replace function cairn.park_event(
    in_reactor text,
    in_fence bigint,
    in_position bigint,
    in_stream text,
    in_type text,
    in_attempts bigint,
    in_reason text
) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'reactor/' || in_reactor and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    insert into cairn.parked_events (reactor, position, stream, type, attempts, reason)
        values (in_reactor, in_position, in_stream, in_type, in_attempts, in_reason)
        on conflict on constraint parked_events_pkey do update
            set attempts = parked_events.attempts + excluded.attempts, reason = excluded.reason,
                parked_at = now(), again = false;
    return true;
end
$$;
comment on function cairn.park_event is
    'Records that a reactor failed to handle an event. False if another process has the lease.';
revoke execute on function cairn.park_event from public;
grant execute on function cairn.park_event to cairn_writer;

create or replace function cairn.unpark_event(in_reactor text, in_fence bigint, in_position bigint) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'reactor/' || in_reactor and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.parked_events p where p.reactor = in_reactor and p.position = in_position;
    return true;
end
$$;
comment on function cairn.unpark_event is
    'Records that a parked event was handled. False if another process has the lease.';
revoke execute on function cairn.unpark_event from public;
grant execute on function cairn.unpark_event to cairn_writer;

create or replace function cairn.retry_parked_events(in_reactor text, in_position bigint) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
    with changed as (
        update cairn.parked_events p set again = true
            where (in_reactor is null or p.reactor = in_reactor)
                and (in_position is null or p.position = in_position)
            returning 1)
    select count(*) from changed
$$;
comment on function cairn.retry_parked_events is
    'Requests a retry of parked events: of one reactor or all (null), of one position or all (null). '
    'Returns their number.';
revoke execute on function cairn.retry_parked_events from public;
grant execute on function cairn.retry_parked_events to cairn_writer;
