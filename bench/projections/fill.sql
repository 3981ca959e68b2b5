-- fill.sql: orders that were placed, paid and shipped, in the log before the clock starts; written
-- past its functions but as they would. :events of them, three to an order, those of an order a
-- thousand orders apart; behind :first.

create temporary table story as
    select n, k, row_number() over (order by n + 1000 * k, k) as position,
           '01890000-0000-7000-8000-' || lpad(n::text, 12, '0') as id
        from generate_series(0::bigint, (:events + 2) / 3 - 1) as n, generate_series(0, 2) as k;

insert into cairn.events
    (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
select 0, :first + s.position, 'order-' || s.id, s.k + 1,
       (array['OrderPlaced', 'OrderPaid', 'OrderShipped'])[s.k + 1], 1, gen_random_uuid(),
       case s.k
           when 0 then json_build_object(
               'user_id', '01890000-0000-7000-9000-' || lpad((s.n % 1000)::text, 12, '0'),
               'currency', 'EUR',
               'lines', json_build_array(json_build_object(
                   'sku', 'stone-' || s.n % 100, 'quantity', 1 + s.n % 9, 'unit_price', 450)),
               'total', 450 * (1 + s.n % 9), 'card_token', 'card_ok')
           when 1 then json_build_object(
               'payment_id', '01890000-0000-7000-a000-' || lpad(s.n::text, 12, '0'),
               'currency', 'EUR', 'total', 450 * (1 + s.n % 9))
           else json_build_object('carrier', 'post', 'tracking', 'track-' || s.n)
       end,
       '{}', now()
    from story s
    where s.position <= :events
    order by s.position;

insert into cairn.event_types (category, type, schema_version)
    values ('order', 'OrderPlaced', 1), ('order', 'OrderPaid', 1), ('order', 'OrderShipped', 1);

vacuum (analyze) cairn.events;
