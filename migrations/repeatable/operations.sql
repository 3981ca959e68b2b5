-- operations: creates the functions by which operators act, and that record what they did in the log.
--
--     select * from cairn.operate('retry-parked', '{"read_model": "order_summary"}');
--     select * from cairn.operations limit 20;
--
-- `cairn` and the operators' HTTP interface act by cairn.operate alone. Each action is a stream of its
-- own, cairn_operation-ID, whose first event is appended in the transaction of the change: there is no
-- change without it. What happens outside of PostgreSQL is recorded before, as begun, and a second event
-- has its outcome. An action that matches nothing changes nothing, and is not recorded.
--
-- Its id is made of the caller and its Idempotency-Key, if it has one: two requests with one key want to
-- create one stream, and the second one gets the result of the first.

-- What operators may do: the name of each action, its event, and that of its outcome, if it has one.
create or replace function cairn.operation_event(in_operation text, in_outcome text default 'done') returns text
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
    select o.event
        from (values
            ('retry-parked', 'done', 'ParkedRetryRequested'),
            ('skip-parked', 'done', 'ParkedSkipRequested'),
            ('rebuild', 'done', 'RebuildRequested'),
            ('accept-rebuild', 'done', 'RebuildAccepted'),
            ('cancel-rebuild', 'done', 'RebuildCancelled'),
            ('roll-back', 'done', 'RollbackRequested'),
            ('withdraw-rollback', 'done', 'RollbackWithdrawn'),
            ('retry-processes', 'done', 'ProcessRetryRequested'),
            ('skip-instance', 'done', 'InstanceSkipRequested'),
            ('move-timer', 'done', 'TimerMoved'),
            ('cancel-timer', 'done', 'TimerCancelled'),
            ('amend', 'done', 'EventAmended'),
            ('recover', 'done', 'EpochStarted'),
            ('retry-dead-letters', 'begun', 'DeadLetterRetryBegun'),
            ('retry-dead-letters', 'done', 'DeadLettersRetried'),
            ('retry-dead-letters', 'failed', 'DeadLetterRetryFailed'),
            ('verify', 'begun', 'VerificationBegun'),
            ('verify', 'done', 'ReadModelVerified'),
            ('verify', 'failed', 'VerificationFailed'),
            ('cancel-verification', 'done', 'VerificationCancelled')) as o(operation, outcome, event)
        where o.operation = in_operation and o.outcome = in_outcome
$$;
comment on function cairn.operation_event is
    'The type of the event that records an action; null if there is no such action, or it has no such outcome.';

create or replace function cairn.record_operation(
    in_operation uuid,
    in_expected bigint, -- the version of its stream before; 0: it is new
    in_type text,
    in_data json,
    in_actor json,
    out conflict boolean,
    out "position" bigint
)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    answer record;
begin
    if not exists (select from unnest(array['begun', 'done', 'failed']) as o(outcome)
                       where in_type = cairn.operation_event(in_data ->> 'operation', o.outcome)) then
        raise exception using errcode = 'CA010', message = format('%L is not the event of an action', in_type);
    end if;
    select * into answer from cairn.append_as(
        'cairn_operation-' || in_operation, in_expected, array[gen_random_uuid()], array[in_type], array[1::bigint],
        array[in_data],
        array[json_strip_nulls(json_build_object('service', 'cairn', 'user', session_user, 'actor', in_actor))],
        array[null::json]);
    conflict := answer.conflict;
    "position" := answer.position;
end
$$;
comment on function cairn.record_operation is
    'Appends an event to the stream of an action. For cairn.operate and cairn.finish_operation.';
revoke execute on function cairn.record_operation from public;
grant execute on function cairn.record_operation to cairn_writer, cairn_projector;

create or replace function cairn.position_at(in_time timestamptz) returns bigint
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
declare
    least bigint := 0;
    most bigint := cairn.head();
    middle bigint;
begin
    -- Times never decrease with positions (invariant of cairn.verify_order).
    while least < most loop
        middle := (least + most + 1) / 2;
        if (select e.recorded_at < in_time from cairn.events e where e.shard = 0 and e.position = middle) then
            least := middle;
        else
            most := middle - 1;
        end if;
    end loop;
    return least;
