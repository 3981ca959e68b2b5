-- bus: creates the function by which consumers of the bus handle each event once.

-- The row stays locked until the transaction ends, so members of a group that hold events of the same
-- stream handle them one after the other.
create or replace function cairn.consume(in_consumer text, in_stream text, in_version bigint, in_position bigint)
    returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
    set lock_timeout = '100ms'
as $$
declare
    before bigint;
begin
    insert into cairn.consumed (consumer, stream, version, position)
        values (in_consumer, in_stream, in_version, in_position)
        on conflict on constraint consumed_pkey do nothing;
    if found then
        return 0;
    end if;
    select c.version into strict before from cairn.consumed c
        where c.consumer = in_consumer and c.stream = in_stream for update;
    if before < in_version then
        update cairn.consumed c set version = in_version, position = in_position
            where c.consumer = in_consumer and c.stream = in_stream;
    end if;
    return before;
end
$$;
comment on function cairn.consume is
    'Records that a consumer handles this version of a stream. Returns the version before, 0 for none: if '
    'it is not below this one, the event was handled already.';
revoke execute on function cairn.consume from public;
grant execute on function cairn.consume to cairn_consumer;
