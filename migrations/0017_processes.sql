-- 0017_processes: what process managers and reactors keep beside the log.
--
-- A process manager's truth is its own streams: each reaction is one event, ProcessAdvanced, with
-- the input, the state and the timers after it, and the commands that it sends. Timers and outgoing
-- commands are read from there into the two tables below, which can be emptied and made again from
-- the log. The one thing that they know and the process' streams do not is which commands have been
-- delivered; that stands where they were carried out, as command_key in the meta of their events.

-- ---- the clock ----

create table cairn.clock (
    one boolean not null default true,
    ahead interval not null default interval '0',
    constraint clock_pkey primary key (one),
    constraint clock_is_one check (one)
);
insert into cairn.clock default values;
comment on table cairn.clock is
    'How far the clock of processes and timers is ahead of the time: zero, but in tests and demonstrations.';
comment on column cairn.clock.one is 'There is one clock.';
comment on column cairn.clock.ahead is 'Is added to the time wherever a process reads it.';
grant select on cairn.clock to cairn_writer, cairn_projector, cairn_reader;

create function cairn.now() returns timestamptz
    language sql
    volatile
    set search_path = pg_catalog, pg_temp
as $$
    select clock_timestamp() + c.ahead from cairn.clock c
$$;
comment on function cairn.now() is 'The time, as processes and timers read it.';

create function cairn.turn_clock(in_by interval) returns timestamptz
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    update cairn.clock set ahead = ahead + in_by returning clock_timestamp() + ahead
$$;
comment on function cairn.turn_clock(interval) is
    'Turns the clock of all processes on, or back: for tests. Only the owner may. Returns what it shows.';
revoke execute on function cairn.turn_clock(interval) from public;

-- ---- who has come how far ----

create table cairn.followers (
    name text collate "C" not null,
    position bigint not null,
    fence bigint not null default 0,
    moved_at timestamptz not null default now(),
    stopped text,
    constraint followers_pkey primary key (name),
    constraint followers_name_is_short check (octet_length(name) between 1 and 200),
    constraint followers_position_is_not_negative check (position >= 0)
) with (fillfactor = 50);

comment on table cairn.followers is 'How far each process manager and each reactor has followed the log.';
comment on column cairn.followers.name is 'process/fulfilment, reactor/bank.';
comment on column cairn.followers.position is
    'Everything up to here has been handled. It may lag behind: handling an event again changes nothing.';
comment on column cairn.followers.fence is 'Of the lease under which it is moved: who has a lower one writes nothing any more.';
comment on column cairn.followers.stopped is 'Why it does not go on, if it does not.';

-- ---- what process managers want done ----

create table cairn.timers (
    process text collate "C" not null,
    stream text collate "C" not null,
    name text collate "C" not null,
    due_at timestamptz not null,
    version bigint not null,
    constraint timers_pkey primary key (stream, name)
);
create index timers_due_idx on cairn.timers (process, due_at, stream, name);

comment on table cairn.timers is
    'Timers that are set. A projection of the process managers'' streams: `cairn timers` changes them by appending there.';
comment on column cairn.timers.process is 'The process manager: the category of the stream.';
comment on column cairn.timers.due_at is 'On the clock cairn.now().';
comment on column cairn.timers.version is 'Of the event in the stream after which it is set so.';

create table cairn.outgoing (
    process text collate "C" not null,
    stream text collate "C" not null,
    version bigint not null,
    number integer not null,
    position bigint not null,
    target text collate "C" not null,
    command text collate "C" not null,
    method text not null,
    path text not null,
    body text not null,
    traceparent text,
    attempts bigint not null default 0,
    problem text,
    constraint outgoing_pkey primary key (stream, version, number)
);
create index outgoing_position_idx on cairn.outgoing (process, position, number);

comment on table cairn.outgoing is
    'Commands that process managers have sent and that have not been delivered yet. A projection of their streams.';
