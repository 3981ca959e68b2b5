-- fill.sql: the orders that are read, in the log before the clock starts; written past its functions
-- but as they would. :rows of them.

insert into cairn.events
    (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
select 0, n + 1, 'order-01890000-0000-7000-8000-' || lpad(n::text, 12, '0'), 1, 'OrderPlaced', 1,
       gen_random_uuid(),
       json_build_object(
           'user_id', '01890000-0000-7000-9000-' || lpad((n % 1000)::text, 12, '0'),
           'currency', 'EUR',
           'lines', json_build_array(json_build_object(
               'sku', 'stone-' || n % 100, 'quantity', 1 + n % 9, 'unit_price', 450)),
           'total', 450 * (1 + n % 9), 'card_token', 'card_ok'),
       '{}', now()
    from generate_series(0::bigint, :rows - 1) as n;

insert into cairn.event_types (category, type, schema_version) values ('order', 'OrderPlaced', 1);

vacuum (analyze) cairn.events;
