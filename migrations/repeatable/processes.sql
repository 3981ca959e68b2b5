-- processes: creates the functions of process managers: clock, streams, checkpoints, timers, commands.
--
-- The functions that write take the fence of the caller's lease and do nothing where a higher fence was
-- seen: they return false, or a row with held = false.

-- ---- clock ----

create or replace function cairn.now() returns timestamptz
    language plpgsql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    return (select clock_timestamp() + c.ahead from cairn.clock c);
end
$$;
comment on function cairn.now is
    'The time, as processes and timers read it.';

create or replace function cairn.turn_clock(in_by interval) returns timestamptz
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    update cairn.clock set ahead = ahead + in_by returning clock_timestamp() + ahead
$$;
comment on function cairn.turn_clock is
    'Turns the clock of all processes forward or back, not that of deciders (given->now): for tests, by the owner. Returns the new time.';
revoke execute on function cairn.turn_clock from public;

-- ---- what the streams say ----

-- The last part of the key is random and is kept in the event that sends the command, so that no
-- client can use the key first. Commands of old events have no such part.
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
comment on function cairn.outgoing_key is
    'The Idempotency-Key of a command that a process manager sends: stream, version, number, and the '
    'random part in the event.';

create or replace function cairn.outgoing_correlation(in_stream text, in_version bigint) returns text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select e.meta ->> 'correlation_id'
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream and e.version = in_version
$$;
comment on function cairn.outgoing_correlation is
    'The correlation of the event by which a process manager sends a command.';

create or replace function cairn.whole_or_null(in_text text) returns bigint
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
    select case when in_text ~ '^[0-9]{1,18}$' then in_text::bigint end
$$;
comment on function cairn.whole_or_null is
    'The whole number that a text contains; null if it contains none.';

create or replace function cairn.time_or_null(in_text text) returns timestamptz
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    return in_text::timestamptz;
exception when others then
    return null;
end
$$;
comment on function cairn.time_or_null is
    'The time that a text contains; null if it contains none.';

create or replace function cairn.sent_in_log(in_process text, in_from bigint, in_to bigint)
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
    set enable_seqscan = off
    set jit = off
as $$
    select e.stream, e.version, s.n - 1, e.position, s.sent ->> 'to', s.sent ->> 'command',
           s.sent ->> 'method', s.sent ->> 'path', (s.sent -> 'body')::text, e.meta ->> 'traceparent'
        from cairn.events e, json_array_elements(case when json_typeof(e.data -> 'sent') = 'array' then e.data -> 'sent' end) with ordinality as s(sent, n)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and s.sent ->> 'to' is not null and s.sent ->> 'command' is not null and s.sent ->> 'method' is not null
            and s.sent ->> 'path' is not null and s.sent -> 'body' is not null
$$;
comment on function cairn.sent_in_log is
    'The commands that a process manager has sent, from its streams, at positions in_from + 1 to in_to.';

