-- 0030_services_of_commands: a command that was sent is looked up under the service that carried it out.
--
-- The key of a command is the SHA-256 of the service's name and the Idempotency-Key. A service need
-- not be called as its streams are: `hotel` decides `room` and `reservation`. Its name stands in the
-- meta of the events that it wrote, which an export keeps.

comment on function cairn.outgoing_command_id(text, text) is
    'The id in cairn.commands of a command that was delivered to a service that is called as the category of its target.';

create or replace function cairn.undelivered_in_log(in_process text, in_to bigint)
    returns table (
        stream text,
        version bigint,
        number bigint,
        "position" bigint,
        target text,
        command text,
        method text,
        path text,
        body text,
        traceparent text
    )
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
    with sent as materialized (
        select s.*, split_part(s.target, '-', 1) as category,
               cairn.outgoing_key(s.stream, s.version, s.number) as key
            from cairn.sent_in_log(in_process, 0, in_to) s),
    written as materialized (
        select distinct e.meta ->> 'command_key' as id, e.meta ->> 'service' as service,
                        split_part(e.stream, '-', 1) as category
            from cairn.events e
            where e.shard = 0 and e.type <> 'ProcessAdvanced'),
    services as materialized (
        select w.category, w.service from written w where w.service is not null
        union
        select s.category, s.category from sent s),
    done as materialized (
        select n.stream, n.version, n.number
            from (select s.stream, s.version, s.number,
                         sha256(convert_to(v.service || E'\n' || s.key, 'UTF8')) as id
                      from sent s
                      join services v on v.category = s.category) n
            where exists (select from cairn.commands c where c.shard = 0 and c.command_id = n.id)
                or encode(n.id, 'hex') in (select w.id from written w where w.id is not null)
        union all
        select r.stream, r.version, r.number from cairn.refused_in_log(in_process, 0, in_to) r)
    select s.stream, s.version, s.number, s.position, s.target, s.command, s.method, s.path, s.body, s.traceparent
        from sent s
        where not exists (select from done d
                              where d.stream = s.stream and d.version = s.version and d.number = s.number)
        order by s.position, s.number
$$;