end
$$;
comment on function cairn.position_at is 'The position of the last event before a time; 0 if there is none.';

-- WHEN is relative to now if it is an interval, else it is what timestamptz reads.
create or replace function cairn.timer_time(in_when text) returns timestamptz
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    return case when in_when ~ '^-?[0-9]+(\.[0-9]+)? ?[a-z]+$' then cairn.now() + in_when::interval
                else in_when::timestamptz end;
exception when others then
    raise exception using errcode = 'CA010',
        message = format('%L is neither a time nor a duration from now', in_when),
        hint = 'Such as 2026-11-30T12:00:00Z, or 30 min.';
end
$$;
comment on function cairn.timer_time is 'The time that a text means: one, or a duration from now.';

create or replace function cairn.request_of_rebuild(in_read_model text, in_request text) returns json
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    found_one bigint;
begin
    -- One that is held, and waits for an operator, rather than one that proceeds by itself.
    select r.rebuild into found_one
        from cairn.rebuilds r
        where r.projection = in_read_model and r.ended_at is null
        order by r.phase = 'held' desc, r.rebuild desc
        limit 1;
    if in_request = 'accept' then
        update cairn.rebuilds r set request = 'accept' where r.rebuild = found_one and r.ended_at is null;
    else
        -- If no generation was built, or it is dropped already, no projector is needed.
        with asked as (
            select r.rebuild, r.generation is null or exists (
                       select from cairn.generations g
                           where g.projection = r.projection and g.generation = r.generation
                               and g.state = 'dropped') as idle
                from cairn.rebuilds r
                where r.rebuild = found_one and r.ended_at is null
                for update)
        update cairn.rebuilds r
            set request = 'cancel',
                phase = case when asked.idle then 'cancelled' else r.phase end,
                ended_at = case when asked.idle then clock_timestamp() end
            from asked
            where r.rebuild = asked.rebuild;
    end if;
    if not found then
        raise exception using errcode = 'CA016', message = format('nothing of %s is being built', in_read_model);
    end if;
    return json_build_object('rebuild', found_one);
end
$$;
comment on function cairn.request_of_rebuild is
    'Accepts or cancels the rebuild of a read model that is under way.';
revoke execute on function cairn.request_of_rebuild from public;
grant execute on function cairn.request_of_rebuild to cairn_projector;

create or replace function cairn.retry_of_processes(a jsonb, in_skip boolean) returns json
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    name text := a ->> 'name'; -- of a reactor, with or without reactor/, or process/ and a process manager
    is_process boolean := name like 'process/%';
    tried bigint := 0;
begin
    if not in_skip and is_process is not true and a ->> 'stream' is null then
        tried := cairn.retry_parked_events(regexp_replace(name, '^reactor/', ''), (a ->> 'position')::bigint);
    end if;
    if is_process is not false and a ->> 'position' is null then
        tried := tried + cairn.retry_parked_instances(substr(name, 9), a ->> 'stream', in_skip);
    end if;
    if tried = 0 then
        raise exception using errcode = 'CA016', message = format('nothing of %s is parked there', coalesce(name, 'any'));
    end if;
    return json_build_object('tried_again', tried);
end
$$;
comment on function cairn.retry_of_processes is
    'Requests a retry of what process managers and reactors have parked, or skips the event at which an '
    'instance stopped.';
revoke execute on function cairn.retry_of_processes from public;
grant execute on function cairn.retry_of_processes to cairn_writer;

create or replace function cairn.carry_out(in_operation text, a jsonb) returns json
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    read_model text := a ->> 'read_model';
    keys bigint;
    done json;