create or replace function cairn.refused_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, version bigint, number bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select e.stream, cairn.whole_or_null(e.data #>> '{input,version}'),
           cairn.whole_or_null(e.data #>> '{input,number}')
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and e.data #>> '{input,kind}' = 'refusal'
$$;
comment on function cairn.refused_in_log is
    'The commands of a process manager that were refused for good, from its streams, at positions in_from '
    '+ 1 to in_to.';

create or replace function cairn.timers_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, version bigint, name text, due_at timestamptz)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select l.stream, l.version, t.timer ->> 'name', cairn.time_or_null(t.timer ->> 'at')
        from (select distinct on (e.stream) e.stream, e.version, e.data
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= in_to
                      and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
                  order by e.stream, e.version desc) l
        left join lateral json_array_elements(case when json_typeof(l.data -> 'timers') = 'array' then l.data -> 'timers' end) as t(timer)
            on cairn.time_or_null(t.timer ->> 'at') is not null
$$;
comment on function cairn.timers_in_log is
    'The streams of a process manager that advanced, and the timers that are set after that; a null timer '
    'where there is none.';

create or replace function cairn.associations_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, name text, id uuid, since bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select l.stream, a.association ->> 'name', (a.association ->> 'id')::uuid,
           cairn.whole_or_null(a.association ->> 'since')
        from (select distinct on (e.stream) e.stream, e.version, e.data
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= in_to
                      and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
                  order by e.stream, e.version desc) l
        left join lateral json_array_elements(case when json_typeof(l.data -> 'associations') = 'array'
                                                   then l.data -> 'associations' end) as a(association)
            on a.association ->> 'name' is not null and a.association ->> 'id' ~ '^[0-9a-f-]{36}$'
                and cairn.whole_or_null(a.association ->> 'since') is not null
$$;
comment on function cairn.associations_in_log is
    'The streams of a process manager that advanced, and what they are associated with after that; a null '
    'association where there is none.';

create or replace function cairn.associated(
    in_process text,
    in_names text[],
    in_ids uuid[],
    in_from bigint,
    in_to bigint
) returns table (stream text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select a.stream
        from unnest(in_names, in_ids) as w(name, id)
        join cairn.associations a on a.process = in_process and a.name = w.name and a.id = w.id
    union
    select l.stream
        from cairn.associations_in_log(in_process, in_from, in_to) l
        join unnest(in_names, in_ids) as w(name, id) on l.name = w.name and l.id = w.id
$$;
comment on function cairn.associated is
    'The streams of instances that may be associated with one of these: by the table, or by their events at '
    'positions in_from + 1 to in_to, which the table may not have yet.';
revoke execute on function cairn.associated from public;
grant execute on function cairn.associated to cairn_writer;

create or replace function cairn.process_instances(in_streams text[])
    returns table (
        stream text,
        version bigint,
        event_id uuid,
        type text,
        "position" bigint,
        state text,
        timers text,
        associations text,
        correlation_id text,
        traceparent text,
        tracestate text
    )
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
        select w.stream, e.version, e.event_id, e.type, case when e.data ->> 'position' ~ '^[0-9]{1,18}$' then (e.data ->> 'position')::bigint end,
               (e.data -> 'state')::text, json_build_object('timers', e.data -> 'timers')::text,
               json_build_object('associations', e.data -> 'associations')::text,
               e.meta ->> 'correlation_id', e.meta ->> 'traceparent',
               e.meta ->> 'tracestate'
            from unnest(in_streams) as w (stream)
            cross join lateral (
                select x.version, x.event_id, x.type, x.data, x.meta
                    from cairn.events x
                    where x.shard = 0 and x.stream = w.stream
                    order by x.version desc
                    limit 1) e;
end
$$;
comment on function cairn.process_instances is
    'The last event of each of these streams of process managers, split into its fields. Streams that do '
    'not exist are absent.';

-- For services of the release before, which do not know associations.
create or replace function cairn.process_ends(in_streams text[])
    returns table (
        stream text,
        version bigint,
        event_id uuid,
        type text,
        "position" bigint,
        state text,
        timers text,
        correlation_id text,
        traceparent text
    )
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
    select i.stream, i.version, i.event_id, i.type, i."position", i.state, i.timers, i.correlation_id, i.traceparent
        from cairn.process_instances(in_streams) i
$$;
comment on function cairn.process_ends is
    'The last event of each of these streams of process managers, split into its fields. Streams that do '
    'not exist are absent.';

create or replace function cairn.was_refused(in_stream text, in_after bigint, in_number bigint) returns boolean
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select exists (
        select from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > in_after
                and e.data #>> '{input,kind}' = 'refusal'
                and cairn.whole_or_null(e.data #>> '{input,version}') = in_after
                and cairn.whole_or_null(e.data #>> '{input,number}') = in_number)
$$;
comment on function cairn.was_refused is
    'Does the stream record that this command of its was refused?';

-- ---- checkpoints ----

-- A new follower starts after the newest event, since old events must not cause effects again. A
-- process manager that has streams (of an imported log) starts at its first input.
create or replace function cairn.begin_follower(in_name text, in_process text, in_from_start boolean)
    returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
declare
    begin_at bigint;
begin
    if exists (select from cairn.followers f where f.name = in_name) then
        return false;
    end if;
    -- A stream is the category, "-" and an id; "." is the character after "-".
    select min(cairn.whole_or_null(e.data ->> 'position')) - 1 into begin_at
        from cairn.events e
        where in_process is not null and e.shard = 0
            and e.stream >= in_process || '-' and e.stream < in_process || '.'
            and e.type = 'ProcessAdvanced';
    if begin_at is not null then
        perform cairn.rebuild_process(in_process);
    elsif in_from_start then
        begin_at := 0;
    else
        begin_at := cairn.head();
    end if;
    insert into cairn.followers (name, position) values (in_name, greatest(begin_at, 0))
        on conflict on constraint followers_pkey do nothing;
    return found;
end
$$;
comment on function cairn.begin_follower is
    'Creates the checkpoint of a process manager or reactor that has none: at the head of the log, or at '
    'its start.';
revoke execute on function cairn.begin_follower from public;
grant execute on function cairn.begin_follower to cairn_writer;

create or replace function cairn.take_follower(in_name text, in_fence bigint) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    update cairn.followers set fence = in_fence where name = in_name and fence <= in_fence
        returning position
$$;
comment on function cairn.take_follower is
    'Sets the fence of a checkpoint: an owner with a lower fence can no longer write. Returns the '
    'position; null if there was a higher fence.';
revoke execute on function cairn.take_follower from public;
grant execute on function cairn.take_follower to cairn_writer;

create or replace function cairn.move_follower(in_name text, in_fence bigint, in_from bigint, in_to bigint, in_stopped text)
    returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform set_config('synchronous_commit', 'off', true); -- a lost move is repeated
    update cairn.followers
        set position = in_to, moved_at = clock_timestamp(), stopped = in_stopped
        where name = in_name and fence = in_fence and position = in_from;
    return found;
end
$$;
comment on function cairn.move_follower is
    'Moves a checkpoint. False if there is none, or another process has the lease.';
revoke execute on function cairn.move_follower from public;
grant execute on function cairn.move_follower to cairn_writer;

-- ---- timers and outgoing commands ----

-- One statement, planned once per session, reads the events once and parses each of them once: 14 of
-- them cost 1 ms instead of 9. The tables may be long, the range is not: they are joined by index only. What
-- is looked up in the range itself is written as `in`, which makes a hash table of it.
create or replace function cairn.advance_process(in_process text, in_fence bigint, in_from bigint, in_to bigint)
    returns table (
        held boolean,
        stream text,
        version bigint,
        number bigint,
        "position" bigint,
        target text,
        command text,
        method text,
        path text,
        body text,
        traceparent text,
        key text,
        correlation_id text,
        tracestate text
    )
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    if not cairn.move_follower('process/' || in_process, in_fence, in_from, in_to, null) then
        return query select false, null::text, null::bigint, null::bigint, null::bigint, null::text,
                            null::text, null::text, null::text, null::text, null::text, null::text, null::text, null::text;
        return;
    end if;
    return query
        with own as materialized (
            select e.stream, e.version, e.position, e.meta, d.input, d.timers, d.associations, d.sent
                from cairn.events e
                cross join lateral json_to_record(case when json_typeof(e.data) = 'object' then e.data else '{}' end)
                    as d(input json, timers json, associations json, sent json)
                where e.shard = 0 and e.position > in_from and e.position <= in_to
                    and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process),
        last as materialized (
            select distinct on (o.stream) o.stream, o.version, o.timers, o.associations
                from own o order by o.stream, o.version desc),
        timer as materialized (
            select l.stream, l.version, t.name, cairn.time_or_null(t.at) as due_at
                from last l
                cross join lateral json_array_elements(case when json_typeof(l.timers) = 'array' then l.timers end) as a(item)
                cross join lateral json_to_record(case when json_typeof(a.item) = 'object' then a.item else '{}' end)
                    as t(name text, at text)),
        timers_gone as (
            delete from cairn.timers t using last l
                where t.stream = l.stream
                    and (t.stream, t.name) not in (select k.stream, k.name from timer k
                                                       where k.name is not null and k.due_at is not null)),
        timers_set as (
            insert into cairn.timers as t (process, stream, name, due_at, version)
                select in_process, k.stream, k.name, k.due_at, k.version
                    from timer k where k.name is not null and k.due_at is not null
                on conflict on constraint timers_pkey do update
                    set due_at = excluded.due_at, version = excluded.version),
        association as materialized (
            select l.stream, t.name, t.id::uuid as id, cairn.whole_or_null(t.since) as since
                from last l
                cross join lateral json_array_elements(case when json_typeof(l.associations) = 'array'
                                                            then l.associations end) as a(item)
                cross join lateral json_to_record(case when json_typeof(a.item) = 'object' then a.item else '{}' end)
                    as t(name text, id text, since text)
                where t.name is not null and t.id ~ '^[0-9a-f-]{36}$'
                    and cairn.whole_or_null(t.since) is not null),
        associations_gone as (
            delete from cairn.associations a using last l
                where a.stream = l.stream
                    and (a.stream, a.name, a.id) not in (select k.stream, k.name, k.id from association k)),
        associations_set as (
            insert into cairn.associations as a (process, name, id, stream, since)
                select in_process, k.name, k.id, k.stream, k.since from association k
                on conflict on constraint associations_pkey do update set since = excluded.since),
        refusal as materialized (
            select o.stream, cairn.whole_or_null(o.input ->> 'version') as version,
                   cairn.whole_or_null(o.input ->> 'number') as number
                from own o
                where o.input ->> 'kind' = 'refusal' and cairn.whole_or_null(o.input ->> 'version') is not null
                    and cairn.whole_or_null(o.input ->> 'number') is not null),
        refused as (
            delete from cairn.outgoing o using refusal r
                where o.stream = r.stream and o.version = r.version and o.number = r.number),
        command as materialized (
            select o.stream, o.version, a.n - 1 as number, o.position, c."to" as target, c.command, c.method, c.path,
                   c.body::text as body, c.key, o.meta
                from own o
                cross join lateral json_array_elements(case when json_typeof(o.sent) = 'array' then o.sent end)
                    with ordinality as a(item, n)
                cross join lateral json_to_record(case when json_typeof(a.item) = 'object' then a.item else '{}' end)
                    as c("to" text, command text, method text, path text, body json, key text)
                where c."to" is not null and c.command is not null and c.method is not null and c.path is not null
                    and c.body is not null
                    and (o.stream, o.version, a.n - 1) not in (select r.stream, r.version, r.number from refusal r)),
        sent as (
            insert into cairn.outgoing as o
                    (process, stream, version, number, position, target, command, method, path, body, traceparent)
                select in_process, c.stream, c.version, c.number, c.position, c.target, c.command,
                       c.method, c.path, c.body, c.meta ->> 'traceparent'
                    from command c
                on conflict on constraint outgoing_pkey do nothing
                returning o.stream, o.version, o.number::bigint as number
        )
        select true, c.stream, c.version, c.number, c.position, c.target, c.command, c.method,
               c.path, c.body, c.meta ->> 'traceparent', concat_ws('/', c.stream, c.version, c.number, c.key),
               c.meta ->> 'correlation_id', c.meta ->> 'tracestate'
            from command c
            where coalesce((c.stream, c.version, c.number) in (select s.stream, s.version, s.number from sent s), false)
            order by c.position, c.number;
end
$$;
comment on function cairn.advance_process is
    'Projects the events of a process manager at positions in_from + 1 to in_to into timers and outgoing, '
    'and moves its checkpoint. Returns the new commands; one row with held = false if there is no '
    'checkpoint or another process has the lease.';
revoke execute on function cairn.advance_process from public;
grant execute on function cairn.advance_process to cairn_writer;

create or replace function cairn.outgoing_page(
    in_process text,
    in_categories text[],
    in_others boolean,
    in_position bigint,
    in_number bigint,
    in_limit bigint
)
    returns table (
        held boolean,
        stream text,
        version bigint,
        number bigint,
        "position" bigint,
        target text,
        command text,
        method text,
        path text,
        body text,
        traceparent text,
        key text,
        correlation_id text,
        tracestate text
    )
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
        select true, o.stream, o.version, o.number::bigint, o.position, o.target, o.command, o.method, o.path,
               o.body, o.traceparent,
               concat_ws('/', o.stream, o.version, o.number, e.data #>> array['sent', o.number::text, 'key']),
               e.meta ->> 'correlation_id', e.meta ->> 'tracestate'
            from cairn.outgoing o
            left join cairn.events e on e.shard = 0 and e.stream = o.stream and e.version = o.version
            where o.process = in_process and (o.position, o.number) > (in_position, in_number)
                and (split_part(o.target, '-', 1) = any (in_categories)) <> in_others
            order by o.position, o.number
            limit in_limit;
end
$$;
comment on function cairn.outgoing_page is
    'The next commands that a process manager has to deliver to streams of these categories, or of '
    'others, in order.';

create or replace function cairn.settle_outgoing(
    in_process text,
    in_fence bigint,
    in_streams text[],
    in_versions bigint[],
    in_numbers bigint[],
    in_attempts bigint[],
    in_problems text[]
) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform set_config('synchronous_commit', 'off', true); -- a lost record means a second delivery
    perform from cairn.followers f
        where f.name = 'process/' || in_process and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.outgoing o
        using unnest(in_streams, in_versions, in_numbers, in_problems) as w (stream, version, number, problem)
        where o.stream = w.stream and o.version = w.version and o.number = w.number and w.problem is null;
    update cairn.outgoing o
        set attempts = w.attempts, problem = w.problem
        from unnest(in_streams, in_versions, in_numbers, in_attempts, in_problems)
            as w (stream, version, number, attempts, problem)
        where o.stream = w.stream and o.version = w.version and o.number = w.number and w.problem is not null;
    return true;
end
$$;
comment on function cairn.settle_outgoing is
    'Records that commands were delivered (no problem) or that an attempt failed. False if another '
    'process has the lease.';
revoke execute on function cairn.settle_outgoing from public;
grant execute on function cairn.settle_outgoing to cairn_writer;

create or replace function cairn.due_timers(in_process text, in_by timestamptz, in_limit bigint)
    returns table (stream text, name text, due_at timestamptz)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
    return query
        select t.stream, t.name, t.due_at
            from cairn.timers t
            where t.process = in_process and t.due_at <= in_by
                and not exists (select from cairn.parked_instances p
                                    where p.process = in_process and p.stream = t.stream)
            order by t.due_at, t.stream, t.name
            limit in_limit;
end
$$;
comment on function cairn.due_timers is
    'The timers of a process manager that are due by then, the oldest first.';

create or replace function cairn.change_timer(in_stream text, in_name text, in_at timestamptz) returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    last record;
    kept jsonb;
    answer record;
begin
    if in_at is not null and (not isfinite(in_at) or in_at < timestamptz '0001-01-01 00:00:00Z'
                              or in_at >= timestamptz '10000-01-01 00:00:00Z') then
        raise exception using errcode = 'CA010',
            message = format('a timer is due in the years 1 to 9999, not at %s', in_at);
    end if;
    select e.version, e.type, e.data::jsonb as data into last
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream
        order by e.version desc
        limit 1;
    if last.type is distinct from 'ProcessAdvanced'
        or not exists (select from jsonb_array_elements(last.data -> 'timers') t where t ->> 'name' = in_name) then
        raise exception using errcode = 'CA014',
            message = format('no timer %s is set in %s', in_name, in_stream);
    end if;
    select coalesce(jsonb_agg(t), '[]') into kept
        from jsonb_array_elements(last.data -> 'timers') t where t ->> 'name' <> in_name;
    if in_at is not null then
        kept := kept || jsonb_build_array(jsonb_build_object('name', in_name, 'at',
            to_char(in_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')));
    end if;
    select * into answer from cairn.append(in_stream, 'ProcessAdvanced', json_build_object(
        'input', json_build_object('kind', case when in_at is null then 'timer-cancelled' else 'timer-moved' end,
                                   'name', in_name, 'by', session_user),
        'position', last.data -> 'position',
        'at', to_char(cairn.now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'state', last.data -> 'state',
        'timers', kept,
        'sent', '[]'::json), last.version);
    return answer.version;
end
$$;
comment on function cairn.change_timer is
    'Moves a timer of a process, or cancels it (in_at null), by an event in its stream. Returns the '
    'version of that event.';

-- ---- rebuilt from the log ----

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
        select distinct e.meta ->> 'command_id' as id, e.meta ->> 'service' as service,
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
                         cairn.command_id(v.service, s.key) as id
                      from sent s
                      join services v on v.category = s.category) n
            where exists (select from cairn.executed_commands c where c.shard = 0 and c.command_id = n.id)
                or n.id::text in (select w.id from written w where w.id is not null)
        union all
        select r.stream, r.version, r.number from cairn.refused_in_log(in_process, 0, in_to) r)
    select s.stream, s.version, s.number, s.position, s.target, s.command, s.method, s.path, s.body, s.traceparent
        from sent s
        where not exists (select from done d
                              where d.stream = s.stream and d.version = s.version and d.number = s.number)
        order by s.position, s.number
$$;
comment on function cairn.undelivered_in_log is
    'The commands that a process manager has sent and that the log shows neither as executed nor as '
    'refused. Reads the whole log.';

create or replace function cairn.rebuild_process(in_process text) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
declare
    head bigint;
begin
    -- A process that moves the checkpoint waits, and has to acquire the lease again.
    update cairn.followers set fence = fence + 1 where name = 'process/' || in_process;
    select coalesce(f.position, cairn.head()) into head
        from (select) one left join cairn.followers f on f.name = 'process/' || in_process;
    delete from cairn.timers where process = in_process;
    delete from cairn.outgoing where process = in_process;
    delete from cairn.associations where process = in_process;
    insert into cairn.associations (process, name, id, stream, since)
        select in_process, a.name, a.id, a.stream, a.since
            from cairn.associations_in_log(in_process, 0, head) a
            where a.name is not null;
    insert into cairn.timers (process, stream, name, due_at, version)
        select in_process, t.stream, t.name, t.due_at, t.version
            from cairn.timers_in_log(in_process, 0, head) t
            where t.name is not null;
    insert into cairn.outgoing
            (process, stream, version, number, position, target, command, method, path, body, traceparent)
        select in_process, s.stream, s.version, s.number, s.position, s.target, s.command, s.method,
               s.path, s.body, s.traceparent
            from cairn.undelivered_in_log(in_process, head) s;
end
$$;
comment on function cairn.rebuild_process is
    'Rebuilds timers, associations and outgoing commands of a process manager from the log. Reads the whole '
    'log.';
revoke execute on function cairn.rebuild_process from public;

create or replace function cairn.verify_processes()
    returns table (problem text, stream text, "position" bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
    with process as materialized (
        select substr(f.name, 9) as name, f.position from cairn.followers f where f.name like 'process/%'),
    timer as materialized (
        select p.name as process, t.stream, t.name, t.due_at, t.version
            from process p, cairn.timers_in_log(p.name, 0, p.position) t where t.name is not null),
    association as materialized (
        select p.name as process, a.stream, a.name, a.id, a.since
            from process p, cairn.associations_in_log(p.name, 0, p.position) a where a.name is not null),
    sent as materialized (
        select u.* from process p, cairn.undelivered_in_log(p.name, p.position) u)
    select format(case when t.stream is null then 'the streams have an association with %s %s, the table does not'
                       when l.stream is null then 'the table has an association with %s %s, the streams do not'
                       else 'the association with %s %s begins at another position in the table' end,
                  coalesce(l.name, t.name), coalesce(l.id, t.id)),
           coalesce(l.stream, t.stream), coalesce(l.since, t.since)
        from association l
        full join cairn.associations t on t.stream = l.stream and t.name = l.name and t.id = l.id
        where t.stream is null or l.stream is null or t.since <> l.since
    union all
    select case when t.stream is null then format('the streams have timer %s, the table does not', l.name)
                when l.stream is null then format('the table has timer %s, the streams do not', t.name)
                else format('the timer %s is due at %s, the table says %s', l.name, l.due_at, t.due_at) end,
           coalesce(l.stream, t.stream), null::bigint
        from timer l
        full join cairn.timers t on t.stream = l.stream and t.name = l.name
        where t.stream is null or l.stream is null or t.due_at <> l.due_at
    union all
    select format('the command %s to %s was sent and not executed, and the table does not have it', s.command, s.target),
           s.stream, s.position
        from sent s
        where not exists (select from cairn.outgoing o
                              where o.stream = s.stream and o.version = s.version and o.number = s.number)
    union all
    select format('the table has a command %s that the stream did not send', o.command), o.stream, o.position
        from cairn.outgoing o
        where not exists (select from cairn.events e
                              where e.shard = 0 and e.stream = o.stream and e.version = o.version
                                  and e.type = 'ProcessAdvanced'
                                  and json_array_length(e.data -> 'sent') > o.number)
$$;
comment on function cairn.verify_processes is
    'Differences between timers, associations and outgoing and the process managers'' streams. Reads the '
    'whole log.';

-- ---- instances that cannot continue ----

create or replace function cairn.park_instance(
    in_process text,
    in_fence bigint,
    in_stream text,
    in_position bigint,
    in_reason text
) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'process/' || in_process and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    insert into cairn.parked_instances (process, stream, position, reason)
        values (in_process, in_stream, in_position, in_reason)
        on conflict on constraint parked_instances_pkey do update
            set position = excluded.position, reason = excluded.reason, parked_at = now(), again = false;
    return true;
end
$$;
comment on function cairn.park_instance is
    'Records that an instance cannot continue at this position. False if another process has the lease.';
revoke execute on function cairn.park_instance from public;
grant execute on function cairn.park_instance to cairn_writer;

create or replace function cairn.unpark_instance(in_process text, in_fence bigint, in_stream text) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'process/' || in_process and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.parked_instances p where p.process = in_process and p.stream = in_stream;
    return true;
end
$$;
comment on function cairn.unpark_instance is
    'Records that an instance has caught up. False if another process has the lease.';
revoke execute on function cairn.unpark_instance from public;
grant execute on function cairn.unpark_instance to cairn_writer;

create or replace function cairn.retry_parked_instances(in_process text, in_stream text, in_skip boolean default false)
    returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
    with changed as (
        update cairn.parked_instances p
            set again = true, position = p.position + case when in_skip and p.position > 0 then 1 else 0 end
            where (in_process is null or p.process = in_process)
                and (in_stream is null or p.stream = in_stream)
            returning 1)
    select count(*) from changed
$$;
comment on function cairn.retry_parked_instances is
    'Requests a retry of parked instances: of one process manager or all (null), of one stream or all '
    '(null); with in_skip from the event after the failed one. Returns their number.';
revoke execute on function cairn.retry_parked_instances from public;
grant execute on function cairn.retry_parked_instances to cairn_writer;
