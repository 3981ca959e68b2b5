-- limits.sql: a table like the log's, with its indexes, in the same place as Cairn's rows would be,
-- but written to without asking anything. :events and :streams as in fill.sql.

create schema bench;
create table bench.events (like cairn.events including all);
alter table bench.events set (autovacuum_vacuum_insert_scale_factor = 0.1);
create sequence bench.position;

insert into bench.events
    (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
select 0, nextval('bench.position'),
       'account-00000000-0000-4000-8000-' || lpad((n % :streams)::text, 12, '0'),
       n / :streams + 1, 'AmountCredited', 1, gen_random_uuid(), :'data', :'meta', now()
    from generate_series(0::bigint, :events - 1) as n;
vacuum (analyze) bench.events;