begin
    case in_operation
    when 'retry-parked' then
        keys := cairn.retry_parked(read_model, a ->> 'key');
        if keys = 0 then
            raise exception using errcode = 'CA016', message = format('nothing of %s is parked there', read_model);
        end if;
        return json_build_object('keys', keys);
    when 'skip-parked' then
        if cairn.skip_parked(read_model, a ->> 'key', (a ->> 'position')::bigint) = 0 then
            raise exception using errcode = 'CA016',
                message = format('that event is not the first of a parked key of %s', read_model);
        end if;
        return json_build_object('keys', 1);
    when 'rebuild' then
        select to_json(r) into done from cairn.request_rebuild(read_model, coalesce((a ->> 'diff')::boolean, false)) r;
        return done;
    when 'accept-rebuild' then
        return cairn.request_of_rebuild(read_model, 'accept');
    when 'cancel-rebuild' then
        return cairn.request_of_rebuild(read_model, 'cancel');
    when 'roll-back' then
        select json_build_object('switch_id', r.switch, 'generation', r.generation, 'code_version', r.code_version)
            into done
            from cairn.request_rollback(read_model, (a ->> 'generation')::integer) r;
        return done;
    when 'withdraw-rollback' then
        update cairn.switches w set refused = 'no projector carried it out'
            where w.switch = (a ->> 'switch_id')::bigint and w.done_at is null and w.refused is null;
        if not found then
            raise exception using errcode = 'CA016', message = format('switch %s does not wait', a ->> 'switch_id');
        end if;
        return json_build_object('switch_id', (a ->> 'switch_id')::bigint);
    when 'retry-processes' then
        return cairn.retry_of_processes(a, false);
    when 'skip-instance' then
        return cairn.retry_of_processes(a, true);
    when 'move-timer' then
        return json_build_object('version', cairn.change_timer(a ->> 'stream', a ->> 'name', cairn.timer_time(a ->> 'when')));
    when 'cancel-timer' then
        return json_build_object('version', cairn.change_timer(a ->> 'stream', a ->> 'name', null));
    when 'amend' then
        select to_json(m) into done
            from cairn.amend((a ->> 'position')::bigint, (a ->> 'data')::json, a ->> 'reason') m;
        return done;
    when 'append' then
        select to_json(r) into done
            from cairn.append(a ->> 'stream', a ->> 'type', (a ->> 'data')::json, (a ->> 'expected')::bigint,
                              cairn.json_texts((a -> 'tags')::json, 'tags')) r;
        return done;
    when 'recover' then
        if (a ->> 'epoch')::bigint is distinct from (select s.epoch from cairn.store s) then
            raise exception using errcode = 'CA001',
                message = format('the store is in epoch %s', (select s.epoch from cairn.store s)),
                hint = 'Name the epoch that is to end.';
        end if;
        select to_json(r) into done
            from (select x.old_epoch, x.new_epoch, x.head, x.claims, x.commands, x.carried_over as read_models,
                         x.ended as sessions_ended, x.left_over as not_ended
                      from cairn.recover() x) r;
        return done;
    when 'cancel-verification' then
        return json_build_object('cancelled', true); -- its caller ends it
    else
        return null; -- what happens outside of PostgreSQL
    end case;
end
$$;
comment on function cairn.carry_out is
    'Makes the change that an action wants, with the rights of the session. Refused if nothing matches.';
revoke execute on function cairn.carry_out from public;
grant execute on function cairn.carry_out to cairn_writer, cairn_projector;

create or replace function cairn.find_operation(
    in_operation uuid,
    in_name text,
    in_arguments jsonb,
    out known boolean,
    out result json,   -- null: it was begun, and its outcome is not known
    out "position" bigint
)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
as $$
declare
    event record;
begin
    known := false;
    for event in
        select e.version, e.position, e.data
            from cairn.events e
            where e.shard = 0 and e.stream = 'cairn_operation-' || in_operation
            order by e.version
    loop
        known := true;
        if event.version = 1 and (event.data ->> 'operation' <> in_name
                                  or event.data::jsonb -> 'arguments' <> in_arguments) then
            raise exception using errcode = 'CA017', message = 'the Idempotency-Key belongs to another request';
        end if;
        result := event.data -> 'result';
        "position" := event.position;
    end loop;
end
$$;
comment on function cairn.find_operation is 'An action that was recorded before, under the same Idempotency-Key.';

