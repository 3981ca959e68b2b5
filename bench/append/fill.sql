-- fill.sql: events that are in Cairn's log before the clock starts, written past its functions but
-- as they would: positions and versions without gaps, each event with the row of its command.
--
-- :events, in :streams streams; :data and :meta as the load has them; :commands, the newest of the
-- events that have a command, as commands expire.

insert into cairn.events
    (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
select 0, n + 1, 'account-00000000-0000-4000-8000-' || lpad((n % :streams)::text, 12, '0'),
       n / :streams + 1, 'AmountCredited', 1, gen_random_uuid(), :'data', :'meta', now()
    from generate_series(0::bigint, :events - 1) as n;

insert into cairn.event_types (category, type, schema_version) values ('account', 'AmountCredited', 1);

insert into cairn.executed_commands (command_id, request_hash, position, event_count, status, shard)
select gen_random_uuid(), e.position, e.position, 1, 200, 0
    from cairn.events e
    where e.position > :events - :commands
    order by e.position;

vacuum (analyze) cairn.events;
vacuum (analyze) cairn.executed_commands;
