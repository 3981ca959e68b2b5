-- users.sql - :users users who are in the log before the clock starts, each with the e-mail address
-- that it holds: written past Cairn's functions but as they would.

insert into cairn.events
    (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
select 0, n + 1, 'user-00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), 1, 'UserRegistered', 1,
       gen_random_uuid(),
       json_build_object('email', 'user' || n || '@example.com', 'name', 'User ' || n),
       format('{"correlation_id":"%1$s","causation_id":"%1$s","command_id":"%1$s","service":"user",'
              '"traceparent":null,"claims":[{"take":"user.email","key":"user%2$s@example.com"}]}',
              gen_random_uuid(), n)::json,
       now()
    from generate_series(0::bigint, :users - 1) as n;

insert into cairn.event_types (category, type, schema_version) values ('user', 'UserRegistered', 1);

insert into cairn.claims (shard, scope, key, stream, position)
select 0, 'user.email', 'user' || n || '@example.com',
       'user-00000000-0000-4000-8000-' || lpad(n::text, 12, '0'), n + 1
    from generate_series(0::bigint, :users - 1) as n;

vacuum (analyze) cairn.events;
vacuum (analyze) cairn.claims;