comment on column cairn.outgoing.version is 'Of the event that sends it; with number, 0, 1, 2…, what its Idempotency-Key is made of.';
comment on column cairn.outgoing.position is 'Of that event: commands to one stream go out in this order.';
comment on column cairn.outgoing.target is 'The stream that it is for.';
comment on column cairn.outgoing.attempts is 'How often it was tried in vain.';
comment on column cairn.outgoing.problem is 'Why the last attempt failed.';

create table cairn.parked_events (
    reactor text collate "C" not null,
    position bigint not null,
    stream text collate "C" not null,
    type text collate "C" not null,
    attempts bigint not null,
    reason text not null,
    parked_at timestamptz not null default now(),
    again boolean not null default false,
    constraint parked_events_pkey primary key (reactor, position)
);
create index parked_events_again_idx on cairn.parked_events (reactor, position) where again;

comment on table cairn.parked_events is 'Events that a reactor gave up on, for a person to look at.';
comment on column cairn.parked_events.again is 'A person wants it tried again.';

grant select on cairn.followers, cairn.timers, cairn.outgoing, cairn.parked_events
    to cairn_writer, cairn_projector, cairn_reader;

-- ---- reading the streams ----

-- What is known of a command that was sent: the Idempotency-Key that it goes out with, and the id
-- under which the service that carries it out remembers it. A service is called as its streams are.
create function cairn.outgoing_key(in_stream text, in_version bigint, in_number bigint) returns text
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
    select format('%s/%s/%s', in_stream, in_version, in_number)
$$;
comment on function cairn.outgoing_key(text, bigint, bigint) is
    'The Idempotency-Key of a command that a process manager sends.';

create function cairn.outgoing_command_id(in_target text, in_key text) returns bytea
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
    select sha256(convert_to(split_part(in_target, '-', 1) || E'\n' || in_key, 'UTF8'))
$$;
comment on function cairn.outgoing_command_id(text, text) is
    'The id in cairn.commands of a command that was delivered to the service of its target.';

create function cairn.sent_in_log(in_process text, in_from bigint, in_to bigint)
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
        from cairn.events e, json_array_elements(e.data -> 'sent') with ordinality as s(sent, n)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
$$;
comment on function cairn.sent_in_log(text, bigint, bigint) is
    'The commands that a process manager has sent, as its streams say, at positions in_from + 1 to in_to.';

create function cairn.refused_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, version bigint, number bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select e.stream, (e.data #>> '{input,version}')::bigint, (e.data #>> '{input,number}')::bigint
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and e.data #>> '{input,kind}' = 'refusal'
$$;
comment on function cairn.refused_in_log(text, bigint, bigint) is
    'Which of its commands a process manager was told that they were refused for good.';

create function cairn.timers_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, version bigint, name text, due_at timestamptz)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select l.stream, l.version, t.timer ->> 'name', (t.timer ->> 'at')::timestamptz
        from (select distinct on (e.stream) e.stream, e.version, e.data
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= in_to
                      and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
                  order by e.stream, e.version desc) l
        left join lateral json_array_elements(l.data -> 'timers') as t(timer) on true
$$;
comment on function cairn.timers_in_log(text, bigint, bigint) is
    'The streams of a process manager that moved, and the timers that are set after that; a null timer where there is none.';

create function cairn.process_ends(in_streams text[])
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
        select w.stream, e.version, e.event_id, e.type, (e.data ->> 'position')::bigint,
               (e.data -> 'state')::text, json_build_object('timers', e.data -> 'timers')::text,
               e.meta ->> 'correlation_id', e.meta ->> 'traceparent'
            from unnest(in_streams) as w (stream)
            cross join lateral (
                select x.version, x.event_id, x.type, x.data, x.meta
                    from cairn.events x
                    where x.shard = 0 and x.stream = w.stream
                    order by x.version desc
                    limit 1) e;
