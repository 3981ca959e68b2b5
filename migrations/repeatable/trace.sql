-- trace: creates the functions that find what a request has caused: `cairn trace`.
--
-- All that one request causes has its correlation. Which event or command caused which is in the metas: the
-- event of a process names the event that it reacted to; the id of a command is a hash of its
-- Idempotency-Key, which contains the event that sent it.
--
-- The functions have the rights of the caller. Plans are bitmap scans only: the index on correlations, ids and
-- traces is a BRIN index, and neither the log nor the index of its positions may be scanned instead. They use
-- no parallel workers, which would take longer to start than a search takes.

create or replace function cairn.first_of_correlation(in_correlation text) returns bigint
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set enable_indexonlyscan = off
    set max_parallel_workers_per_gather = 0
    set jit = off
as $$
begin
    return (select min(e.position)
                from cairn.events e
                where split_part(substr(e.meta::text, 20, 100), '"', 1)
                          = split_part(substr(to_json(in_correlation)::text, 2, 100), '"', 1)
                    and e.meta ->> 'correlation_id' = in_correlation);
end
$$;
comment on function cairn.first_of_correlation is
    'The position of the first event with this correlation; null: there is none.';

-- An id of version 7 (RFC 9562) begins with the time at which it was made, in milliseconds.
create or replace function cairn.time_of_id(in_hex text) returns timestamptz
    language sql
    immutable
    strict
    set search_path = pg_catalog, pg_temp
as $$
    select case when substr(in_hex, 13, 1) = '7'
                then to_timestamp(('x' || left(in_hex, 12))::bit(48)::bigint / 1000.0) end
$$;
comment on function cairn.time_of_id is
    'When an id of version 7 was made, from its digits without dashes; null for another version.';

