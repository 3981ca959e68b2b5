-- duties: creates the function that gives a duty's owner its turn (cairn/lease.h).

-- Keeps the row of the duty locked until the transaction ends. Null: a later owner has had a turn.
create or replace function cairn.take_turn(in_name text, in_fence bigint) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
    insert into cairn.duties as d (name, fence) values (in_name, in_fence)
        on conflict on constraint duties_pkey do update
            set fence = excluded.fence, turns = d.turns + 1, turned_at = clock_timestamp()
            where d.fence <= excluded.fence
        returning d.turns
$$;
comment on function cairn.take_turn is
    'Begins a turn of a duty, in the transaction that does it; null: refused, as a later owner has had one.';
revoke execute on function cairn.take_turn from public;
grant execute on function cairn.take_turn to cairn_writer, cairn_projector, cairn_consumer;
