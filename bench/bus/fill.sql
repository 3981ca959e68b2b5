-- fill.sql: events that are in the log before the clock starts, written past its functions but as
-- they would: positions and versions without gaps. :events, in :streams streams.

insert into cairn.events
    (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
select 0, n + 1, 'account-00000000-0000-4000-8000-' || lpad((n % :streams)::text, 12, '0'),
       n / :streams + 1, 'AmountCredited', 1, gen_random_uuid(),
       json_build_object('amount', n, 'note', repeat('stone ', 25)),
       '{"service":"bench","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
       now()
    from generate_series(0::bigint, :events - 1) as n;

insert into cairn.event_types (category, type, schema_version) values ('account', 'AmountCredited', 1);
vacuum (analyze) cairn.events;