create or replace function cairn.operate(
    in_operation text,
    in_arguments json,
    in_actor json default null, -- {"sub": …, "iss": …}, as in the meta of events
    in_key text default null,
    out operation uuid,
    out result json,    -- null: it is begun; the caller carries it out, then calls cairn.finish_operation
    out replayed boolean,
    out "position" bigint
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    arguments jsonb := (select coalesce(jsonb_object_agg(x.key, x.value), '{}') from jsonb_each(in_arguments::jsonb) x
                            where x.value <> 'null');
    actor text := set_config('cairn.actor', coalesce(in_actor::text, ''), true);
    begun text := cairn.operation_event(in_operation, 'begun');
    before record;
    answer record;
begin
    if in_operation = 'append' then -- its own record
        if in_key is not null then
            raise exception using errcode = 'CA010',
                message = 'an append has no Idempotency-Key: expected says which version it follows';
        end if;
        result := json_strip_nulls(cairn.carry_out(in_operation, arguments));
        replayed := false;
        "position" := (result ->> 'position')::bigint;
        return;
    end if;
    if coalesce(begun, cairn.operation_event(in_operation)) is null then
        raise exception using errcode = 'CA010', message = format('%L is not an action', in_operation);
    end if;
    replayed := false;
    operation := case when in_key is null then gen_random_uuid()
        else cairn.command_id('cairn_operation', concat_ws(E'\n', in_key, in_actor ->> 'sub', in_actor ->> 'iss')) end;
    if in_key is not null then
        select * into before from cairn.find_operation(operation, in_operation, arguments);
        if before.known then
            result := before.result;
            replayed := result is not null;
            "position" := before.position;
            return;
        end if;
    end if;
    result := json_strip_nulls(cairn.carry_out(in_operation, arguments));
    select * into answer from cairn.record_operation(
        operation, 0, coalesce(begun, cairn.operation_event(in_operation)),
        json_strip_nulls(json_build_object('operation', in_operation, 'arguments', arguments, 'result', result)),
        in_actor);
    if answer.conflict then
        raise exception using errcode = 'CA018', message = 'the same request is being carried out';
    end if;
    "position" := answer.position;
end
$$;
comment on function cairn.operate is
    'Does what an operator wants, and records it in the log: both or neither. For what happens outside of '
    'PostgreSQL it records that it is begun.';
revoke execute on function cairn.operate from public;
grant execute on function cairn.operate to cairn_writer, cairn_projector;

create or replace function cairn.finish_operation(
    in_operation uuid,
    in_name text,
    in_result json,
    in_problem text, -- null: it succeeded
    in_actor json default null
) returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    answer record;
begin
    select * into answer from cairn.record_operation(
        in_operation, 1, cairn.operation_event(in_name, case when in_problem is null then 'done' else 'failed' end),
        json_strip_nulls(json_build_object('operation', in_name, 'result', in_result, 'problem', in_problem)), in_actor);
    return case when not answer.conflict then answer.position end; -- else another request has finished it
end
$$;
comment on function cairn.finish_operation is
    'Records the outcome of an action that was begun. Returns its position, or null if it has one already.';
revoke execute on function cairn.finish_operation from public;
grant execute on function cairn.finish_operation to cairn_writer, cairn_projector;

create or replace view cairn.operations as
    select substr(e.stream, 17)::uuid as operation, e.position, e.recorded_at, e.data ->> 'operation' as action,
           case when l.type = cairn.operation_event(e.data ->> 'operation', 'failed') then 'failed'
                when l.type = cairn.operation_event(e.data ->> 'operation', 'begun') then 'begun'
                else 'done' end as state,
           coalesce(e.meta #>> '{actor,sub}', e.meta ->> 'user') as "by",
           e.meta #>> '{actor,iss}' as issuer, e.meta #>> '{actor,for}' as "for",
           (e.data -> 'arguments')::jsonb as arguments, (l.data -> 'result')::jsonb as result,
           l.data ->> 'problem' as problem
        from cairn.events e
        cross join lateral (
            select x.type, x.data
                from cairn.events x
                where x.shard = 0 and x.stream = e.stream
                order by x.version desc
                limit 1) l
        where e.shard = 0 and e.stream >= 'cairn_operation-' and e.stream < 'cairn_operation.' and e.version = 1
            and (select cairn.await_durable()) >= 0
        order by e.position desc;
comment on view cairn.operations is
    'What operators did, the newest action first: which one, by whom, with which arguments and result.';
grant select on cairn.operations to cairn_writer, cairn_projector, cairn_reader;