create or replace function cairn.mentioned_in_log(in_text text, in_from bigint, in_to bigint)
    returns table ("position" bigint, correlation_id text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
begin
    return query
        select min(e.position), e.meta ->> 'correlation_id'
            from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and strpos(e.meta::text, in_text) > 0
            group by e.meta ->> 'correlation_id'
            order by 1
            limit 100;
end
$$;
comment on function cairn.mentioned_in_log is
    'The first events at positions in_from + 1 to in_to of each correlation whose metas contain a text.';

create or replace function cairn.find_trace(in_id text, in_kind text, in_most bigint)
    returns table (kind text, "position" bigint, correlation_id text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set enable_indexonlyscan = off
    set max_parallel_workers_per_gather = 0
    set jit = off
as $$
#variable_conflict use_column
declare
    is_uuid constant boolean := in_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
    is_trace constant boolean := in_id ~ '^[0-9a-f]{32}$';
    made_at timestamptz;
    first bigint;
    seen boolean := false;
begin
    if in_kind is null or in_kind in ('correlation', 'command') then
        first := cairn.first_of_correlation(in_id);
        return query
            select 'correlation'::text, first, in_id where first is not null
            union all
            select 'command', e.position, in_id
                from cairn.events e
                where e.shard = 0 and e.position = first and e.meta ->> 'command_id' = in_id;
        seen := found;
    end if;
    if is_uuid and (in_kind is null or in_kind = 'command') then
        return query
            select case when c.event_count > 0 then 'command' else 'command without events' end, c.position,
                   (select e.meta ->> 'correlation_id' from cairn.events e
                        where e.shard = 0 and e.position = c.position and c.event_count > 0)
                from cairn.executed_commands c
                where c.shard = 0 and c.command_id = in_id::uuid;
        seen := seen or found;
    end if;
    if is_uuid and (in_kind is null or in_kind = 'event') then
        return query
            select 'event'::text, e.position, e.meta ->> 'correlation_id'
                from cairn.events e where e.event_id = in_id::uuid;
        seen := seen or found;
    end if;
    if is_trace and (in_kind = 'trace' or in_kind is null and not seen) then
        return query
            select 'trace'::text, min(e.position), e.meta ->> 'correlation_id'
                from cairn.events e
                where left(split_part(e.meta::text, '"traceparent":"00-', 2), 32) = in_id
                group by e.meta ->> 'correlation_id'
                order by 2
                limit 100;
    end if;
    -- What is not indexed: commands without a key. Their ids say when they were made.
    made_at := case when is_uuid then cairn.time_of_id(replace(in_id, '-', '')) end;
    if made_at is not null and (in_kind = 'command' or in_kind is null) and not seen then
        first := cairn.last_position_until(made_at - interval '10 seconds');
        return query
            select 'command', m.position, m.correlation_id
                from cairn.mentioned_in_log(in_id, first,
                         least(cairn.last_position_until(made_at + interval '60 seconds'), first + in_most)) m;
    end if;
end
$$;
comment on function cairn.find_trace is
    'What an id is: a correlation, a command, an event, a trace; with the first event of each correlation that '
    'belongs to it. With a kind, only that is looked for. A command without a key is searched around the time '
    'that its id says, among in_most events at most.';

create or replace function cairn.traced_events(in_correlations text[], in_positions bigint[], in_limit bigint)
    returns table (
        "position" bigint,
        stream text,
        version bigint,
        type text,
        event_id text,
        recorded_at timestamptz,
        correlation_id text,
        causation_id text,
        command_id text,
        command text,
        service text,
        traceparent text,
        actor text,
        issuer text,
        input text
    )
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set enable_indexonlyscan = off
    set max_parallel_workers_per_gather = 0
    set jit = off
as $$
#variable_conflict use_column
begin
    return query
        select e.position, e.stream, e.version, e.type, e.event_id::text, e.recorded_at,
               e.meta ->> 'correlation_id', e.meta ->> 'causation_id', e.meta ->> 'command_id',
               e.meta ->> 'command', e.meta ->> 'service', e.meta ->> 'traceparent',
               e.meta #>> '{actor,sub}', e.meta #>> '{actor,iss}',
               case when e.type = 'ProcessAdvanced' then
                   case e.data #>> '{input,kind}'
                       when 'event' then e.data #>> '{input,type}'
                       when 'timer' then 'timer ' || (e.data #>> '{input,name}')
                       when 'refusal' then format('refusal of %s: %s', e.data #>> '{input,command}',
                                                  coalesce(nullif(e.data #>> '{input,reason}', ''),
                                                           e.data #>> '{input,code}'))
                       else concat_ws(' ', e.data #>> '{input,kind}', e.data #>> '{input,name}') end end
            from cairn.events e
            join (select x.position
                      from unnest(in_correlations) c
                      join cairn.events x
                          on split_part(substr(x.meta::text, 20, 100), '"', 1)
                                 = split_part(substr(to_json(c)::text, 2, 100), '"', 1)
                              and x.meta ->> 'correlation_id' = c
                  union
                  select unnest(in_positions)
                  order by 1
                  limit in_limit) p on p.position = e.position
            where e.shard = 0
            order by e.position;
    perform cairn.await_durable();
end
$$;
comment on function cairn.traced_events is
    'The first events with one of these correlations, or at one of these positions, in order.';

create or replace function cairn.traced_sends(in_positions bigint[])
    returns table (
        "position" bigint, -- of the event that sends it
        number bigint,
        target text,
        command text,
        command_id text,   -- null: its service is not known
        status bigint,     -- null: it was not carried out, or is forgotten
        attempts bigint,   -- null: nothing is to be delivered
        problem text
    )
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set enable_indexonlyscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
as $$
#variable_conflict use_column
begin
    return query
        with traced as materialized (
            select e.position, e.stream, e.version, e.type, e.data, e.meta
                from unnest(in_positions) p
                join cairn.events e on e.shard = 0 and e.position = p
        ), services as materialized (
            select distinct split_part(t.stream, '-', 1) as category, t.meta ->> 'service' as service
                from traced t where t.meta ->> 'command_id' is not null
        ), sent as materialized (
            select t.position, t.stream, t.version, s.n - 1 as number, s.sent ->> 'to' as target,
                   s.sent ->> 'command' as command,
                   concat_ws('/', t.stream, t.version, s.n - 1, s.sent ->> 'key') as key
                from traced t,
                     json_array_elements(case when json_typeof(t.data -> 'sent') = 'array'
                                              then t.data -> 'sent' end) with ordinality as s(sent, n)
                where t.type = 'ProcessAdvanced'
        )
        select s.position, s.number, s.target, s.command, i.id::text, c.status::bigint, o.attempts, o.problem
            from sent s
            left join services v on v.category = split_part(s.target, '-', 1)
            left join lateral (select cairn.command_id(v.service, s.key) as id) i on true
            left join cairn.executed_commands c on c.shard = 0 and c.command_id = i.id
            left join cairn.outgoing o on o.stream = s.stream and o.version = s.version and o.number = s.number
            order by s.position, s.number, c.status nulls last;
end
$$;
comment on function cairn.traced_sends is
    'The commands that the processes'' events at these positions send, in order, with what became of them; '
    'one may be returned for several services that it may have been sent to.';

create or replace function cairn.traced_senders(
    in_ids text[],
    in_services text[],
    in_commands text[],
    in_streams text[],
    in_before bigint[],
    in_positions bigint[]
) returns table (command_id text, kind text, name text, "position" bigint)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set jit = off
as $$
#variable_conflict use_column
begin
    return query
        with recursive consumers(name) as (
            select min(c.consumer) from cairn.consumed c
            union all
            select (select min(c.consumer) from cairn.consumed c where c.consumer > k.name)
                from consumers k where k.name is not null
        ), senders as materialized (
            select 'reactor' as kind, substr(f.name, 9) as name, substr(f.name, 9) || '/' as prefix
                from cairn.followers f where f.name like 'reactor/%'
            union all
            select 'consumer', k.name, k.name || '-' from consumers k where k.name is not null
        ), traced as materialized (
            select e.position, e.event_id
                from unnest(in_positions) p
                join cairn.events e on e.shard = 0 and e.position = p
        )
        select u.id, s.kind, s.name, t.position
            from unnest(in_ids, in_services, in_commands, in_streams, in_before)
                     as u(id, service, command, stream, before)
            cross join senders s
            join traced t on t.position < u.before
            where cairn.command_id(u.service, concat(s.prefix, t.event_id, '/', u.command, '/', u.stream))::text
                      = u.id;
end
$$;
comment on function cairn.traced_senders is
    'Which reactor or consumer sent these commands, for which of the events at in_positions: the command''s id is '
    'a hash of its Idempotency-Key, which names them.';

create or replace function cairn.traced_rows(in_positions bigint[])
    returns table ("position" bigint, kind text, name text, key text, state text, at timestamptz, note text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
#variable_conflict use_column
declare
    live record;
begin
    for live in
        select g.projection, g.generation, to_regclass(format('read.%I', g.projection || '_g' || g.generation)) as at
            from cairn.generations g where g.live order by g.projection
    loop
        if live.at is null or not has_table_privilege(live.at, 'select') then
            return query
                select null::bigint, 'row'::text, live.projection::text, null::text, 'unread'::text, null::timestamptz,
                       'this role may not read its rows'::text;
            continue;
        end if;
        return query execute format(
            'select r._position, ''row''::text, %L::text, r._key::text,'
            ' case when r._deleted then ''deleted'' when r._parked then ''parked'' else ''changed'' end,'
            ' null::timestamptz, null::text'
            ' from %s r where r._position = any ($1) order by r._position, r._key limit 1000',
            live.projection, live.at) using in_positions;
        return query
            select p.position, 'parked row'::text, p.projection::text, p.key::text, 'parked'::text, p.parked_at, p.reason
                from cairn.parked p
                where p.projection = live.projection and p.generation = live.generation
                    and p.position = any (in_positions)
                limit 1000;
    end loop;
end
$$;
comment on function cairn.traced_rows is
    'The rows of the read models that are read whose last change was made by an event at one of these '
    'positions, and those at which one of them is parked.';

create or replace function cairn.traced_handling(in_positions bigint[])
    returns table ("position" bigint, kind text, name text, key text, state text, at timestamptz, note text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
#variable_conflict use_column
begin
    return query
        select p.position, 'reactor'::text, p.reactor::text, null::text,
               case when p.again then 'parked, retry requested' else 'parked' end, p.parked_at,
               format('%s attempts: %s', p.attempts, p.reason)
            from cairn.followers f
            join cairn.parked_events p on 'reactor/' || p.reactor = f.name and p.position = any (in_positions)
            where f.name like 'reactor/%';
    return query
        select e.position, 'publication'::text, split_part(e.stream, '-', 1), null::text,
               case when e.position <= b.floor then 'published, trimmed since'
                    when e.position <= s.position then 'published' else 'not published yet' end,
               null::timestamptz, case when e.position > s.position then s.problem end
            from cairn.bus s, cairn.bus_streams b
            join cairn.events e on e.shard = 0 and e.position = any (in_positions)
                and split_part(e.stream, '-', 1) = b.category;
    return query
        with recursive consumers(name) as (
            select min(c.consumer) from cairn.consumed c
            union all
            select (select min(c.consumer) from cairn.consumed c where c.consumer > k.name)
                from consumers k where k.name is not null
        )
        select e.position, 'consumption'::text, k.name, null::text,
               case when a.event_id is not null then 'handled by a retry' when d.event_id is not null then 'dead letter'
                    else 'consumed' end,
               coalesce(a.handled_at, d.buried_at), case when a.event_id is null then d.reason end
            from consumers k
            join cairn.events e on e.shard = 0 and e.position = any (in_positions)
            join cairn.consumed c on c.consumer = k.name and c.stream = e.stream and c.version >= e.version
            left join cairn.consumed_dead d on d.consumer = k.name and d.event_id = e.event_id
            left join cairn.consumed_again a on a.consumer = k.name and a.event_id = e.event_id
            where k.name is not null;
end
$$;
comment on function cairn.traced_handling is
    'What reactors, the bus and its consumers did with the events at these positions, as far as their tables say.';

create or replace function cairn.traced_work(in_positions bigint[])
    returns table ("position" bigint, kind text, name text, key text, state text, at timestamptz, note text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
#variable_conflict use_column
declare
    own record;
begin
    for own in
        select c.oid, n.oid as space, n.nspname || '.' || c.relname as name,
               format('%I.%I', n.nspname, c.relname) as quoted,
               string_agg(case when x.atttypid = 'text'::regtype then format('w.%I', x.attname) end, ', ') as words,
               string_agg(case when x.atttypid = 'timestamptz'::regtype then format('w.%I', x.attname) end, ', ') as times
            from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            join pg_attribute a on a.attrelid = c.oid and a.attname = 'event_id' and a.atttypid = 'uuid'::regtype
            left join pg_attribute x on x.attrelid = c.oid and x.attnum > 0 and not x.attisdropped
                and (x.atttypid = 'timestamptz'::regtype
                     or x.atttypid = 'text'::regtype and exists (
                         select from pg_constraint k
                             where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[x.attnum]))
            where c.relkind in ('r', 'p')
                and n.nspname in (select m.schema from cairn.service_migrations m)
                and exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)
            group by c.oid, n.oid, n.nspname, c.relname
            order by n.nspname, c.relname
    loop
        if not has_schema_privilege(own.space, 'usage') or not has_table_privilege(own.oid, 'select') then
            return query
                select null::bigint, 'work'::text, own.name, null::text, 'unread'::text, null::timestamptz,
                       'this role may not read it'::text;
            continue;
        end if;
        return query execute format(
            'select e.position, ''work''::text, %L::text, null::text, concat_ws('', '', %s), least(%s), null::text'
            ' from cairn.events e join %s w on w.event_id = e.event_id'
            ' where e.shard = 0 and e.position = any ($1) limit 1000',
            own.name, coalesce(own.words, 'null'), coalesce(own.times, 'null::timestamptz'), own.quoted)
            using in_positions;
    end loop;
end
$$;
comment on function cairn.traced_work is
    'Rows of services'' own tables that have a column event_id, with an index, for the events at these positions: '
    'messages to be sent, such as mail. Of a row, the texts that a check constraint bounds, and the earliest time.';

create or replace function cairn.traced_timers(in_streams text[])
    returns table (stream text, version bigint, name text, due_at timestamptz)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select t.stream, t.version, t.name, t.due_at from cairn.timers t where t.stream = any (in_streams)
        order by t.stream, t.due_at
$$;
comment on function cairn.traced_timers is 'The timers that are set in these streams.';