end
$$;
comment on function cairn.process_ends(text[]) is
    'The last event of each of these streams of process managers, taken apart. Streams that do not exist are left out.';

create function cairn.was_refused(in_stream text, in_after bigint, in_number bigint) returns boolean
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select exists (
        select from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > in_after
                and e.data #>> '{input,kind}' = 'refusal'
                and (e.data #>> '{input,version}')::bigint = in_after
                and (e.data #>> '{input,number}')::bigint = in_number)
$$;
comment on function cairn.was_refused(text, bigint, bigint) is
    'Does the stream say already that this command of its was refused?';

-- ---- following ----

-- A follower that is new begins behind the newest event: nobody wants the payments of last year
-- asked for again. A process manager that has streams (of an imported log) begins at its first input.
create function cairn.begin_follower(in_name text, in_process text, in_from_start boolean) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
declare
    begin_at bigint;
begin
    if exists (select from cairn.followers f where f.name = in_name) then
        return false;
    end if;
    select min((e.data ->> 'position')::bigint) - 1 into begin_at
        from cairn.events e
        where in_process is not null and e.type = 'ProcessAdvanced'
            and split_part(e.stream, '-', 1) = in_process
            and exists (select from cairn.event_types t where t.type = 'ProcessAdvanced');
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
comment on function cairn.begin_follower(text, text, boolean) is
    'Makes the checkpoint of a process manager or reactor that has none: at the head of the log, or at its start.';

create function cairn.take_follower(in_name text, in_fence bigint) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    update cairn.followers set fence = in_fence where name = in_name and fence <= in_fence
        returning position
$$;
comment on function cairn.take_follower(text, bigint) is
    'Whoever has a lower fence writes nothing any more. Returns the position; null where there was a higher one.';

create function cairn.move_follower(in_name text, in_fence bigint, in_from bigint, in_to bigint, in_stopped text)
    returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform set_config('synchronous_commit', 'off', true); -- what is lost is done again
    update cairn.followers
        set position = in_to, moved_at = clock_timestamp(), stopped = in_stopped
        where name = in_name and fence = in_fence and position = in_from;
    return found;
end
$$;
comment on function cairn.move_follower(text, bigint, bigint, bigint, text) is
    'Moves a checkpoint, if it is there and nobody else has the lease.';

create function cairn.advance_process(in_process text, in_fence bigint, in_from bigint, in_to bigint)
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
        traceparent text
    )
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
#variable_conflict use_column
begin
    if not cairn.move_follower('process/' || in_process, in_fence, in_from, in_to, null) then
        return query select false, null::text, null::bigint, null::bigint, null::bigint, null::text,
                            null::text, null::text, null::text, null::text, null::text;
        return;
    end if;
    with moved as (select * from cairn.timers_in_log(in_process, in_from, in_to)),
         gone as (delete from cairn.timers t using (select distinct stream from moved) m
                      where t.stream = m.stream
                          and not exists (select from moved k where k.stream = t.stream and k.name = t.name))
    insert into cairn.timers as t (process, stream, name, due_at, version)
        select in_process, m.stream, m.name, m.due_at, m.version from moved m where m.name is not null
        on conflict on constraint timers_pkey do update
            set due_at = excluded.due_at, version = excluded.version;
    delete from cairn.outgoing o using cairn.refused_in_log(in_process, in_from, in_to) r
        where o.stream = r.stream and o.version = r.version and o.number = r.number;
    return query
        with sent as (
            insert into cairn.outgoing as o
                    (process, stream, version, number, position, target, command, method, path, body, traceparent)
                select in_process, s.stream, s.version, s.number, s.position, s.target, s.command,
                       s.method, s.path, s.body, s.traceparent
                    from cairn.sent_in_log(in_process, in_from, in_to) s
                on conflict on constraint outgoing_pkey do nothing
                returning o.*
        )
        select true, s.stream, s.version, s.number::bigint, s.position, s.target, s.command, s.method,
               s.path, s.body, s.traceparent
            from sent s order by s.position, s.number;
end
$$;
comment on function cairn.advance_process(text, bigint, bigint, bigint) is
    'Takes the events of a process manager at positions in_from + 1 to in_to into timers and outgoing, and moves its checkpoint. Returns the commands that are new; one row that is not held if the checkpoint is not there or somebody else has the lease.';

create function cairn.open_outgoing(in_process text)
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
        traceparent text
    )
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select true, o.stream, o.version, o.number::bigint, o.position, o.target, o.command, o.method, o.path,
           o.body, o.traceparent
        from cairn.outgoing o
        where o.process = in_process
        order by o.position, o.number
$$;
comment on function cairn.open_outgoing(text) is 'The commands that a process manager has to deliver yet, in order.';

create function cairn.settle_outgoing(
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
    perform set_config('synchronous_commit', 'off', true); -- what is lost is delivered again
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
comment on function cairn.settle_outgoing(text, bigint, text[], bigint[], bigint[], bigint[], text[]) is
    'These commands have been delivered (no problem), or tried in vain. False if somebody else has the lease.';

create function cairn.due_timers(in_process text, in_by timestamptz, in_limit bigint)
    returns table (stream text, name text, due_at timestamptz)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select t.stream, t.name, t.due_at
        from cairn.timers t
        where t.process = in_process and t.due_at <= in_by
        order by t.due_at, t.stream, t.name
        limit in_limit
$$;
comment on function cairn.due_timers(text, timestamptz, bigint) is
    'The timers of a process manager that are due by then, the oldest first.';

-- ---- made again from the log ----

create function cairn.rebuild_process(in_process text) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
declare
    head bigint;
begin
    -- Whoever moves the checkpoint waits, and has to take the lease again.
    update cairn.followers set fence = fence + 1 where name = 'process/' || in_process;
    select coalesce(f.position, cairn.head()) into head
        from (select) one left join cairn.followers f on f.name = 'process/' || in_process;
    delete from cairn.timers where process = in_process;
    delete from cairn.outgoing where process = in_process;
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
comment on function cairn.rebuild_process(text) is
    'Makes timers and outgoing commands of a process manager again from the log. Reads the whole log.';
revoke execute on function cairn.rebuild_process(text) from public;

create function cairn.undelivered_in_log(in_process text, in_to bigint)
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
        select s.*, cairn.outgoing_command_id(s.target, cairn.outgoing_key(s.stream, s.version, s.number)) as id
            from cairn.sent_in_log(in_process, 0, in_to) s),
    done as materialized (
        select distinct e.meta ->> 'command_key' as id
            from cairn.events e
            where e.shard = 0 and e.meta ->> 'command_key' is not null)
    select s.stream, s.version, s.number, s.position, s.target, s.command, s.method, s.path, s.body, s.traceparent
        from sent s
        where not exists (select from cairn.commands c where c.shard = 0 and c.command_id = s.id)
            and not exists (select from done d where d.id = encode(s.id, 'hex'))
            and not exists (select from cairn.refused_in_log(in_process, 0, in_to) r
                                where r.stream = s.stream and r.version = s.version and r.number = s.number)
        order by s.position, s.number
$$;
comment on function cairn.undelivered_in_log(text, bigint) is
    'The commands that a process manager has sent and of which the log shows neither that they were carried out nor that they were refused. Reads the whole log.';

create function cairn.verify_processes()
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
    sent as materialized (
        select u.* from process p, cairn.undelivered_in_log(p.name, p.position) u)
    select case when t.stream is null then format('the timer %s is set in the streams, the table has it not', l.name)
                when l.stream is null then format('the table has a timer %s, the streams have it not', t.name)
                else format('the timer %s is due at %s, the table says %s', l.name, l.due_at, t.due_at) end,
           coalesce(l.stream, t.stream), null::bigint
        from timer l
        full join cairn.timers t on t.stream = l.stream and t.name = l.name
        where t.stream is null or l.stream is null or t.due_at <> l.due_at
    union all
    select format('the command %s to %s was sent and not carried out, and the table has it not', s.command, s.target),
           s.stream, s.position
        from sent s
        where not exists (select from cairn.outgoing o
                              where o.stream = s.stream and o.version = s.version and o.number = s.number)
    union all
    select format('the table has a command %s that the stream does not send', o.command), o.stream, o.position
        from cairn.outgoing o
        where not exists (select from cairn.events e
                              where e.shard = 0 and e.stream = o.stream and e.version = o.version
                                  and e.type = 'ProcessAdvanced'
                                  and json_array_length(e.data -> 'sent') > o.number)
$$;
comment on function cairn.verify_processes() is
    'Where cairn.timers and cairn.outgoing are not what the process managers'' streams say. Reads the whole log.';

-- ---- for people ----

create function cairn.change_timer(in_stream text, in_name text, in_at timestamptz) returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    last record;
    kept jsonb;
    answer record;
begin
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
comment on function cairn.change_timer(text, text, timestamptz) is
    'Moves a timer of a process, or cancels it (in_at null), by an event in the process'' stream. Returns its version.';

-- ---- parked events of reactors ----

create function cairn.park_event(
    in_reactor text,
    in_fence bigint,
    in_position bigint,
    in_stream text,
    in_type text,
    in_attempts bigint,
    in_reason text
) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'reactor/' || in_reactor and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    insert into cairn.parked_events (reactor, position, stream, type, attempts, reason)
        values (in_reactor, in_position, in_stream, in_type, in_attempts, in_reason)
        on conflict on constraint parked_events_pkey do update
            set attempts = parked_events.attempts + excluded.attempts, reason = excluded.reason,
                parked_at = now(), again = false;
    return true;
end
$$;
comment on function cairn.park_event(text, bigint, bigint, text, text, bigint, text) is
    'A reactor gives up on an event. False if somebody else has the lease.';

create function cairn.unpark_event(in_reactor text, in_fence bigint, in_position bigint) returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
begin
    perform from cairn.followers f where f.name = 'reactor/' || in_reactor and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.parked_events p where p.reactor = in_reactor and p.position = in_position;
    return true;
end
$$;
comment on function cairn.unpark_event(text, bigint, bigint) is
    'A parked event was handled after all. False if somebody else has the lease.';

create function cairn.retry_parked_events(in_reactor text, in_position bigint) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
    with changed as (
        update cairn.parked_events p set again = true
            where (in_reactor is null or p.reactor = in_reactor)
                and (in_position is null or p.position = in_position)
            returning 1)
    select count(*) from changed
$$;
comment on function cairn.retry_parked_events(text, bigint) is
    'Has parked events tried again: of one reactor or all (null), one position or all (null). Returns how many.';

revoke execute on function
    cairn.begin_follower(text, text, boolean), cairn.take_follower(text, bigint),
    cairn.move_follower(text, bigint, bigint, bigint, text),
    cairn.advance_process(text, bigint, bigint, bigint),
    cairn.settle_outgoing(text, bigint, text[], bigint[], bigint[], bigint[], text[]),
    cairn.park_event(text, bigint, bigint, text, text, bigint, text),
    cairn.unpark_event(text, bigint, bigint), cairn.retry_parked_events(text, bigint)
    from public;
grant execute on function
    cairn.begin_follower(text, text, boolean), cairn.take_follower(text, bigint),
    cairn.move_follower(text, bigint, bigint, bigint, text),
    cairn.advance_process(text, bigint, bigint, bigint),
    cairn.settle_outgoing(text, bigint, text[], bigint[], bigint[], bigint[], text[]),
    cairn.park_event(text, bigint, bigint, text, text, bigint, text),
    cairn.unpark_event(text, bigint, bigint), cairn.retry_parked_events(text, bigint)
    to cairn_writer;
