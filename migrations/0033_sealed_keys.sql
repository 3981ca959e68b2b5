-- 0033_sealed_keys: nobody can use the Idempotency-Key of a process manager's command before it does.
--
-- The key was made of names and numbers that a client can guess. One who had used it for a request of
-- his own made the command come back as "key reused". Now its end stands in the event that sends the
-- command, and is random. Commands of before have none, and keep the key that they were sent under.

create or replace function cairn.outgoing_key(in_stream text, in_version bigint, in_number bigint) returns text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select concat_ws('/', in_stream, in_version, in_number,
                     (select e.data #>> array['sent', in_number::text, 'key']
                          from cairn.events e
                          where e.shard = 0 and e.stream = in_stream and e.version = in_version))
$$;
comment on function cairn.outgoing_key(text, bigint, bigint) is
    'The Idempotency-Key of a command that a process manager sends: stream, version and number, and what the event keeps for it.';
