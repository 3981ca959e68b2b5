SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA cairn;
COMMENT ON SCHEMA cairn IS 'The event store: the log, and what keeps it right.';
CREATE SCHEMA notification;
COMMENT ON SCHEMA notification IS 'What the notification service keeps: whom to write to, and what was written.';
CREATE SCHEMA read;
COMMENT ON SCHEMA read IS 'Read models: a view for each (read.NAME) over the generation that is live (read.NAME_gN).';
CREATE FUNCTION cairn.accepted_by_jsonb(in_json json) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform in_json::jsonb;
    return true;
exception when others then
    return false;
end
$$;
COMMENT ON FUNCTION cairn.accepted_by_jsonb(in_json json) IS 'json lets pass what jsonb refuses: U+0000, lone surrogates, numbers beyond numeric.';
CREATE FUNCTION cairn.advance_process(in_process text, in_fence bigint, in_from bigint, in_to bigint) RETURNS TABLE(held boolean, stream text, version bigint, number bigint, "position" bigint, target text, command text, method text, path text, body text, traceparent text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.advance_process(in_process text, in_fence bigint, in_from bigint, in_to bigint) IS 'Takes the events of a process manager at positions in_from + 1 to in_to into timers and outgoing, and moves its checkpoint. Returns the commands that are new; one row that is not held if the checkpoint is not there or somebody else has the lease.';
CREATE FUNCTION cairn.amend(in_position bigint, in_data json, in_reason text, OUT stream text, OUT version bigint, OUT type text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    event record;
    wrong text;
begin
    select e.stream, e.version, e.type, e.schema_version, e.event_id into event
        from cairn.events e where e.shard = 0 and e.position = in_position;
    if not found then
        raise exception using errcode = 'CA010', message = format('the log has no event at %s', in_position);
    end if;
    if coalesce(btrim(in_reason), '') = '' then
        raise exception using errcode = 'CA010', message = 'say why: whoever reads the log later wants to know';
    end if;
    if in_data is not null then
        wrong := coalesce(case when json_typeof(in_data) <> 'object' then 'it is no JSON object' end,
                          cairn.json_wrong(in_data));
        if wrong is not null then
            raise exception using errcode = 'CA010', message = 'nobody could read this: ' || wrong;
        end if;
        perform in_data::jsonb;
    end if;
    insert into cairn.amendments (position, event_id, data, reason)
        values (in_position, event.event_id, in_data, in_reason)
        on conflict on constraint amendments_pkey do update
            set event_id = excluded.event_id, data = excluded.data, reason = excluded.reason,
                made_by = excluded.made_by, made_at = excluded.made_at;
    -- A type of which nothing is left to be read keeps nobody from starting.
    delete from cairn.event_types t
        where t.category = split_part(event.stream, '-', 1) and t.type = event.type
            and t.schema_version = event.schema_version
            and not exists (
                select from cairn.events e
                    where e.shard = 0 and e.type = event.type and e.schema_version = event.schema_version
                        and split_part(e.stream, '-', 1) = split_part(event.stream, '-', 1)
                        and not exists (select from cairn.amendments a
                                            where a.position = e.position and a.data is null));
    insert into cairn.event_types (category, type, schema_version)
        select split_part(event.stream, '-', 1), event.type, event.schema_version
            where in_data is not null
        on conflict on constraint event_types_pkey do nothing;
    stream := event.stream;
    version := event.version;
    type := event.type;
end
$$;
COMMENT ON FUNCTION cairn.amend(in_position bigint, in_data json, in_reason text, OUT stream text, OUT version bigint, OUT type text) IS 'Has the event at this position read with other data, or (null) passed over. The log stays as it is. Processes know it when they start.';
CREATE FUNCTION cairn.append(stream text, type text, data json, expected bigint DEFAULT NULL::bigint, OUT "position" bigint, OUT version bigint, OUT event_id uuid) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
    answer record;
    id uuid;
    wrong text;
    known text;
begin
    if append.stream is null or append.stream !~ '^[a-z][a-z0-9_]*-.' or octet_length(append.stream) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is no name of a stream', append.stream),
            hint = 'Say category-id, as in order-01890000-0000-7000-8000-000000000001, at most 200 bytes.';
    end if;
    if append.stream ~ '[[:cntrl:]]' then
        raise exception using errcode = 'CA010',
            message = format('%s has control characters', to_json(append.stream));
    end if;
    begin
        id := substr(append.stream, strpos(append.stream, '-') + 1)::uuid;
    exception when invalid_text_representation then
        null;
    end;
    if id is not null and append.stream <> split_part(append.stream, '-', 1) || '-' || id then
        raise exception using errcode = 'CA010',
            message = format('the services call stream %s %s-%s', append.stream,
                             split_part(append.stream, '-', 1), id),
            hint = 'Spell an id as they do: one thing has one stream.';
    end if;
    if append.type is null or append.type !~ '^[A-Za-z][A-Za-z0-9_.]*$' or octet_length(append.type) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is no name of an event type', append.type),
            hint = 'Say what happened, in letters and digits: OrderPlaced.';
    end if;
    if append.data is null or json_typeof(append.data) <> 'object' then
        raise exception using errcode = 'CA010',
            message = 'an event''s data is a JSON object', hint = 'Say ''{}'' if it says nothing.';
    end if;
    if octet_length(append.data::text) > 1048576 then
        raise exception using errcode = 'CA010', message = 'an event is at most 1 MiB';
    end if;
    perform append.data::jsonb; -- refuses what json lets pass: U+0000, lone surrogates
    wrong := cairn.json_wrong(append.data);
    if wrong is not null then
        raise exception using errcode = 'CA010',
            message = 'nobody could read this event: ' || wrong,
            hint = 'What is in the log cannot be changed, so it has to be readable from the start.';
    end if;
    select string_agg(d.type, ', ' order by d.type) into known
        from cairn.declared_types d
        where d.category = split_part(append.stream, '-', 1)
        having not bool_or(d.type = append.type);
    if known is not null then
        raise exception using errcode = 'CA010',
            message = format('the services that write %s know no event type %s: they know %s',
                             split_part(append.stream, '-', 1), append.type, known),
            hint = 'They would refuse to start: what is in the log they have to be able to read.';
    end if;
    if append.expected < 0 then
        raise exception using errcode = 'CA010', message = 'expected is a version, 0 for a new stream, or null';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'CA011',
            message = 'appending needs a transaction that is read committed';
    end if;
    event_id := gen_random_uuid();
    select * into answer from cairn.append_batch(
        in_streams => array[append.stream],
        in_append_conditions => array[1::bigint],
        in_append_claims => array[0::bigint],
        in_append_commands => array[0::bigint],
        in_condition_streams => array[1::bigint],
        in_condition_versions => array[coalesce(append.expected, -1)],
        in_condition_ids => array[null::uuid],
        in_condition_events => array[1::bigint],
        in_condition_last_ids => array[append.event_id],
        in_event_conditions => array[1::bigint],
        in_event_numbers => array[1::bigint],
        in_event_streams => array[append.stream],
        in_event_ids => array[append.event_id],
        in_event_types => array[append.type],
        in_event_schema_versions => array[1::bigint],
        in_event_data => array[append.data],
        in_event_metas => array[json_build_object('service', 'sql', 'user', session_user)],
        in_claim_conditions => '{}', in_claim_slots => '{}', in_claim_streams => '{}', in_claim_taken => '{}',
        in_claim_scopes => '{}', in_claim_keys => '{}',
        in_command_conditions => '{}', in_command_streams => '{}', in_command_ids => '{}',
        in_command_hashes => '{}', in_command_statuses => '{}', in_command_ends => '{}',
        in_command_events => '{}',
        in_type_categories => array[split_part(append.stream, '-', 1)],
        in_type_names => array[append.type],
        in_type_versions => array[1::bigint]);
    if answer.outcomes[1] <> 0 then
        raise exception using errcode = 'CA001',
            message = format('stream %s is at version %s', append.stream, answer.versions[1]),
            hint = 'Read the stream again and decide again, or leave expected out.';
    end if;
    "position" := answer.positions[1];
    version := answer.versions[1];
end
$_$;
COMMENT ON FUNCTION cairn.append(stream text, type text, data json, expected bigint, OUT "position" bigint, OUT version bigint, OUT event_id uuid) IS 'Appends one event. expected: null for whatever is there, 0 if the stream must not exist, else its version.';
CREATE FUNCTION cairn.append_batch(in_streams text[], in_append_conditions bigint[], in_append_claims bigint[], in_append_commands bigint[], in_condition_streams bigint[], in_condition_versions bigint[], in_condition_ids uuid[], in_condition_events bigint[], in_condition_last_ids uuid[], in_event_conditions bigint[], in_event_numbers bigint[], in_event_streams text[], in_event_ids uuid[], in_event_types text[], in_event_schema_versions bigint[], in_event_data json[], in_event_metas json[], in_claim_conditions bigint[], in_claim_slots bigint[], in_claim_streams text[], in_claim_taken bigint[], in_claim_scopes text[], in_claim_keys text[], in_command_conditions bigint[], in_command_streams text[], in_command_ids bytea[], in_command_hashes bytea[], in_command_statuses bigint[], in_command_ends bigint[], in_command_events bigint[], in_type_categories text[], in_type_names text[], in_type_versions bigint[], in_commands_are_new boolean DEFAULT false, OUT outcomes bigint[], OUT versions bigint[], OUT fails bigint[], OUT positions bigint[], OUT claim_fails bigint[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    tail_versions bigint[];
    tail_ids uuid[];
    claim_holds bigint[];     -- for each claim: its stream has it already
    slot_streams bigint[];    -- for each slot: which of the streams has it now; -1 none; 0 as before
    slot_claims bigint[];     -- for each slot: the claim that has the last word
    undo_streams bigint[];    -- for each claim: what its slot had before it
    undo_claims bigint[];
    other boolean;            -- another stream has what is claimed, as those before it leave it
    mine boolean;
    command_states bigint[];  -- 0 new, 1 replayed, 2 reused
    -- for each condition whose append was accepted: before its first event
    first_versions bigint[] := array_fill(null::bigint, array[cardinality(in_condition_streams)]);
    first_positions bigint[] := first_versions;
    head bigint;
    head_time timestamptz;
    stamp timestamptz;
    condition_from bigint := 1;
    claim_from bigint := 1;
    command_from bigint := 1;
    stream bigint;
    slot bigint;
    outcome bigint;
    command_state bigint;
begin
    perform cairn.lock_shard(0::smallint);
    select array_agg(f.version), array_agg(f.event_id) into tail_versions, tail_ids
        from (select coalesce(t.version, 0) as version, t.event_id
                  from unnest(in_streams) with ordinality as u(stream, n)
                  left join lateral (
                      select e.version, e.event_id
                          from cairn.events e
                          where e.shard = 0 and e.stream = u.stream
                          order by e.version desc
                          limit 1) t on true
                  order by u.n) f;
    if cardinality(in_claim_scopes) > 0 then
        select array_agg(f.fails), array_agg(f.holds) into claim_fails, claim_holds
            from (select coalesce(c.stream <> u.stream, false)::int::bigint as fails,
                         coalesce(c.stream = u.stream, false)::int::bigint as holds
                      from unnest(in_claim_scopes, in_claim_keys, in_claim_streams)
                          with ordinality as u(scope, key, stream, n)
                      left join lateral (
                          select k.stream
                              from cairn.claims k
                              where k.shard = 0 and k.scope = u.scope and k.key = u.key
                              limit 1) c on true
                      order by u.n) f;
        slot_streams := array_fill(0::bigint, array[cardinality(in_claim_slots)]);
        slot_claims := slot_streams;
        undo_streams := slot_streams;
        undo_claims := slot_streams;
    end if;
    if in_commands_are_new then
        command_states := array_fill(0::bigint, array[cardinality(in_command_ids)]);
    elsif cardinality(in_command_ids) > 0 then
        select array_agg(f.state) into command_states
            from (select case when c.request_hash is null then 0
                              when c.request_hash = u.hash then 1 else 2 end::bigint as state
                      from unnest(in_command_ids, in_command_hashes)
                          with ordinality as u(id, hash, n)
                      left join lateral (
                          select k.request_hash
                              from cairn.commands k
                              where k.shard = 0 and k.command_id = u.id
                              limit 1) c on true
                      order by u.n) f;
    end if;
    select e.position, e.recorded_at into head, head_time
        from cairn.events e
        where e.shard = 0
        order by e.position desc
        limit 1;
    head := coalesce(head, 0);
    stamp := greatest(clock_timestamp(), head_time);
    fails := array_fill(0::bigint, array[cardinality(in_condition_streams)]);
    versions := fails;
    positions := fails;
    outcomes := array_fill(0::bigint, array[cardinality(in_append_conditions)]);
    for k in 1 .. cardinality(in_append_conditions) loop
        outcome := 0;
        -- Each on what those before it leave behind, in this append too.
        for i in claim_from .. in_append_claims[k] loop
            slot := in_claim_slots[i];
            stream := in_condition_streams[in_claim_conditions[i]];
            undo_streams[i] := slot_streams[slot];
            undo_claims[i] := slot_claims[slot];
            if slot_streams[slot] = 0 then
                other := claim_fails[i] = 1;
                mine := claim_holds[i] = 1;
            else
                other := slot_streams[slot] > 0 and slot_streams[slot] <> stream;
                mine := slot_streams[slot] = stream;
            end if;
            claim_fails[i] := (other and in_claim_taken[i] = 1)::int;
            if claim_fails[i] = 1 then
                outcome := 4;
            elsif in_claim_taken[i] = 1 then
                slot_streams[slot] := stream;
                slot_claims[slot] := i;
            elsif mine then
                slot_streams[slot] := -1;
                slot_claims[slot] := i;
            end if;
        end loop;
        for i in condition_from .. in_append_conditions[k] loop
            stream := in_condition_streams[i];
            if in_condition_versions[i] >= 0
                    and (tail_versions[stream] <> in_condition_versions[i] or tail_ids[stream] <> in_condition_ids[i]) then
                fails[i] := 1;
                outcome := 3;
            end if;
        end loop;
        for i in command_from .. in_append_commands[k] loop
            if outcome > 0 and in_commands_are_new then -- not written: the table's key will not tell
                select case when c.request_hash = in_command_hashes[i] then 1 else 2 end into command_state
                    from cairn.commands c
                    where c.shard = 0 and c.command_id = in_command_ids[i];
                command_states[i] := coalesce(command_state, 0);
            end if;
            if command_states[i] > 0 then
                outcome := command_states[i];
            end if;
        end loop;
        for i in condition_from .. in_append_conditions[k] loop
            stream := in_condition_streams[i];
            if outcome = 0 then
                first_versions[i] := tail_versions[stream];
                first_positions[i] := head;
                if in_condition_events[i] > 0 then
                    tail_versions[stream] := tail_versions[stream] + in_condition_events[i];
                    tail_ids[stream] := in_condition_last_ids[i];
                    head := head + in_condition_events[i];
                end if;
            end if;
            versions[i] := tail_versions[stream];
            positions[i] := head;
        end loop;
        if outcome > 0 then
            outcomes[k] := outcome;
            for i in reverse in_append_claims[k] .. claim_from loop
                slot_streams[in_claim_slots[i]] := undo_streams[i];
                slot_claims[in_claim_slots[i]] := undo_claims[i];
            end loop;
        end if;
        condition_from := in_append_conditions[k] + 1;
        claim_from := in_append_claims[k] + 1;
        command_from := in_append_commands[k] + 1;
    end loop;
    -- First of all, so that one that is there already costs little.
    if cardinality(in_command_ids) > 0 then
        insert into cairn.commands
            (shard, command_id, request_hash, status, stream, version, position, event_count, recorded_at)
        select 0, u.id, u.hash, u.status, u.stream, first_versions[u.condition] + u.last,
               first_positions[u.condition] + u.last, u.events, stamp
            from unnest(in_command_conditions, in_command_streams, in_command_ids, in_command_hashes,
                        in_command_statuses, in_command_ends, in_command_events)
                as u(condition, stream, id, hash, status, last, events)
            where first_versions[u.condition] is not null;
    end if;
    insert into cairn.events
        (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
    select 0, first_positions[u.condition] + u.number, u.stream, first_versions[u.condition] + u.number,
           u.type, u.schema_version, u.id, u.data, u.meta, stamp
        from unnest(in_event_conditions, in_event_numbers, in_event_streams, in_event_ids, in_event_types,
                    in_event_schema_versions, in_event_data, in_event_metas)
            as u(condition, number, stream, id, type, schema_version, data, meta)
        where first_versions[u.condition] is not null;
    if cardinality(in_type_names) > 0 and exists (
            select from unnest(in_type_categories, in_type_names, in_type_versions) as u(category, type, version)
                where not exists (
                    select from cairn.event_types t
                        where t.category = u.category and t.type = u.type and t.schema_version = u.version)) then
        -- Only of what was accepted: a service that cannot read a type refuses to start.
        insert into cairn.event_types (category, type, schema_version)
        select distinct split_part(u.stream, '-', 1), u.type, u.version
            from unnest(in_event_conditions, in_event_streams, in_event_types, in_event_schema_versions)
                as u(condition, stream, type, version)
            where first_versions[u.condition] is not null and not exists (
                select from cairn.event_types t
                    where t.category = split_part(u.stream, '-', 1) and t.type = u.type
                        and t.schema_version = u.version);
    end if;
    if cardinality(in_claim_scopes) > 0 then
        delete from cairn.claims c
            using unnest(in_claim_slots, in_claim_taken, in_claim_scopes, in_claim_keys)
                with ordinality as u(slot, taken, scope, key, n)
            where u.taken = 0 and slot_claims[u.slot] = u.n
                and c.shard = 0 and c.scope = u.scope and c.key = u.key;
        insert into cairn.claims (shard, scope, key, stream, position)
        select 0, u.scope, u.key, u.stream, first_positions[u.condition] + 1
            from unnest(in_claim_conditions, in_claim_slots, in_claim_streams, in_claim_taken, in_claim_scopes,
                        in_claim_keys)
                with ordinality as u(condition, slot, stream, taken, scope, key, n)
            where u.taken = 1 and slot_claims[u.slot] = u.n
            on conflict on constraint claims_pkey
                do update set stream = excluded.stream, position = excluded.position;
    end if;
end
$$;
COMMENT ON FUNCTION cairn.append_batch(in_streams text[], in_append_conditions bigint[], in_append_claims bigint[], in_append_commands bigint[], in_condition_streams bigint[], in_condition_versions bigint[], in_condition_ids uuid[], in_condition_events bigint[], in_condition_last_ids uuid[], in_event_conditions bigint[], in_event_numbers bigint[], in_event_streams text[], in_event_ids uuid[], in_event_types text[], in_event_schema_versions bigint[], in_event_data json[], in_event_metas json[], in_claim_conditions bigint[], in_claim_slots bigint[], in_claim_streams text[], in_claim_taken bigint[], in_claim_scopes text[], in_claim_keys text[], in_command_conditions bigint[], in_command_streams text[], in_command_ids bytea[], in_command_hashes bytea[], in_command_statuses bigint[], in_command_ends bigint[], in_command_events bigint[], in_type_categories text[], in_type_names text[], in_type_versions bigint[], in_commands_are_new boolean, OUT outcomes bigint[], OUT versions bigint[], OUT fails bigint[], OUT positions bigint[], OUT claim_fails bigint[]) IS 'Appends many things at once, each accepted or not on its own, in order. Called by the services, never by people: theirs is cairn.append.';
CREATE FUNCTION cairn.append_one(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, OUT version bigint, OUT "position" bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    stamp timestamptz;
begin
    perform cairn.lock_shard(0::smallint);
    insert into cairn.events
        (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
    select 0, coalesce(h.position, 0) + 1, in_stream, coalesce(t.version, 0) + 1, in_type, in_schema_version,
           in_event_id, in_data, in_meta, greatest(clock_timestamp(), h.recorded_at)
        from (select) as one
        left join lateral (
            select e.position, e.recorded_at
                from cairn.events e
                where e.shard = 0
                order by e.position desc
                limit 1) h on true
        left join lateral (
            select e.version, e.event_id
                from cairn.events e
                where e.shard = 0 and e.stream = in_stream
                order by e.version desc
                limit 1) t on true
        where (in_version < 0
               or (coalesce(t.version, 0) = in_version and (t.event_id = in_condition_id) is not false))
            and exists (
                select from cairn.event_types k
                    where k.category = in_category and k.type = in_type and k.schema_version = in_schema_version)
            and (in_command_id is null or not exists (
                select from cairn.commands c where c.shard = 0 and c.command_id = in_command_id))
        returning events.version, events.position, events.recorded_at
        into append_one.version, append_one."position", stamp;
    if in_command_id is not null and stamp is not null then
        insert into cairn.commands
            (shard, command_id, request_hash, status, stream, version, position, event_count, recorded_at)
            values (0, in_command_id, in_command_hash, in_status, in_stream, append_one.version,
                    append_one."position", 1, stamp);
    end if;
end
$$;
COMMENT ON FUNCTION cairn.append_one(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, OUT version bigint, OUT "position" bigint) IS 'Appends one event, if its stream is as expected and its command is new. Null: nothing was written, cairn.append_batch says why.';
CREATE FUNCTION cairn.append_one_checked(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, in_checked_stream text, in_checked_version bigint, in_checked_id uuid, OUT version bigint, OUT "position" bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    stamp timestamptz;
begin
    perform cairn.lock_shard(0::smallint);
    insert into cairn.events
        (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
    select 0, coalesce(h.position, 0) + 1, in_stream, coalesce(t.version, 0) + 1, in_type, in_schema_version,
           in_event_id, in_data, in_meta, greatest(clock_timestamp(), h.recorded_at)
        from (select) as one
        left join lateral (
            select e.position, e.recorded_at
                from cairn.events e
                where e.shard = 0
                order by e.position desc
                limit 1) h on true
        left join lateral (
            select e.version, e.event_id
                from cairn.events e
                where e.shard = 0 and e.stream = in_stream
                order by e.version desc
                limit 1) t on true
        left join lateral (
            select e.version, e.event_id
                from cairn.events e
                where e.shard = 0 and e.stream = in_checked_stream
                order by e.version desc
                limit 1) k on true
        where (in_version < 0
               or (coalesce(t.version, 0) = in_version and (t.event_id = in_condition_id) is not false))
            and (in_checked_version < 0
                 or (coalesce(k.version, 0) = in_checked_version and (k.event_id = in_checked_id) is not false))
            and exists (
                select from cairn.event_types y
                    where y.category = in_category and y.type = in_type and y.schema_version = in_schema_version)
            and (in_command_id is null or not exists (
                select from cairn.commands c where c.shard = 0 and c.command_id = in_command_id))
        returning events.version, events.position, events.recorded_at
        into append_one_checked.version, append_one_checked."position", stamp;
    if in_command_id is not null and stamp is not null then
        insert into cairn.commands
            (shard, command_id, request_hash, status, stream, version, position, event_count, recorded_at)
            values (0, in_command_id, in_command_hash, in_status, in_stream, append_one_checked.version,
                    append_one_checked."position", 1, stamp);
    end if;
end
$$;
COMMENT ON FUNCTION cairn.append_one_checked(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, in_checked_stream text, in_checked_version bigint, in_checked_id uuid, OUT version bigint, OUT "position" bigint) IS 'Appends one event, if its stream and another one are as expected and its command is new. Null: nothing was written, cairn.append_batch says why.';
CREATE FUNCTION cairn.beat(in_owner text, in_names text[], in_fences bigint[], in_ttl interval) RETURNS TABLE(name text, fence bigint, mine boolean, owner text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '1s'
    AS $$
#variable_conflict use_column
declare
    wanted record;
    kept cairn.leases;
begin
    if in_ttl is null or in_ttl < interval '100 milliseconds' or in_ttl > interval '1 hour' then
        raise exception 'a lease lasts from 100 milliseconds to an hour' using errcode = 'CA010';
    end if;
    for wanted in
        select w.name, w.fence from unnest(in_names, in_fences) as w (name, fence) order by 1
    loop
        insert into cairn.leases as l (name, owner, fence, taken_at, beat_at, held_until)
            select wanted.name, in_owner, 1, t.at, t.at, t.at + in_ttl
                from (select clock_timestamp() as at) t
            on conflict on constraint leases_pkey do nothing
            returning * into kept;
        if not found then
            update cairn.leases as l
                set owner = in_owner,
                    fence = case when l.owner = in_owner and l.fence = wanted.fence
                                 then l.fence else l.fence + 1 end,
                    taken_at = case when l.owner = in_owner and l.fence = wanted.fence
                                    then l.taken_at else clock_timestamp() end,
                    beat_at = clock_timestamp(),
                    held_until = clock_timestamp() + in_ttl
                where l.name = wanted.name
                    and (l.held_until <= clock_timestamp()
                         or (l.owner = in_owner and l.fence = wanted.fence))
                returning * into kept;
        end if;
        if found then
            return query select kept.name, kept.fence, true, kept.owner;
        else
            -- It was heard of in the future: the clock was set back since. Who lives beats again; who
            -- does not has this long from now.
            update cairn.leases l
                set beat_at = clock_timestamp(), held_until = clock_timestamp() + in_ttl
                where l.name = wanted.name and l.beat_at > clock_timestamp() + interval '1 second';
            return query select l.name, l.fence, false, l.owner
                from cairn.leases l where l.name = wanted.name;
        end if;
    end loop;
end
$$;
COMMENT ON FUNCTION cairn.beat(in_owner text, in_names text[], in_fences bigint[], in_ttl interval) IS 'Keeps the leases that the owner has, takes those that nobody has. One row for each name: its fence, and whether it is the owner''s now.';
CREATE FUNCTION cairn.begin_follower(in_name text, in_process text, in_from_start boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
declare
    begin_at bigint;
begin
    if exists (select from cairn.followers f where f.name = in_name) then
        return false;
    end if;
    -- Streams are the category, "-" and an id; "." is the character behind "-".
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
COMMENT ON FUNCTION cairn.begin_follower(in_name text, in_process text, in_from_start boolean) IS 'Makes the checkpoint of a process manager or reactor that has none: at the head of the log, or at its start.';
CREATE FUNCTION cairn.begin_import() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform cairn.lock_shard(0::smallint);
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    perform set_config('statement_timeout', '0', true);
    if cairn.head() > 0 or exists (select from cairn.claims) or exists (select from cairn.commands) then
        raise exception using errcode = 'CA012',
            message = format('the store is not empty: it has %s events', cairn.head()),
            hint = 'Import into a database that was made for it.';
    end if;
end
$$;
COMMENT ON FUNCTION cairn.begin_import() IS 'Takes the lock and refuses a store that is not empty. The events are then copied into cairn.events.';
CREATE FUNCTION cairn.change_timer(in_stream text, in_name text, in_at timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
COMMENT ON FUNCTION cairn.change_timer(in_stream text, in_name text, in_at timestamp with time zone) IS 'Moves a timer of a process, or cancels it (in_at null), by an event in the process'' stream. Returns its version.';
CREATE FUNCTION cairn.claims_in_log() RETURNS TABLE(scope text, key text, stream text, "position" bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '64MB'
    SET jit TO 'off'
    AS $$
    -- A stream holds what it took last and did not release since. Takes that another stream was in
    -- the way of are not in the log, so each stream's own takes and releases say all.
    with telling as materialized (
        select e.position, e.stream, e.meta
            from cairn.events e
            where e.shard = 0 and strpos(e.meta::text, '"claims"') > 0
                and (strpos(e.meta::text, '\u') = 0 or cairn.accepted_by_jsonb(e.meta))
    ), said as (
        select distinct on (c.scope, c.key, t.stream) c.scope, c.key, t.stream, t.position, c.taken
            from telling t
            cross join lateral (
                select coalesce(a.claim ->> 'take', a.claim ->> 'release') as scope, a.claim ->> 'key' as key,
                       a.claim ->> 'take' is not null as taken, a.n
                    from json_array_elements(case when json_typeof(t.meta -> 'claims') = 'array'
                                                  then t.meta -> 'claims' else '[]' end)
                        with ordinality as a(claim, n)) c
            where c.scope is not null and c.key is not null
            order by c.scope, c.key, t.stream, t.position desc, c.n desc
    )
    select s.scope, s.key, s.stream, s.position from said s where s.taken
$$;
COMMENT ON FUNCTION cairn.claims_in_log() IS 'The claims that streams hold, as the log says. Reads the whole log.';
CREATE FUNCTION cairn.command_events(in_from bigint, in_to bigint) RETURNS TABLE("position" bigint, stream text, version bigint, recorded_at timestamp with time zone, command_id bytea, request_hash bytea)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
    with telling as materialized (
        select e.position, e.stream, e.version, e.recorded_at, e.meta
            from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and strpos(e.meta::text, '"command_key"') > 0
                and (strpos(e.meta::text, '\u') = 0 or cairn.accepted_by_jsonb(e.meta))
    )
    select t.position, t.stream, t.version, t.recorded_at, decode(k.id, 'hex'), decode(k.hash, 'hex')
        from telling t
        cross join lateral (select t.meta ->> 'command_key' as id, t.meta ->> 'request_hash' as hash offset 0) k
        where length(k.id) = 64 and translate(k.id, '0123456789abcdef', '') = ''
            and length(k.hash) = 64 and translate(k.hash, '0123456789abcdef', '') = ''
$$;
COMMENT ON FUNCTION cairn.command_events(in_from bigint, in_to bigint) IS 'The events in a range that a command with an Idempotency-Key has made, with its id and hash.';
CREATE FUNCTION cairn.consume(in_consumer text, in_stream text, in_version bigint, in_position bigint) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET lock_timeout TO '100ms'
    AS $$
declare
    before bigint;
begin
    insert into cairn.consumed (consumer, stream, version, position)
        values (in_consumer, in_stream, in_version, in_position)
        on conflict on constraint consumed_pkey do nothing;
    if found then
        return 0;
    end if;
    select c.version into strict before from cairn.consumed c
        where c.consumer = in_consumer and c.stream = in_stream for update;
    if before < in_version then
        update cairn.consumed c set version = in_version, position = in_position
            where c.consumer = in_consumer and c.stream = in_stream;
    end if;
    return before;
end
$$;
COMMENT ON FUNCTION cairn.consume(in_consumer text, in_stream text, in_version bigint, in_position bigint) IS 'Notes that a consumer handles this version of a stream. Returns the version it had before, 0 for none: at or above this one, it was handled.';
CREATE FUNCTION cairn.declare_types(in_category text, in_types text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if exists (select from unnest(in_types) as t(type)
                   where not exists (select from cairn.declared_types d
                                         where d.category = in_category and d.type = t.type)) then
        insert into cairn.declared_types (category, type)
            select in_category, t.type from unnest(in_types) as t(type)
            on conflict on constraint declared_types_pkey do nothing;
    end if;
end
$$;
COMMENT ON FUNCTION cairn.declare_types(in_category text, in_types text[]) IS 'Called by a service at its start: the types of events that it knows of a category that it writes.';
CREATE FUNCTION cairn.due_timers(in_process text, in_by timestamp with time zone, in_limit bigint) RETURNS TABLE(stream text, name text, due_at timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
    select t.stream, t.name, t.due_at
        from cairn.timers t
        where t.process = in_process and t.due_at <= in_by
            and not exists (select from cairn.parked_instances p where p.process = in_process and p.stream = t.stream)
        order by t.due_at, t.stream, t.name
        limit in_limit
$$;
COMMENT ON FUNCTION cairn.due_timers(in_process text, in_by timestamp with time zone, in_limit bigint) IS 'The timers of a process manager that are due by then, the oldest first.';
CREATE FUNCTION cairn.end_sessions(OUT ended bigint, OUT left_over text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    other record;
begin
    ended := 0;
    perform pg_stat_clear_snapshot();
    for other in
        select a.pid, a.application_name, a.usename, a.usesysid
            from pg_stat_activity a
            where a.datname = current_database() and a.pid <> pg_backend_pid() and a.usesysid is not null
    loop
        begin
            if pg_terminate_backend(other.pid, 5000) then
                ended := ended + 1;
            else
                left_over := concat_ws(', ', left_over, format('%s (pid %s)', other.application_name, other.pid));
            end if;
        exception when insufficient_privilege then
            left_over := concat_ws(', ', left_over,
                                   format('%s of role %s (pid %s)', other.application_name, other.usename, other.pid));
        end;
    end loop;
end
$$;
COMMENT ON FUNCTION cairn.end_sessions(OUT ended bigint, OUT left_over text) IS 'Ends the other sessions of this database: what they know of the timeline is out of date. left_over names those that it may not end.';
CREATE FUNCTION cairn.find_appended(in_streams text[], in_versions bigint[], in_event_ids uuid[], in_command_ids bytea[], OUT versions bigint[], OUT positions bigint[]) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
begin
    perform cairn.lock_shard(0::smallint);
    select array_agg(coalesce(f.version, 0)), array_agg(coalesce(f.position, 0)) into versions, positions
        from (select coalesce(e.version, c.version) as version, coalesce(e.position, c.position) as position
                  from unnest(in_streams, in_versions, in_event_ids, in_command_ids)
                      with ordinality as u(stream, version, event_id, command_id, n)
                  left join lateral (
                      select x.version, x.position
                          from cairn.events x
                          where x.shard = 0 and x.stream = u.stream and x.version > u.version
                              and x.event_id = u.event_id
                          limit 1) e on true
                  left join lateral (
                      select k.version, k.position
                          from cairn.commands k
                          where u.event_id is null and k.shard = 0 and k.command_id = u.command_id
                          limit 1) c on true
                  order by u.n) f;
end
$$;
COMMENT ON FUNCTION cairn.find_appended(in_streams text[], in_versions bigint[], in_event_ids uuid[], in_command_ids bytea[], OUT versions bigint[], OUT positions bigint[]) IS 'Which of these appends are in the log: version and position, 0 for those that are not. For a client that lost its connection.';
CREATE FUNCTION cairn.find_command(in_service text, in_key text, in_request bytea, OUT command_id text, OUT request_hash text, OUT known boolean, OUT same_request boolean, OUT status bigint, OUT stream text, OUT version bigint, OUT "position" bigint, OUT event_count bigint) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    key_hash bytea := sha256(convert_to(in_service || E'\n' || in_key, 'UTF8'));
    hash bytea := sha256(in_request);
    found_command record;
begin
    select c.request_hash, c.status, c.stream, c.version, c.position, c.event_count into found_command
        from cairn.commands c
        where c.shard = 0 and c.command_id = key_hash;
    command_id := encode(key_hash, 'hex');
    request_hash := encode(hash, 'hex');
    known := found;
    if known then
        same_request := found_command.request_hash = hash;
        status := found_command.status;
        stream := found_command.stream;
        version := found_command.version;
        "position" := found_command.position;
        event_count := found_command.event_count;
    end if;
end
$$;
COMMENT ON FUNCTION cairn.find_command(in_service text, in_key text, in_request bytea, OUT command_id text, OUT request_hash text, OUT known boolean, OUT same_request boolean, OUT status bigint, OUT stream text, OUT version bigint, OUT "position" bigint, OUT event_count bigint) IS 'The ids, in hex, of a command with this Idempotency-Key and request, and what it was answered if it is known.';
CREATE FUNCTION cairn.find_commands(in_services text[], in_keys text[], in_requests bytea[]) RETURNS TABLE(command_id text, request_hash text, known boolean, same_request boolean, status bigint, stream text, version bigint, "position" bigint, event_count bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    return query
        select encode(h.id, 'hex'), encode(h.hash, 'hex'), c.request_hash is not null, c.request_hash = h.hash,
               c.status::bigint, c.stream, c.version, c.position, c.event_count::bigint
            from unnest(in_services, in_keys, in_requests)
                with ordinality as u(service, key, request, number)
            cross join lateral (
                select sha256(convert_to(u.service || E'\n' || u.key, 'UTF8')) as id,
                       sha256(u.request) as hash) h
            left join lateral (
                select k.request_hash, k.status, k.stream, k.version, k.position, k.event_count
                    from cairn.commands k
                    where k.shard = 0 and k.command_id = h.id
                    limit 1) c on true
            order by u.number;
end
$$;
COMMENT ON FUNCTION cairn.find_commands(in_services text[], in_keys text[], in_requests bytea[]) IS 'What cairn.find_command says, a row for each command, in order.';
CREATE FUNCTION cairn.finish_import(in_store_id uuid, in_epoch bigint, in_events bigint, OUT claims bigint, OUT commands bigint, OUT ended bigint, OUT left_over text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    wrong record;
begin
    if cairn.head() <> in_events then
        raise exception using errcode = 'CA013',
            message = format('the log ends at %s, not at %s', cairn.head(), in_events);
    end if;
    select v.position, v.stream, v.problem into wrong
        from generate_series(0, in_events - 1, 50000) as first
        cross join lateral cairn.verify_order(first, least(first + 50000, in_events)) v
        limit 1;
    if found then
        raise exception using errcode = 'CA013',
            message = format('event %s of stream %s: %s', wrong.position, wrong.stream, wrong.problem);
    end if;
    insert into cairn.event_types (category, type, schema_version)
        select distinct split_part(e.stream, '-', 1), e.type, e.schema_version
            from cairn.events e
            where e.shard = 0
        on conflict on constraint event_types_pkey do nothing;
    claims := cairn.rebuild_claims();
    commands := cairn.rebuild_commands();
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    select t.ended, t.left_over into finish_import.ended, finish_import.left_over
        from cairn.set_timeline(in_store_id, in_epoch) t;
end
$$;
COMMENT ON FUNCTION cairn.finish_import(in_store_id uuid, in_epoch bigint, in_events bigint, OUT claims bigint, OUT commands bigint, OUT ended bigint, OUT left_over text) IS 'Proves the order of what was copied, fills event_types, claims and commands from it, and takes over its timeline.';
CREATE FUNCTION cairn.forget_commands(in_older_than interval) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
    gone bigint;
begin
    if in_older_than is null or in_older_than < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are remembered for an hour at least';
    end if;
    delete from cairn.commands c
        where c.ctid = any (array(
            select o.ctid
                from cairn.commands o
                where o.recorded_at < now() - in_older_than
                order by o.recorded_at
                limit 10000
                for update skip locked));
    get diagnostics gone = row_count;
    return gone;
end
$$;
COMMENT ON FUNCTION cairn.forget_commands(in_older_than interval) IS 'The retention rule: deletes commands that are older than this, the oldest first, at most 10000 a call. Returns how many: call it again until it says 0.';
CREATE FUNCTION cairn.forget_commands(in_older_than interval, in_page bigint, in_pages bigint, OUT gone bigint, OUT next_page bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_indexscan TO 'off'
    AS $$
declare
    pages bigint := pg_relation_size('cairn.commands') / current_setting('block_size')::bigint;
    from_row tid := format('(%s,0)', in_page)::tid;
    to_row tid := format('(%s,0)', in_page + in_pages)::tid;
begin
    if in_older_than is null or in_older_than < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are remembered for an hour at least';
    end if;
    -- A minute: the clocks of two servers, after a fail-over, are not the same to the second.
    insert into cairn.commands_ahead as a (shard, command_id, seen_at)
        select c.shard, c.command_id, now() from cairn.commands c
            where c.ctid >= from_row and c.ctid < to_row and c.recorded_at > now() + interval '1 minute'
        on conflict on constraint commands_ahead_pkey do update
            set seen_at = excluded.seen_at where a.seen_at > excluded.seen_at;
    with forgotten as (
        delete from cairn.commands c
            where c.ctid >= from_row and c.ctid < to_row
                and (c.recorded_at < now() - in_older_than
                     or (c.recorded_at > now()
                         and exists (
                             select from cairn.commands_ahead a
                                 where a.shard = c.shard and a.command_id = c.command_id
                                     and a.seen_at < now() - in_older_than)))
            returning c.shard, c.command_id
    ), done as (
        delete from cairn.commands_ahead a
            using forgotten f
            where a.shard = f.shard and a.command_id = f.command_id
    )
    select count(*) into gone from forgotten;
    next_page := case when in_page + in_pages < pages then in_page + in_pages end;
end
$$;
COMMENT ON FUNCTION cairn.forget_commands(in_older_than interval, in_page bigint, in_pages bigint, OUT gone bigint, OUT next_page bigint) IS 'The retention rule for so many pages of the table, from this one on: deletes commands that are older. Returns how many, and the page to go on at; null at the end.';
CREATE FUNCTION cairn.head() RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    return coalesce((select e.position from cairn.events e where e.shard = 0 order by e.position desc limit 1), 0);
end
$$;
COMMENT ON FUNCTION cairn.head() IS 'The position of the newest event, 0 in an empty log.';
CREATE FUNCTION cairn.json_wrong(in_json json, in_level integer DEFAULT 1) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    kind text := json_typeof(in_json);
    number text;
    wrong text;
begin
    if kind = 'number' then
        number := in_json #>> '{}';
        if number !~ '[.eE]' and number::numeric not between -9223372036854775808 and 9223372036854775807 then
            return 'the integer ' || left(number, 40) || ' has more than 64 bits';
        elsif number ~ '[.eE]' and abs(number::numeric) > 1.7976931348623157e308::numeric then
            return 'the number ' || left(number, 40) || ' is beyond double precision';
        end if;
        return null;
    elsif kind not in ('object', 'array') then
        return null;
    elsif in_level > 16 then
        return 'it is nested deeper than 16 levels';
    elsif kind = 'array' then
        select w.wrong into wrong
            from json_array_elements(in_json) e
            cross join lateral (select cairn.json_wrong(e.value, in_level + 1) as wrong offset 0) w
            where w.wrong is not null
            limit 1;
        return wrong;
    end if;
    select format('the name %s comes twice', to_json(e.key)) into wrong
        from json_each(in_json) e
        group by e.key
        having count(*) > 1
        limit 1;
    if wrong is null then
        select w.wrong into wrong
            from json_each(in_json) e
            cross join lateral (select cairn.json_wrong(e.value, in_level + 1) as wrong offset 0) w
            where w.wrong is not null
            limit 1;
    end if;
    return wrong;
end
$$;
COMMENT ON FUNCTION cairn.json_wrong(in_json json, in_level integer) IS 'Why the services could not read this JSON although PostgreSQL can; null if they can.';
CREATE FUNCTION cairn.keep_snapshot(in_stream text, in_kind text, in_code_version bigint, in_version bigint, in_event_id uuid, in_state json, OUT kept boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    insert into cairn.snapshots as s
        (shard, stream, kind, code_version, version, event_id, state, made_at)
    select 0, e.stream, in_kind, in_code_version, e.version, e.event_id, in_state, clock_timestamp()
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream and e.version = in_version and e.event_id = in_event_id
    on conflict on constraint snapshots_pkey do update
        set code_version = excluded.code_version, version = excluded.version,
            event_id = excluded.event_id, state = excluded.state, made_at = excluded.made_at
        where (s.code_version, s.version) <= (excluded.code_version, excluded.version)
            or not exists (
                select from cairn.events e
                    where e.shard = 0 and e.stream = s.stream and e.version = s.version
                        and e.event_id = s.event_id);
    kept := found;
end
$$;
COMMENT ON FUNCTION cairn.keep_snapshot(in_stream text, in_kind text, in_code_version bigint, in_version bigint, in_event_id uuid, in_state json, OUT kept boolean) IS 'Keeps a state, if the log has the event it stands on, in place of one that is not newer or is of another history. Says whether it was kept.';
CREATE FUNCTION cairn.load(in_stream text, in_kind text, in_code_version bigint, in_limit bigint) RETURNS TABLE(stream text, version bigint, "position" bigint, type text, schema_version integer, event_id uuid, recorded_at timestamp with time zone, data json, snapshot text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
    kept record;
    after_version bigint := 0;
begin
    select s.code_version, s.version, s.event_id, s.state,
           e.event_id as seen_id, e.position, e.recorded_at
        into kept
        from cairn.snapshots s
        left join cairn.events e on e.shard = 0 and e.stream = in_stream and e.version = s.version
        where s.shard = 0 and s.stream = in_stream and s.kind = in_kind;
    if found then
        stream := in_stream;
        snapshot := case when kept.code_version <> in_code_version then 'other-code'
                         when kept.seen_id is distinct from kept.event_id then 'other-event'
                         else 'usable' end;
        if snapshot = 'usable' then
            after_version := kept.version;
            version := kept.version;
            "position" := kept.position;
            event_id := kept.event_id;
            recorded_at := kept.recorded_at;
            data := kept.state;
        end if;
        return next;
    end if;
    return query
        select e.stream, e.version, e.position, e.type, e.schema_version, e.event_id, e.recorded_at, e.data,
               null::text
            from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > after_version
            order by e.version
            limit in_limit;
end
$$;
COMMENT ON FUNCTION cairn.load(in_stream text, in_kind text, in_code_version bigint, in_limit bigint) IS 'A stream for one who folds it: first its snapshot, if there is one of this kind, then the events behind it. Column snapshot is null for events, else usable (data is the state), other-code or other-event (it cannot be used, and the events come from the first on).';
CREATE FUNCTION cairn.load_many(in_streams text[], in_kinds text[], in_code_versions bigint[], in_after bigint[], in_limit bigint) RETURNS TABLE(stream text, version bigint, "position" bigint, type text, schema_version integer, event_id uuid, recorded_at timestamp with time zone, data json, snapshot text, number bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    return query
        select x.stream, x.version, x.position, x.type, x.schema_version, x.event_id, x.recorded_at, x.data,
               x.snapshot, u.number
            from unnest(in_streams, in_kinds, in_code_versions, in_after)
                with ordinality as u(stream, kind, code_version, after, number)
            left join lateral (
                select s.version, s.state, e.position, e.event_id, e.recorded_at,
                       case when s.code_version <> u.code_version then 'other-code'
                            when e.event_id is distinct from s.event_id then 'other-event'
                            else 'usable' end as found
                    from cairn.snapshots s
                    left join lateral (
                        select b.event_id, b.position, b.recorded_at
                            from cairn.events b
                            where b.shard = 0 and b.stream = u.stream and b.version = s.version
                            limit 1) e on true
                    where s.shard = 0 and s.stream = u.stream and s.kind = u.kind
                    limit 1) k on true
            cross join lateral (
                select u.stream, k.version, k.position, null::text as type, null::integer as schema_version,
                       k.event_id, k.recorded_at, k.state as data, k.found as snapshot
                    where k.found is not null
                union all
                (select e.stream, e.version, e.position, e.type, e.schema_version, e.event_id, e.recorded_at,
                        e.data, null::text
                    from cairn.events e
                    where e.shard = 0 and e.stream = u.stream
                        and e.version > case when k.found = 'usable' then k.version else u.after end
                    order by e.version
                    limit in_limit)) x
            order by u.number, x.snapshot is null, x.version;
end
$$;
COMMENT ON FUNCTION cairn.load_many(in_streams text[], in_kinds text[], in_code_versions bigint[], in_after bigint[], in_limit bigint) IS 'Streams for one who folds them, as cairn.load gives each: number says which of them a row is of.';
CREATE FUNCTION cairn.lock_shard(in_shard smallint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '5s'
    AS $$
declare
    done text;
begin
    if in_shard <> 0 then
        raise exception 'there is no shard %', in_shard;
    end if;
    done := set_config('idle_in_transaction_session_timeout', '5s', true);
    if current_setting('synchronous_commit') in ('off', 'local') then
        done := set_config('synchronous_commit', 'on', true);
    end if;
    lock table cairn.append_lock in exclusive mode;
end
$$;
COMMENT ON FUNCTION cairn.lock_shard(in_shard smallint) IS 'Takes the lock under which positions are given, until the transaction ends.';
CREATE FUNCTION cairn.move_follower(in_name text, in_fence bigint, in_from bigint, in_to bigint, in_stopped text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    perform set_config('synchronous_commit', 'off', true); -- what is lost is done again
    update cairn.followers
        set position = in_to, moved_at = clock_timestamp(), stopped = in_stopped
        where name = in_name and fence = in_fence and position = in_from;
    return found;
end
$$;
COMMENT ON FUNCTION cairn.move_follower(in_name text, in_fence bigint, in_from bigint, in_to bigint, in_stopped text) IS 'Moves a checkpoint, if it is there and nobody else has the lease.';
CREATE FUNCTION cairn.now() RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select clock_timestamp() + c.ahead from cairn.clock c
$$;
COMMENT ON FUNCTION cairn.now() IS 'The time, as processes and timers read it.';
CREATE FUNCTION cairn.open_outgoing(in_process text) RETURNS TABLE(held boolean, stream text, version bigint, number bigint, "position" bigint, target text, command text, method text, path text, body text, traceparent text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select true, o.stream, o.version, o.number::bigint, o.position, o.target, o.command, o.method, o.path,
           o.body, o.traceparent
        from cairn.outgoing o
        where o.process = in_process
        order by o.position, o.number
$$;
COMMENT ON FUNCTION cairn.open_outgoing(in_process text) IS 'The commands that a process manager has to deliver yet, in order.';
CREATE FUNCTION cairn.outgoing_command_id(in_target text, in_key text) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select sha256(convert_to(split_part(in_target, '-', 1) || E'\n' || in_key, 'UTF8'))
$$;
COMMENT ON FUNCTION cairn.outgoing_command_id(in_target text, in_key text) IS 'The id in cairn.commands of a command that was delivered to a service that is called as the category of its target.';
CREATE FUNCTION cairn.outgoing_key(in_stream text, in_version bigint, in_number bigint) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select concat_ws('/', in_stream, in_version, in_number,
                     (select e.data #>> array['sent', in_number::text, 'key']
                          from cairn.events e
                          where e.shard = 0 and e.stream = in_stream and e.version = in_version))
$$;
COMMENT ON FUNCTION cairn.outgoing_key(in_stream text, in_version bigint, in_number bigint) IS 'The Idempotency-Key of a command that a process manager sends: stream, version and number, and what the event keeps for it.';
CREATE FUNCTION cairn.outgoing_page(in_process text, in_categories text[], in_others boolean, in_position bigint, in_number bigint, in_limit bigint) RETURNS TABLE(held boolean, stream text, version bigint, number bigint, "position" bigint, target text, command text, method text, path text, body text, traceparent text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select true, o.stream, o.version, o.number::bigint, o.position, o.target, o.command, o.method, o.path,
           o.body, o.traceparent
        from cairn.outgoing o
        where o.process = in_process and (o.position, o.number) > (in_position, in_number)
            and (split_part(o.target, '-', 1) = any (in_categories)) <> in_others
        order by o.position, o.number
        limit in_limit
$$;
COMMENT ON FUNCTION cairn.outgoing_page(in_process text, in_categories text[], in_others boolean, in_position bigint, in_number bigint, in_limit bigint) IS 'The next commands that a process manager has to deliver to streams of these categories, or of others, in order.';
CREATE FUNCTION cairn.park_event(in_reactor text, in_fence bigint, in_position bigint, in_stream text, in_type text, in_attempts bigint, in_reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.park_event(in_reactor text, in_fence bigint, in_position bigint, in_stream text, in_type text, in_attempts bigint, in_reason text) IS 'A reactor gives up on an event. False if somebody else has the lease.';
CREATE FUNCTION cairn.park_instance(in_process text, in_fence bigint, in_stream text, in_position bigint, in_reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.park_instance(in_process text, in_fence bigint, in_stream text, in_position bigint, in_reason text) IS 'A process cannot go on at this position. False if somebody else has the lease.';
CREATE FUNCTION cairn.process_ends(in_streams text[]) RETURNS TABLE(stream text, version bigint, event_id uuid, type text, "position" bigint, state text, timers text, correlation_id text, traceparent text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
#variable_conflict use_column
begin
    return query
        select w.stream, e.version, e.event_id, e.type, case when e.data ->> 'position' ~ '^[0-9]{1,18}$' then (e.data ->> 'position')::bigint end,
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
$_$;
COMMENT ON FUNCTION cairn.process_ends(in_streams text[]) IS 'The last event of each of these streams of process managers, taken apart. Streams that do not exist are left out.';
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE cairn.events (
    shard smallint NOT NULL,
    "position" bigint NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    schema_version integer NOT NULL,
    event_id uuid NOT NULL,
    data json NOT NULL,
    meta json NOT NULL,
    recorded_at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_insert_scale_factor='0.1');
COMMENT ON TABLE cairn.events IS 'Every event that ever happened, in order. Rows are appended by cairn.append_events and never changed.';
COMMENT ON COLUMN cairn.events.shard IS 'Always 0 in this version.';
COMMENT ON COLUMN cairn.events."position" IS 'Place in the whole log: 1, 2, 3, ... in the order of the commits.';
COMMENT ON COLUMN cairn.events.stream IS 'What it happened to: category, "-", id.';
COMMENT ON COLUMN cairn.events.version IS 'Place in its stream: 1, 2, 3, ...';
COMMENT ON COLUMN cairn.events.type IS 'What happened, in the past tense.';
COMMENT ON COLUMN cairn.events.schema_version IS 'Which version of the type''s fields data has.';
COMMENT ON COLUMN cairn.events.event_id IS 'UUID of the event.';
COMMENT ON COLUMN cairn.events.data IS 'What the event says. Text as written: cast to jsonb for its operators.';
COMMENT ON COLUMN cairn.events.meta IS 'How it came about: correlation, causation, service, trace, claims.';
COMMENT ON COLUMN cairn.events.recorded_at IS 'When it was appended; never earlier than the event before it.';
CREATE FUNCTION cairn.read_all(in_after bigint DEFAULT 0, in_limit bigint DEFAULT 100) RETURNS SETOF cairn.events
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select e.*
        from cairn.events e
        where e.shard = 0 and e.position > in_after
        order by e.position
        limit in_limit
$$;
COMMENT ON FUNCTION cairn.read_all(in_after bigint, in_limit bigint) IS 'The events of the whole log after a position, in order.';
CREATE FUNCTION cairn.read_range(in_from bigint, in_to bigint, in_types text[] DEFAULT NULL::text[], in_categories text[] DEFAULT NULL::text[]) RETURNS SETOF cairn.events
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
    select e.*
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and (in_types is null or e.type = any (in_types))
            and (in_categories is null or split_part(e.stream, '-', 1) = any (in_categories))
        order by e.position
$$;
COMMENT ON FUNCTION cairn.read_range(in_from bigint, in_to bigint, in_types text[], in_categories text[]) IS 'The events at positions in_from + 1 to in_to, in order; of some types and categories only, if any are named.';
CREATE FUNCTION cairn.read_stream(in_stream text, in_after bigint DEFAULT 0, in_limit bigint DEFAULT 1000) RETURNS SETOF cairn.events
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
    return query
        select e.*
            from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > in_after
            order by e.version
            limit in_limit;
end
$$;
COMMENT ON FUNCTION cairn.read_stream(in_stream text, in_after bigint, in_limit bigint) IS 'The events of one stream after a version, in order.';
CREATE FUNCTION cairn.rebuild_claims() RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    made bigint;
begin
    perform cairn.lock_shard(0::smallint);
    delete from cairn.claims;
    insert into cairn.claims (shard, scope, key, stream, position)
        select distinct on (l.scope, l.key) 0, l.scope, l.key, l.stream, l.position
            from cairn.claims_in_log() l
            order by l.scope, l.key, l.position;
    get diagnostics made = row_count;
    return made;
end
$$;
COMMENT ON FUNCTION cairn.rebuild_claims() IS 'Makes cairn.claims again from the log, while appends wait. Returns how many there are.';
CREATE FUNCTION cairn.rebuild_commands(in_retention interval DEFAULT NULL::interval) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    made bigint;
begin
    if in_retention < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are remembered for an hour at least';
    end if;
    perform cairn.lock_shard(0::smallint);
    delete from cairn.commands where event_count > 0;
    insert into cairn.commands
        (shard, command_id, request_hash, status, stream, version, position, event_count, recorded_at)
        select 0, e.command_id, decode(min(encode(e.request_hash, 'hex')), 'hex'),
               case when min(e.version) = 1 then 201 else 200 end,
               min(e.stream), max(e.version), max(e.position), count(*), max(e.recorded_at)
            from cairn.command_events(0, cairn.head()) e
            where in_retention is null or e.recorded_at > now() - in_retention
            group by e.command_id
        on conflict on constraint commands_pkey do update
            set request_hash = excluded.request_hash, status = excluded.status, stream = excluded.stream,
                version = excluded.version, position = excluded.position,
                event_count = excluded.event_count, recorded_at = excluded.recorded_at;
    get diagnostics made = row_count;
    return made;
end
$$;
COMMENT ON FUNCTION cairn.rebuild_commands(in_retention interval) IS 'Makes the rows of cairn.commands that have events again from the log, those of this long or all, while appends wait. Rows without events stay. Returns how many it made.';
CREATE FUNCTION cairn.rebuild_process(in_process text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.rebuild_process(in_process text) IS 'Makes timers and outgoing commands of a process manager again from the log. Reads the whole log.';
CREATE FUNCTION cairn.recover(OUT old_epoch bigint, OUT new_epoch bigint, OUT head bigint, OUT ended bigint, OUT left_over text, OUT carried_over bigint, OUT claims bigint, OUT commands bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    first record;
begin
    select s.ended into first from cairn.end_sessions() s; -- one of them may hold the lock
    claims := cairn.rebuild_claims();
    commands := cairn.rebuild_commands();
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    select s.epoch into old_epoch from cairn.store s;
    new_epoch := old_epoch + 1;
    select first.ended + t.ended, t.left_over, t.carried_over
        into recover.ended, recover.left_over, recover.carried_over
        from cairn.store s, cairn.set_timeline(s.store_id, s.epoch + 1) t;
    head := cairn.head();
end
$$;
COMMENT ON FUNCTION cairn.recover(OUT old_epoch bigint, OUT new_epoch bigint, OUT head bigint, OUT ended bigint, OUT left_over text, OUT carried_over bigint, OUT claims bigint, OUT commands bigint) IS 'After the store was taken back to an older state: makes claims and commands again from the log and starts a new epoch.';
CREATE FUNCTION cairn.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    raise exception using
        errcode = 'CA005',
        message = format('%I.%I is append-only: %s is refused', tg_table_schema, tg_table_name, lower(tg_op)),
        hint = 'Record what has changed as a new event.';
end
$$;
COMMENT ON FUNCTION cairn.refuse_change() IS 'Trigger: refuses to change what has happened.';
CREATE FUNCTION cairn.refused_in_log(in_process text, in_from bigint, in_to bigint) RETURNS TABLE(stream text, version bigint, number bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
    select e.stream, cairn.whole_or_null(e.data #>> '{input,version}'),
           cairn.whole_or_null(e.data #>> '{input,number}')
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and e.data #>> '{input,kind}' = 'refusal'
$$;
COMMENT ON FUNCTION cairn.refused_in_log(in_process text, in_from bigint, in_to bigint) IS 'Which of its commands a process manager was told that they were refused for good.';
CREATE FUNCTION cairn.release(in_owner text, in_names text[], in_fences bigint[]) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '1s'
    AS $$
    with released as (
        update cairn.leases l
            set held_until = least(l.held_until, clock_timestamp())
            from unnest(in_names, in_fences) as w (name, fence)
            where l.name = w.name and l.fence = w.fence and l.owner = in_owner
            returning 1
    )
    select count(*) from released
$$;
COMMENT ON FUNCTION cairn.release(in_owner text, in_names text[], in_fences bigint[]) IS 'Gives leases back, so that the next owner need not wait. Returns how many the owner had.';
CREATE FUNCTION cairn.request_rebuild(in_projection text, in_diff boolean DEFAULT false, OUT rebuild bigint, OUT is_new boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    version integer;
begin
    select g.code_version into version
        from cairn.generations g
        where g.projection = in_projection and g.state <> 'dropped'
        order by g.live desc, g.generation desc
        limit 1;
    if version is null then
        raise exception using errcode = 'CA015', message = format('there is no read model %s', in_projection);
    end if;
    loop
        insert into cairn.rebuilds (projection, code_version, cause, diff)
            values (in_projection, version, 'request', in_diff)
            on conflict do nothing
            returning rebuilds.rebuild into rebuild;
        is_new := rebuild is not null;
        exit when is_new;
        update cairn.rebuilds r
            set diff = r.diff or in_diff
            where r.projection = in_projection and r.code_version = version and r.ended_at is null
            returning r.rebuild into rebuild;
        exit when rebuild is not null; -- else it has just ended
    end loop;
end
$$;
COMMENT ON FUNCTION cairn.request_rebuild(in_projection text, in_diff boolean, OUT rebuild bigint, OUT is_new boolean) IS 'Asks the projector for a new generation of a read model. Returns the rebuild; one that is under way serves, and is compared, too, if that is asked for.';
CREATE FUNCTION cairn.request_rollback(in_projection text, in_generation integer DEFAULT NULL::integer, OUT switch bigint, OUT generation integer, OUT code_version integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    select g.generation, g.code_version into generation, code_version
        from cairn.generations g
        where g.projection = in_projection and g.state = 'following' and g.complete_at is not null
            and not g.live
            and (in_generation is null or g.generation = in_generation)
            and (in_generation is not null or g.left_at is not null
                or g.code_version < (select l.code_version from cairn.generations l
                    where l.projection = in_projection and l.live))
        order by g.left_at desc nulls last, g.generation desc
        limit 1;
    if generation is null then
        raise exception using errcode = 'CA015',
            message = case when in_generation is null
                then format('there is no generation of %s to go back to', in_projection)
                else format('generation %s of %s is not followed, or is the one that is read', in_generation, in_projection) end;
    end if;
    insert into cairn.switches (projection, code_version, generation, cause)
        values (in_projection, request_rollback.code_version, request_rollback.generation, 'rollback')
        returning switches.switch into switch;
end
$$;
COMMENT ON FUNCTION cairn.request_rollback(in_projection text, in_generation integer, OUT switch bigint, OUT generation integer, OUT code_version integer) IS 'Asks the projector to have a generation read again: the one that was before, or the one that is named.';
CREATE FUNCTION cairn.retry_parked(in_projection text, in_key text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with asked as (
        update cairn.parked p set request = 'retry'
            where p.projection = in_projection
                and (in_key is null or p.key = in_key)
                and p.position = (select min(q.position) from cairn.parked q
                    where q.projection = p.projection and q.generation = p.generation
                        and q.key = p.key)
            returning p.key
    )
    select count(distinct key) from asked
$$;
COMMENT ON FUNCTION cairn.retry_parked(in_projection text, in_key text) IS 'Asks the projector to apply the parked events of a key (null: of all keys) again, in order. Returns how many keys.';
CREATE FUNCTION cairn.retry_parked_events(in_reactor text, in_position bigint) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with changed as (
        update cairn.parked_events p set again = true
            where (in_reactor is null or p.reactor = in_reactor)
                and (in_position is null or p.position = in_position)
            returning 1)
    select count(*) from changed
$$;
COMMENT ON FUNCTION cairn.retry_parked_events(in_reactor text, in_position bigint) IS 'Has parked events tried again: of one reactor or all (null), one position or all (null). Returns how many.';
CREATE FUNCTION cairn.retry_parked_instances(in_process text, in_stream text, in_skip boolean DEFAULT false) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with changed as (
        update cairn.parked_instances p
            set again = true, position = p.position + case when in_skip and p.position > 0 then 1 else 0 end
            where (in_process is null or p.process = in_process)
                and (in_stream is null or p.stream = in_stream)
            returning 1)
    select count(*) from changed
$$;
COMMENT ON FUNCTION cairn.retry_parked_instances(in_process text, in_stream text, in_skip boolean) IS 'Has parked processes tried again: of one process manager or all (null), one stream or all (null); from the event behind the one that it stopped at (in_skip). Returns how many.';
CREATE FUNCTION cairn.sent_in_log(in_process text, in_from bigint, in_to bigint) RETURNS TABLE(stream text, version bigint, number bigint, "position" bigint, target text, command text, method text, path text, body text, traceparent text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
    select e.stream, e.version, s.n - 1, e.position, s.sent ->> 'to', s.sent ->> 'command',
           s.sent ->> 'method', s.sent ->> 'path', (s.sent -> 'body')::text, e.meta ->> 'traceparent'
        from cairn.events e, json_array_elements(case when json_typeof(e.data -> 'sent') = 'array' then e.data -> 'sent' end) with ordinality as s(sent, n)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and s.sent ->> 'to' is not null and s.sent ->> 'command' is not null and s.sent ->> 'method' is not null
            and s.sent ->> 'path' is not null and s.sent -> 'body' is not null
$$;
COMMENT ON FUNCTION cairn.sent_in_log(in_process text, in_from bigint, in_to bigint) IS 'The commands that a process manager has sent, as its streams say, at positions in_from + 1 to in_to.';
CREATE FUNCTION cairn.set_timeline(in_store_id uuid, in_epoch bigint, OUT ended bigint, OUT left_over text, OUT carried_over bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '10s'
    AS $$
begin
    -- Nobody reads the old timeline once its sessions have ended: who comes anew waits for our commit.
    select s.ended into set_timeline.ended from cairn.end_sessions() s;
    lock table cairn.store in access exclusive mode;
    select s.ended + set_timeline.ended, s.left_over into set_timeline.ended, set_timeline.left_over
        from cairn.end_sessions() s;
    update cairn.store set store_id = in_store_id, epoch = in_epoch;
    -- What was built from this very log goes on from where it is.
    update cairn.checkpoints c set epoch = in_epoch, stopped = null
        where c.epoch <> in_epoch
            and not exists (select from cairn.verify_checkpoints() v
                                where v.projection = c.projection and v.generation = c.generation);
    get diagnostics carried_over = row_count;
end
$$;
COMMENT ON FUNCTION cairn.set_timeline(in_store_id uuid, in_epoch bigint, OUT ended bigint, OUT left_over text, OUT carried_over bigint) IS 'Makes this the only timeline that anybody knows, and takes along the read models that belong to the log.';
CREATE FUNCTION cairn.settle_outgoing(in_process text, in_fence bigint, in_streams text[], in_versions bigint[], in_numbers bigint[], in_attempts bigint[], in_problems text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.settle_outgoing(in_process text, in_fence bigint, in_streams text[], in_versions bigint[], in_numbers bigint[], in_attempts bigint[], in_problems text[]) IS 'These commands have been delivered (no problem), or tried in vain. False if somebody else has the lease.';
CREATE FUNCTION cairn.show_view(in_name text, in_select text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    shown regclass := to_regclass(format('read.%I', in_name));
    grants text[];
    columns text[]; -- that they are on; null: on the view
    others text;
begin
    begin
        execute format('create or replace view read.%I as %s', in_name, in_select);
        return null;
    exception when invalid_table_definition then
        null; -- the columns are others
    end;
    others := cairn.standing_on(shown);
    if others is not null then
        return others;
    end if;
    select array_agg(format('grant %s%s on read.%I to %s%s', a.privilege_type, a.columns, in_name,
                            case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                            case when a.is_grantable then ' with grant option' else '' end)),
           array_agg(a.attname) into grants, columns
        from (select x.*, '' as columns, null::text as attname
                  from pg_class c, aclexplode(c.relacl) x
                  where c.oid = shown and x.grantee <> c.relowner
              union all
              select x.*, format(' (%I)', t.attname), t.attname::text
                  from pg_attribute t, aclexplode(t.attacl) x
                  where t.attrelid = shown and not t.attisdropped) a;
    execute format('drop view read.%I', in_name);
    execute format('create view read.%I as %s', in_name, in_select);
    shown := to_regclass(format('read.%I', in_name));
    for i in 1 .. coalesce(cardinality(grants), 0) loop
        if columns[i] is null or exists (select from pg_attribute t
                                             where t.attrelid = shown and t.attname = columns[i]) then
            execute grants[i];
        end if;
    end loop;
    return null;
end
$$;
COMMENT ON FUNCTION cairn.show_view(in_name text, in_select text) IS 'Has the view read.NAME show this, and keeps its grants. Returns what is in the way: what stands on it, where its columns change.';
CREATE FUNCTION cairn.skip_parked(in_projection text, in_key text, in_position bigint) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    with asked as (
        update cairn.parked p set request = 'skip'
            where p.projection = in_projection and p.key = in_key and p.position = in_position
                and not exists (select from cairn.parked q
                    where q.projection = p.projection and q.generation = p.generation
                        and q.key = p.key and q.position < p.position)
            returning p.key
    )
    select count(distinct key) from asked
$$;
COMMENT ON FUNCTION cairn.skip_parked(in_projection text, in_key text, in_position bigint) IS 'Asks the projector to go on with a key without the event that is in its way, which must be its first. Returns 1, or 0 if it is not.';
CREATE FUNCTION cairn.standing_on(in_relation regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select string_agg(d.name, ', ' order by d.name)
        from (select distinct coalesce(
                         (select case v.relkind when 'm' then 'materialized view ' else 'view ' end
                                     || n.nspname || '.' || v.relname
                              from pg_rewrite r
                              join pg_class v on v.oid = r.ev_class
                              join pg_namespace n on n.oid = v.relnamespace
                              where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid),
                         pg_describe_object(d.classid, d.objid, d.objsubid)) as name
                  from pg_depend d
                  where d.refclassid = 'pg_class'::regclass and d.refobjid = in_relation
                      and d.deptype = 'n'
                      and not exists (select from pg_rewrite r
                                          where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
                                              and r.ev_class = in_relation)) d
$$;
COMMENT ON FUNCTION cairn.standing_on(in_relation regclass) IS 'Views and other objects that a table or view cannot be dropped for; null if there are none.';
CREATE FUNCTION cairn.take_follower(in_name text, in_fence bigint) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    update cairn.followers set fence = in_fence where name = in_name and fence <= in_fence
        returning position
$$;
COMMENT ON FUNCTION cairn.take_follower(in_name text, in_fence bigint) IS 'Whoever has a lower fence writes nothing any more. Returns the position; null where there was a higher one.';
CREATE FUNCTION cairn.time_or_null(in_text text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    return in_text::timestamptz;
exception when others then
    return null;
end
$$;
COMMENT ON FUNCTION cairn.time_or_null(in_text text) IS 'The time that a text says; null if it says none.';
CREATE FUNCTION cairn.timers_in_log(in_process text, in_from bigint, in_to bigint) RETURNS TABLE(stream text, version bigint, name text, due_at timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
    select l.stream, l.version, t.timer ->> 'name', cairn.time_or_null(t.timer ->> 'at')
        from (select distinct on (e.stream) e.stream, e.version, e.data
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= in_to
                      and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
                  order by e.stream, e.version desc) l
        left join lateral json_array_elements(case when json_typeof(l.data -> 'timers') = 'array' then l.data -> 'timers' end) as t(timer)
            on cairn.time_or_null(t.timer ->> 'at') is not null
$$;
COMMENT ON FUNCTION cairn.timers_in_log(in_process text, in_from bigint, in_to bigint) IS 'The streams of a process manager that moved, and the timers that are set after that; a null timer where there is none.';
CREATE FUNCTION cairn.turn_clock(in_by interval) RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    update cairn.clock set ahead = ahead + in_by returning clock_timestamp() + ahead
$$;
COMMENT ON FUNCTION cairn.turn_clock(in_by interval) IS 'Turns the clock of all processes on, or back: for tests. Only the owner may. Returns what it shows.';
CREATE FUNCTION cairn.undelivered_in_log(in_process text, in_to bigint) RETURNS TABLE(stream text, version bigint, number bigint, "position" bigint, target text, command text, method text, path text, body text, traceparent text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.undelivered_in_log(in_process text, in_to bigint) IS 'The commands that a process manager has sent and of which the log shows neither that they were carried out nor that they were refused. Reads the whole log.';
CREATE FUNCTION cairn.unpark_event(in_reactor text, in_fence bigint, in_position bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    perform from cairn.followers f where f.name = 'reactor/' || in_reactor and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.parked_events p where p.reactor = in_reactor and p.position = in_position;
    return true;
end
$$;
COMMENT ON FUNCTION cairn.unpark_event(in_reactor text, in_fence bigint, in_position bigint) IS 'A parked event was handled after all. False if somebody else has the lease.';
CREATE FUNCTION cairn.unpark_instance(in_process text, in_fence bigint, in_stream text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
begin
    perform from cairn.followers f where f.name = 'process/' || in_process and f.fence = in_fence for share;
    if not found then
        return false;
    end if;
    delete from cairn.parked_instances p where p.process = in_process and p.stream = in_stream;
    return true;
end
$$;
COMMENT ON FUNCTION cairn.unpark_instance(in_process text, in_fence bigint, in_stream text) IS 'A process has caught up. False if somebody else has the lease.';
CREATE FUNCTION cairn.verify_checkpoints() RETURNS TABLE(projection text, generation integer, "position" bigint, problem text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select c.projection, c.generation, c.position,
           case when c.position > cairn.head() then format('is ahead of the log, which ends at %s', cairn.head())
                else 'stands on an event that the log does not have' end
        from cairn.checkpoints c
        where c.shard = 0 and c.position > 0
            and not exists (select from cairn.events e
                                where e.shard = 0 and e.position = c.position and e.event_id = c.event_id)
$$;
COMMENT ON FUNCTION cairn.verify_checkpoints() IS 'Generations of read models that were built from another history than this log.';
CREATE FUNCTION cairn.verify_claims() RETURNS TABLE(problem text, scope text, key text, stream text, "position" bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select case when c.shard is null then 'the log says that it is held, the table does not'
                when l.scope is null then 'the table says that it is held, the log does not'
                else format('taken at %s, the table says %s', l.position, c.position) end,
           coalesce(c.scope, l.scope), coalesce(c.key, l.key), coalesce(c.stream, l.stream),
           coalesce(l.position, c.position)
        from cairn.claims c
        full join cairn.claims_in_log() l on l.scope = c.scope and l.key = c.key and l.stream = c.stream
        where c.shard is null or l.scope is null or c.position <> l.position
$$;
COMMENT ON FUNCTION cairn.verify_claims() IS 'Where cairn.claims is not what the log says. Reads the whole log.';
CREATE FUNCTION cairn.verify_commands(in_from bigint DEFAULT 0, in_to bigint DEFAULT NULL::bigint) RETURNS TABLE(problem text, command_id text, stream text, "position" bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
declare
    upto bigint := coalesce(in_to, cairn.head());
    from_time timestamptz := coalesce(
        (select e.recorded_at from cairn.events e where e.shard = 0 and e.position = in_from), '-infinity');
    to_time timestamptz := coalesce(
        (select e.recorded_at from cairn.events e where e.shard = 0 and e.position = in_to), 'infinity');
begin
    -- Each event of a command lies where its row says. A row may have been forgotten, but not before
    -- it is an hour old.
    return query
    select case when c.shard is null then 'the log has it, the table does not'
                when c.request_hash <> e.request_hash then 'the table has another request_hash'
                else 'the table says that its events are others' end,
           encode(e.command_id, 'hex'), e.stream, e.position
        from cairn.command_events(in_from, upto) e
        left join cairn.commands c on c.shard = 0 and c.command_id = e.command_id
        where case when c.shard is null then e.recorded_at > now() - interval '1 hour'
                   else c.request_hash <> e.request_hash or c.stream <> e.stream
                       or e.version not between c.version - c.event_count + 1 and c.version
                       or e.position not between c.position - c.event_count + 1 and c.position
                       or c.recorded_at <> e.recorded_at end;
    -- Each row is what the log says. Rows have times, which do not decrease with the positions: so
    -- each row is in one range, wherever it says that its events are.
    return query
    select p.problem, encode(p.command_id, 'hex'), p.stream, p.position
        from (select c.command_id, c.stream, c.position, case
                  when c.event_count = 0 and c.version = 0 then null -- on a stream that is not there
                  when l.last is null then 'its stream has no such version'
                  when c.event_count = 0 then null -- which the log cannot prove
                  when l.last <> c.position then format('its last event is at %s', l.last)
                  when l.events <> c.event_count then
                      format('the log has %s of its %s events', l.events, c.event_count)
                  when c.status <> case when c.version = c.event_count then 201 else 200 end then
                      format('status %s is not what its events say', c.status)
                  end as problem
                  from cairn.commands c
                  cross join lateral (
                      select max(e.position) filter (where e.version = c.version) as last,
                             count(*) filter (
                                 where c.position - e.position = c.version - e.version
                                     and strpos(e.meta::text, encode(c.command_id, 'hex')) > 0) as events
                          from cairn.events e
                          where e.shard = 0 and e.stream = c.stream
                              and e.version > c.version - greatest(c.event_count, 1)
                              and e.version <= c.version) l
                  where c.recorded_at > from_time and c.recorded_at <= to_time) p
        where p.problem is not null;
end
$$;
COMMENT ON FUNCTION cairn.verify_commands(in_from bigint, in_to bigint) IS 'Where cairn.commands is not what the log says, for the events in a range and the rows of that time.';
CREATE FUNCTION cairn.verify_content(in_from bigint DEFAULT 0, in_to bigint DEFAULT NULL::bigint) RETURNS TABLE("check" text, "position" bigint, stream text, problem text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
declare
    upto bigint := coalesce(in_to, cairn.head());
begin
    return query
    select 'json', j.position, j.stream, j.problem from cairn.verify_json(in_from, upto) j;
    return query
    select 'event types', t.first, t.stream,
           format('%s version %s of %s is not in cairn.event_types', t.type, t.schema_version, t.category)
        from (select split_part(e.stream, '-', 1) as category, e.type, e.schema_version,
                     min(e.position) as first, min(e.stream) as stream
                  from cairn.events e
                  where e.shard = 0 and e.position > in_from and e.position <= upto
                      and not exists (select from cairn.amendments a
                                          where a.position = e.position and a.data is null)
                  group by 1, 2, 3) t
        where not exists (
            select from cairn.event_types k
                where k.category = t.category and k.type = t.type and k.schema_version = t.schema_version);
end
$$;
COMMENT ON FUNCTION cairn.verify_content(in_from bigint, in_to bigint) IS 'Problems with what the events in a range say: data and meta, and types that cairn.event_types lacks.';
CREATE FUNCTION cairn.verify_event_ids(in_from bigint DEFAULT 0) RETURNS TABLE("check" text, "position" bigint, stream text, problem text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '64MB'
    SET jit TO 'off'
    AS $$
    select 'event ids', max(e.position), null, format('%s is also the id of event %s', e.event_id, min(e.position))
        from cairn.events e
        where e.shard = 0 and e.position > in_from
        group by e.event_id
        having count(*) > 1
$$;
COMMENT ON FUNCTION cairn.verify_event_ids(in_from bigint) IS 'Ids that more than one event has. Reads the whole log.';
CREATE FUNCTION cairn.verify_json(in_from bigint, in_to bigint) RETURNS TABLE("position" bigint, stream text, problem text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
begin
    -- All at once first: only a range with a problem is looked at event by event.
    begin
        perform from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and (jsonb_typeof(e.data::jsonb) <> 'object' or jsonb_typeof(e.meta::jsonb) <> 'object');
        if not found then
            return;
        end if;
    exception when others then
        null;
    end;
    return query
    select e.position, e.stream, c.name || ' ' || case when json_typeof(c.value) <> 'object'
               then 'is no JSON object' else 'cannot be read as jsonb' end
        from cairn.events e
        cross join lateral (values ('data', e.data), ('meta', e.meta)) as c(name, value)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and (json_typeof(c.value) <> 'object' or not cairn.accepted_by_jsonb(c.value));
end
$$;
COMMENT ON FUNCTION cairn.verify_json(in_from bigint, in_to bigint) IS 'Events in a range whose data or meta is no JSON object, or one that jsonb refuses.';
CREATE FUNCTION cairn.verify_order(in_from bigint DEFAULT 0, in_to bigint DEFAULT NULL::bigint) RETURNS TABLE("check" text, "position" bigint, stream text, problem text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    AS $$
declare
    upto bigint := coalesce(in_to, cairn.head());
begin
    return query
    with seen as materialized (
        -- and the one before the range, which the first is compared with
        select e.position, e.stream, e.version, e.recorded_at,
               lag(e.position, 1, in_from) over w as position_before,
               lag(e.recorded_at) over w as time_before
            from cairn.events e
            where e.shard = 0 and e.position >= in_from and e.position <= upto
            window w as (order by e.position)
    ), last as (
        select coalesce(max(s.position), in_from) as "position" from seen s
    )
    select 'positions', s.position, s.stream,
           format('no event at %s to %s', s.position_before + 1, s.position - 1)
        from seen s
        where s.position > in_from and s.position <> s.position_before + 1
    union all
    select 'positions', upto, null, format('no event at %s to %s', l.position + 1, upto)
        from last l
        where l.position < upto
    union all
    select 'times', s.position, s.stream,
           format('recorded at %s, before the event in front of it', s.recorded_at)
        from seen s
        where s.position > in_from and s.recorded_at < s.time_before
    union all
    select 'versions', s.position, s.stream,
           format('version %s, but no version %s in front of it', s.version, s.version - 1)
        from seen s
        where s.position > in_from and s.version > 1
            -- a scalar subselect: it cannot become a join over the whole table
            and coalesce((select p.position < s.position
                              from cairn.events p
                              where p.shard = 0 and p.stream = s.stream and p.version = s.version - 1),
                         false) is false;
end
$$;
COMMENT ON FUNCTION cairn.verify_order(in_from bigint, in_to bigint) IS 'Problems with invariants 1 and 2 in a range: gaps in positions and versions, times that go back.';
CREATE FUNCTION cairn.verify_processes() RETURNS TABLE(problem text, stream text, "position" bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
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
COMMENT ON FUNCTION cairn.verify_processes() IS 'Where cairn.timers and cairn.outgoing are not what the process managers'' streams say. Reads the whole log.';
CREATE FUNCTION cairn.verify_protection() RETURNS TABLE("check" text, problem text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    select 'protection', 'trigger events_are_never_changed ' || case
            when t.oid is null then 'is missing'
            when t.tgenabled <> 'A' then 'is not enabled always'
            else 'does not refuse update, delete and truncate for every statement' end
        from (values ('cairn.events'::regclass)) as e(events)
        left join pg_trigger t
            on t.tgrelid = e.events and t.tgname = 'events_are_never_changed' and not t.tgisinternal
        -- 2: before, 8: delete, 16: update, 32: truncate; 1, for each row, is not set
        where t.oid is null or t.tgenabled <> 'A' or t.tgtype <> 2 + 8 + 16 + 32 or t.tgqual is not null
            or t.tgfoid <> 'cairn.refuse_change()'::regprocedure
    union all
    select 'protection', format('role %s may %s cairn.events', r.rolname, p.privilege)
        from pg_roles r
        cross join (values ('insert'), ('update'), ('delete'), ('truncate')) as p(privilege)
        where r.rolname in ('cairn_writer', 'cairn_projector', 'cairn_reader')
            and has_table_privilege(r.oid, 'cairn.events'::regclass, p.privilege)
$$;
COMMENT ON FUNCTION cairn.verify_protection() IS 'What is missing of what keeps the log append-only (invariant 5).';
CREATE FUNCTION cairn.was_refused(in_stream text, in_after bigint, in_number bigint) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
    select exists (
        select from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > in_after
                and e.data #>> '{input,kind}' = 'refusal'
                and cairn.whole_or_null(e.data #>> '{input,version}') = in_after
                and cairn.whole_or_null(e.data #>> '{input,number}') = in_number)
$$;
COMMENT ON FUNCTION cairn.was_refused(in_stream text, in_after bigint, in_number bigint) IS 'Does the stream say already that this command of its was refused?';
CREATE FUNCTION cairn.whole_or_null(in_text text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    select case when in_text ~ '^[0-9]{1,18}$' then in_text::bigint end
$_$;
COMMENT ON FUNCTION cairn.whole_or_null(in_text text) IS 'The whole number that a text says; null if it says none.';
CREATE TABLE cairn.amendments (
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    data json,
    reason text NOT NULL,
    made_by text DEFAULT SESSION_USER NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE cairn.amendments IS 'How events are to be read that cannot be read as they are: with other data, or not at all. Read by processes when they start.';
COMMENT ON COLUMN cairn.amendments.data IS 'To be read instead, in the version of the event; null: the event is passed over.';
CREATE TABLE cairn.append_lock (
);
COMMENT ON TABLE cairn.append_lock IS 'Has no rows. Who appends holds its lock, in mode exclusive, and only the owner may: whoever may connect may take an advisory lock.';
CREATE TABLE cairn.bus (
    single boolean DEFAULT true NOT NULL,
    epoch bigint NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    event_id uuid,
    fence bigint DEFAULT 0 NOT NULL,
    moved_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    problem text,
    CONSTRAINT bus_has_one_row CHECK (single),
    CONSTRAINT bus_position_is_not_negative CHECK (("position" >= 0))
)
WITH (fillfactor='50');
COMMENT ON TABLE cairn.bus IS 'How far the log was published, as the publisher last noted it. Redis says where it really is.';
COMMENT ON COLUMN cairn.bus.epoch IS 'Of the store, when it was noted.';
COMMENT ON COLUMN cairn.bus."position" IS 'Redis had everything up to here.';
COMMENT ON COLUMN cairn.bus.event_id IS 'Of the event at that position: if the log has another one there, the bus belongs to another history.';
COMMENT ON COLUMN cairn.bus.fence IS 'Number of the lease under which it was noted.';
COMMENT ON COLUMN cairn.bus.problem IS 'Why it does not go on, if it does not.';
CREATE TABLE cairn.bus_losses (
    category text NOT NULL COLLATE pg_catalog."C",
    consumer_group text NOT NULL COLLATE pg_catalog."C",
    from_position bigint NOT NULL,
    to_position bigint NOT NULL,
    lost_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE cairn.bus_losses IS 'Events of the category at these positions and between were cut from the bus before the group had handled them. They are in the log. Delete the row when that is made good.';
COMMENT ON COLUMN cairn.bus_losses.from_position IS 'The oldest that the group had not handled when it lost entries first.';
COMMENT ON COLUMN cairn.bus_losses.to_position IS 'The newest that was cut.';
COMMENT ON COLUMN cairn.bus_losses.lost_at IS 'The last time.';
CREATE TABLE cairn.bus_streams (
    category text NOT NULL COLLATE pg_catalog."C",
    floor bigint DEFAULT 0 NOT NULL,
    floor_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT bus_streams_floor_is_not_negative CHECK ((floor >= 0))
);
COMMENT ON TABLE cairn.bus_streams IS 'The categories that are published.';
COMMENT ON COLUMN cairn.bus_streams.floor IS 'Entries up to here were trimmed: all groups had handled them, or the cap was reached. Above it the stream has what the log has.';
CREATE TABLE cairn.checkpoints (
    projection text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    shard smallint DEFAULT 0 NOT NULL,
    epoch bigint NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    event_id uuid,
    fence bigint DEFAULT 0 NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    stopped text,
    revision bigint DEFAULT 0 NOT NULL,
    CONSTRAINT checkpoints_position_is_not_negative CHECK (("position" >= 0)),
    CONSTRAINT checkpoints_revision_is_not_negative CHECK ((revision >= 0))
)
WITH (fillfactor='50');
COMMENT ON TABLE cairn.checkpoints IS 'How far each generation has followed the log. Moves in the transaction that writes its rows.';
COMMENT ON COLUMN cairn.checkpoints."position" IS 'Everything up to here is in the rows.';
COMMENT ON COLUMN cairn.checkpoints.event_id IS 'Of the event at that position: if the log has another one there, the rows belong to another history.';
COMMENT ON COLUMN cairn.checkpoints.fence IS 'Number of the lease under which it was moved.';
COMMENT ON COLUMN cairn.checkpoints.stopped IS 'Why it does not go on, if it does not.';
COMMENT ON COLUMN cairn.checkpoints.revision IS 'Goes up whenever rows are changed without moving the position: parked events were tried again.';
CREATE TABLE cairn.claims (
    shard smallint NOT NULL,
    scope text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    stream text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL
);
COMMENT ON TABLE cairn.claims IS 'What streams hold for themselves alone, such as an e-mail address.';
COMMENT ON COLUMN cairn.claims.scope IS 'What kind of thing it is: user.email.';
COMMENT ON COLUMN cairn.claims.key IS 'Which one, compared by bytes.';
COMMENT ON COLUMN cairn.claims.stream IS 'Who holds it.';
COMMENT ON COLUMN cairn.claims."position" IS 'Of the event whose meta says that it was taken.';
CREATE TABLE cairn.clock (
    one boolean DEFAULT true NOT NULL,
    ahead interval DEFAULT '00:00:00'::interval NOT NULL,
    CONSTRAINT clock_is_one CHECK (one)
);
COMMENT ON TABLE cairn.clock IS 'How far the clock of processes and timers is ahead of the time: zero, but in tests and demonstrations.';
COMMENT ON COLUMN cairn.clock.one IS 'There is one clock.';
COMMENT ON COLUMN cairn.clock.ahead IS 'Is added to the time wherever a process reads it.';
CREATE TABLE cairn.commands (
    shard smallint NOT NULL,
    command_id bytea NOT NULL,
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    "position" bigint NOT NULL,
    event_count integer NOT NULL,
    recorded_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE cairn.commands IS 'Commands with an Idempotency-Key that were carried out, and what they were answered.';
COMMENT ON COLUMN cairn.commands.command_id IS 'SHA-256 of the service and the key.';
COMMENT ON COLUMN cairn.commands.request_hash IS 'SHA-256 of method, path, If-Match and body: the same key with another request is refused.';
COMMENT ON COLUMN cairn.commands.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN cairn.commands.stream IS 'The stream it was decided on.';
COMMENT ON COLUMN cairn.commands.version IS 'Of the stream after it.';
COMMENT ON COLUMN cairn.commands."position" IS 'Of its last event; its events are the event_count up to there.';
CREATE TABLE cairn.commands_ahead (
    shard smallint NOT NULL,
    command_id bytea NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE cairn.commands_ahead IS 'Commands whose recorded_at lies ahead of the clock.';
COMMENT ON COLUMN cairn.commands_ahead.seen_at IS 'Their retention counts from here.';
CREATE TABLE cairn.consumed (
    consumer text NOT NULL COLLATE pg_catalog."C",
    stream text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    "position" bigint NOT NULL
)
WITH (fillfactor='80');
COMMENT ON TABLE cairn.consumed IS 'How far each consumer group has come in each stream: it has handled nothing after this version.';
COMMENT ON COLUMN cairn.consumed."position" IS 'Of the event of that version.';
CREATE TABLE cairn.consumed_again (
    consumer text NOT NULL COLLATE pg_catalog."C",
    event_id uuid NOT NULL,
    handled_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE cairn.consumed_again IS 'Dead letters that were handled after all, when somebody had them tried again.';
CREATE TABLE cairn.consumed_dead (
    consumer text NOT NULL COLLATE pg_catalog."C",
    event_id uuid NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    "position" bigint NOT NULL,
    reason text NOT NULL,
    buried_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE cairn.consumed_dead IS 'Events that a consumer group gave up, whatever Redis remembers of them. Handled after all: those in cairn.consumed_again.';
CREATE TABLE cairn.declared_types (
    category text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C"
);
COMMENT ON TABLE cairn.declared_types IS 'Every type of event that a service which writes the category has ever known. People append no others to it.';
CREATE TABLE cairn.event_types (
    category text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    schema_version integer NOT NULL
);
COMMENT ON TABLE cairn.event_types IS 'Every type of event in the log, with every version of its fields. A service that cannot read one refuses to start.';
CREATE TABLE cairn.followers (
    name text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    stopped text,
    CONSTRAINT followers_name_is_short CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 200))),
    CONSTRAINT followers_position_is_not_negative CHECK (("position" >= 0))
)
WITH (fillfactor='50');
COMMENT ON TABLE cairn.followers IS 'How far each process manager and each reactor has followed the log.';
COMMENT ON COLUMN cairn.followers.name IS 'process/fulfilment, reactor/bank.';
COMMENT ON COLUMN cairn.followers."position" IS 'Everything up to here has been handled. It may lag behind: handling an event again changes nothing.';
COMMENT ON COLUMN cairn.followers.fence IS 'Of the lease under which it is moved: who has a lower one writes nothing any more.';
COMMENT ON COLUMN cairn.followers.stopped IS 'Why it does not go on, if it does not.';
CREATE TABLE cairn.generations (
    projection text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    code_version integer NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    complete_at timestamp with time zone,
    live boolean DEFAULT false NOT NULL,
    state text DEFAULT 'following'::text NOT NULL,
    serving boolean DEFAULT false NOT NULL,
    left_at timestamp with time zone,
    kept_until timestamp with time zone,
    dropped_at timestamp with time zone,
    swept boolean DEFAULT false NOT NULL,
    in_the_way text,
    CONSTRAINT generations_building_is_not_complete CHECK (((state <> 'building'::text) OR (complete_at IS NULL))),
    CONSTRAINT generations_live_is_complete CHECK (((NOT live) OR (complete_at IS NOT NULL))),
    CONSTRAINT generations_live_is_serving CHECK (((NOT live) OR serving)),
    CONSTRAINT generations_number_is_positive CHECK ((generation > 0)),
    CONSTRAINT generations_serving_is_complete CHECK (((NOT serving) OR ((complete_at IS NOT NULL) AND (state = 'following'::text)))),
    CONSTRAINT generations_state_is_known CHECK ((state = ANY (ARRAY['building'::text, 'following'::text, 'dropped'::text])))
);
COMMENT ON TABLE cairn.generations IS 'The built copies of each read model. The rows of generation 3 of NAME are in read.NAME_g3.';
COMMENT ON COLUMN cairn.generations.code_version IS 'Version of the projection''s code that builds it.';
COMMENT ON COLUMN cairn.generations.complete_at IS 'When it was first fit to be read.';
COMMENT ON COLUMN cairn.generations.live IS 'The one that the view read.NAME shows.';
COMMENT ON COLUMN cairn.generations.state IS 'building: folded from the log by one attempt. following: kept up to date. dropped: its table is gone.';
COMMENT ON COLUMN cairn.generations.serving IS 'Queries of its code version read it.';
COMMENT ON COLUMN cairn.generations.left_at IS 'When queries left it last.';
COMMENT ON COLUMN cairn.generations.kept_until IS 'Until then it is followed for a rollback, unless it is serving.';
COMMENT ON COLUMN cairn.generations.dropped_at IS 'When its table was dropped.';
COMMENT ON COLUMN cairn.generations.swept IS 'Its copy in Redis is gone, too.';
COMMENT ON COLUMN cairn.generations.in_the_way IS 'Objects that stand on its table, which cannot be dropped for them; tried again now and then.';
CREATE TABLE cairn.leases (
    name text NOT NULL COLLATE pg_catalog."C",
    owner text NOT NULL,
    fence bigint NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    held_until timestamp with time zone NOT NULL,
    CONSTRAINT leases_fence_is_positive CHECK ((fence > 0)),
    CONSTRAINT leases_name_is_short CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 200))),
    CONSTRAINT leases_owner_is_short CHECK (((octet_length(owner) >= 1) AND (octet_length(owner) <= 200)))
)
WITH (fillfactor='50');
COMMENT ON TABLE cairn.leases IS 'Who does what only one process may do at a time.';
COMMENT ON COLUMN cairn.leases.name IS 'What it is for: projection/order_summary/2.';
COMMENT ON COLUMN cairn.leases.owner IS 'The process: its label, host, number, and a word of chance.';
COMMENT ON COLUMN cairn.leases.fence IS 'Goes up by one with each new owner: what is written under the lease carries it.';
COMMENT ON COLUMN cairn.leases.beat_at IS 'When the owner was last heard of.';
COMMENT ON COLUMN cairn.leases.held_until IS 'From then on anybody may take it.';
CREATE VIEW cairn.log AS
 SELECT e."position",
    e.recorded_at,
    e.stream,
    e.version,
    e.type,
    (e.data)::jsonb AS data,
    (e.meta)::jsonb AS meta,
    e.schema_version,
    e.event_id
   FROM cairn.events e
  WHERE (e.shard = 0)
  ORDER BY e."position" DESC;
COMMENT ON VIEW cairn.log IS 'The log, the newest event first, data and meta as jsonb. Put a limit on it.';
CREATE TABLE cairn.migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE cairn.migrations IS 'The migrations this database has had.';
CREATE TABLE cairn.outgoing (
    process text NOT NULL COLLATE pg_catalog."C",
    stream text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    number integer NOT NULL,
    "position" bigint NOT NULL,
    target text NOT NULL COLLATE pg_catalog."C",
    command text NOT NULL COLLATE pg_catalog."C",
    method text NOT NULL,
    path text NOT NULL,
    body text NOT NULL,
    traceparent text,
    attempts bigint DEFAULT 0 NOT NULL,
    problem text
);
COMMENT ON TABLE cairn.outgoing IS 'Commands that process managers have sent and that have not been delivered yet. A projection of their streams.';
COMMENT ON COLUMN cairn.outgoing.version IS 'Of the event that sends it; with number, 0, 1, 2…, what its Idempotency-Key is made of.';
COMMENT ON COLUMN cairn.outgoing."position" IS 'Of that event: commands to one stream go out in this order.';
COMMENT ON COLUMN cairn.outgoing.target IS 'The stream that it is for.';
COMMENT ON COLUMN cairn.outgoing.attempts IS 'How often it was tried in vain.';
COMMENT ON COLUMN cairn.outgoing.problem IS 'Why the last attempt failed.';
CREATE TABLE cairn.parked (
    projection text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    reason text NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    request text,
    CONSTRAINT parked_attempts_are_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT parked_request_is_known CHECK ((request = ANY (ARRAY['retry'::text, 'skip'::text])))
);
COMMENT ON TABLE cairn.parked IS 'Events that could not be applied to a row, and those that queue behind them: cairn parked shows, retries and skips them.';
COMMENT ON COLUMN cairn.parked.key IS 'Of the row: it is marked, and is as it was before the event.';
COMMENT ON COLUMN cairn.parked."position" IS 'Of the event. The first of a key is in the way of the others.';
COMMENT ON COLUMN cairn.parked.reason IS 'Why it could not be applied, or what it waits for.';
COMMENT ON COLUMN cairn.parked.parked_at IS 'When it was, or was last tried.';
COMMENT ON COLUMN cairn.parked.attempts IS 'How often it was tried; 0 for one that only waits.';
COMMENT ON COLUMN cairn.parked.request IS 'What the projector is asked to do with it: retry, or skip.';
CREATE TABLE cairn.parked_events (
    reactor text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    attempts bigint NOT NULL,
    reason text NOT NULL,
    parked_at timestamp with time zone DEFAULT now() NOT NULL,
    again boolean DEFAULT false NOT NULL
);
COMMENT ON TABLE cairn.parked_events IS 'Events that a reactor gave up on, for a person to look at.';
COMMENT ON COLUMN cairn.parked_events.again IS 'A person wants it tried again.';
CREATE TABLE cairn.parked_instances (
    process text NOT NULL COLLATE pg_catalog."C",
    stream text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    reason text NOT NULL,
    parked_at timestamp with time zone DEFAULT now() NOT NULL,
    again boolean DEFAULT false NOT NULL
);
COMMENT ON TABLE cairn.parked_instances IS 'Processes that cannot go on, for a person to look at.';
COMMENT ON COLUMN cairn.parked_instances."position" IS 'Of the first event that was not handled; 0: of none.';
COMMENT ON COLUMN cairn.parked_instances.again IS 'A person wants it tried again.';
CREATE TABLE cairn.rebuilds (
    rebuild bigint NOT NULL,
    projection text NOT NULL COLLATE pg_catalog."C",
    code_version integer NOT NULL,
    cause text NOT NULL,
    diff boolean DEFAULT false NOT NULL,
    request text,
    generation integer,
    fence bigint DEFAULT 0 NOT NULL,
    phase text DEFAULT 'waiting'::text NOT NULL,
    done bigint DEFAULT 0 NOT NULL,
    total bigint DEFAULT 0 NOT NULL,
    events bigint DEFAULT 0 NOT NULL,
    rows bigint DEFAULT 0 NOT NULL,
    requested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    phase_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    note text,
    differences bigint,
    examples json,
    left_out text,
    CONSTRAINT rebuilds_cause_is_known CHECK ((cause = ANY (ARRAY['version'::text, 'request'::text, 'diverged'::text]))),
    CONSTRAINT rebuilds_end_is_final CHECK (((ended_at IS NOT NULL) = (phase = ANY (ARRAY['done'::text, 'cancelled'::text])))),
    CONSTRAINT rebuilds_phase_is_known CHECK ((phase = ANY (ARRAY['waiting'::text, 'reading'::text, 'loading'::text, 'indexing'::text, 'copying'::text, 'following'::text, 'comparing'::text, 'held'::text, 'done'::text, 'cancelled'::text]))),
    CONSTRAINT rebuilds_request_is_known CHECK ((request = ANY (ARRAY['accept'::text, 'cancel'::text])))
);
COMMENT ON TABLE cairn.rebuilds IS 'Generations that are, were or will be built: cairn rebuild asks for them and shows how far they are.';
COMMENT ON COLUMN cairn.rebuilds.cause IS 'version: the code is of a new version. request: cairn rebuild. diverged: the one before is of another history than the log.';
COMMENT ON COLUMN cairn.rebuilds.diff IS 'It is compared with the one that is read, and held if they differ.';
COMMENT ON COLUMN cairn.rebuilds.request IS 'What people ask of it: accept (switch though it is held), cancel.';
COMMENT ON COLUMN cairn.rebuilds.generation IS 'That is built; null while no projector has begun.';
COMMENT ON COLUMN cairn.rebuilds.fence IS 'Of the lease under which it is built.';
COMMENT ON COLUMN cairn.rebuilds.done IS 'Of the phase: positions read, rows loaded or copied, indexes made.';
COMMENT ON COLUMN cairn.rebuilds.total IS 'Of the phase: what `done` ends at.';
COMMENT ON COLUMN cairn.rebuilds.events IS 'Folded into rows.';
COMMENT ON COLUMN cairn.rebuilds.note IS 'Why it is held, or why the attempt before failed.';
COMMENT ON COLUMN cairn.rebuilds.differences IS 'Rows that differ from those of the one that is read; null: not compared.';
COMMENT ON COLUMN cairn.rebuilds.examples IS 'Some of them, as a list: key, the row that is read, the new one; null where there is none.';
COMMENT ON COLUMN cairn.rebuilds.left_out IS 'Columns that only one of the two has, or of another type: they were not compared.';
ALTER TABLE cairn.rebuilds ALTER COLUMN rebuild ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cairn.rebuilds_rebuild_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE cairn.skipped (
    projection text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    event_id uuid NOT NULL,
    reason text NOT NULL,
    skipped_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE cairn.skipped IS 'Events that somebody decided not to apply to a row: what verify leaves out, too.';
COMMENT ON COLUMN cairn.skipped.key IS 'Of the row that goes without the event.';
COMMENT ON COLUMN cairn.skipped."position" IS 'Of the event.';
COMMENT ON COLUMN cairn.skipped.reason IS 'Why it could not be applied.';
CREATE TABLE cairn.snapshots (
    shard smallint NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    code_version integer NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    state json NOT NULL,
    made_at timestamp with time zone NOT NULL,
    CONSTRAINT snapshots_version_is_positive CHECK ((version > 0))
);
COMMENT ON TABLE cairn.snapshots IS 'Streams folded up to some event. Nothing but speed depends on them: rows may be deleted.';
COMMENT ON COLUMN cairn.snapshots.kind IS 'Who folds: the category of a decider, or service and name of a fact, as in order:order_customer.';
COMMENT ON COLUMN cairn.snapshots.code_version IS 'Version of the code that folded; another one does not use it.';
COMMENT ON COLUMN cairn.snapshots.version IS 'Of the last event that is in the state.';
COMMENT ON COLUMN cairn.snapshots.event_id IS 'Id of that event. Where the log has another one at this version, the snapshot is of another history.';
COMMENT ON COLUMN cairn.snapshots.state IS 'The state, as its table writes it.';
CREATE TABLE cairn.store (
    single boolean DEFAULT true NOT NULL,
    store_id uuid DEFAULT gen_random_uuid() NOT NULL,
    epoch bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT store_epoch_is_positive CHECK ((epoch > 0)),
    CONSTRAINT store_has_one_row CHECK (single)
);
COMMENT ON TABLE cairn.store IS 'Which store this is, and which of its histories.';
COMMENT ON COLUMN cairn.store.store_id IS 'Made once; tokens and copies in Redis carry it.';
COMMENT ON COLUMN cairn.store.epoch IS 'Goes up when the store is taken back to an older state: positions of another epoch mean nothing here.';
CREATE VIEW cairn.stored_types AS
 SELECT split_part(e.stream, '-'::text, 1) AS category,
    e.type,
    e.schema_version,
    count(*) AS events,
    min(e."position") AS first_position,
    max(e."position") AS last_position
   FROM cairn.events e
  WHERE (e.shard = 0)
  GROUP BY (split_part(e.stream, '-'::text, 1)), e.type, e.schema_version
  ORDER BY (split_part(e.stream, '-'::text, 1)), e.type, e.schema_version;
COMMENT ON VIEW cairn.stored_types IS 'Which types of events there are, in which versions of their fields. Reads the whole log.';
CREATE VIEW cairn.streams AS
 SELECT e.stream,
    split_part(e.stream, '-'::text, 1) AS category,
    max(e.version) AS version,
    min(e.recorded_at) AS first_at,
    max(e.recorded_at) AS last_at,
    max(e."position") AS last_position
   FROM cairn.events e
  WHERE (e.shard = 0)
  GROUP BY e.stream;
COMMENT ON VIEW cairn.streams IS 'Every stream with its version and when it began and moved last. Reads the whole log.';
CREATE TABLE cairn.switches (
    switch bigint NOT NULL,
    projection text NOT NULL COLLATE pg_catalog."C",
    code_version integer NOT NULL,
    generation integer NOT NULL,
    before integer,
    cause text NOT NULL,
    requested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    done_at timestamp with time zone,
    refused text,
    CONSTRAINT switches_cause_is_known CHECK ((cause = ANY (ARRAY['rebuild'::text, 'rollback'::text])))
);
COMMENT ON TABLE cairn.switches IS 'From which generation to which queries went, and when; and what cairn rollback asks for.';
COMMENT ON COLUMN cairn.switches.code_version IS 'Of the generation: its projector does it.';
COMMENT ON COLUMN cairn.switches.before IS 'The generation that was live before; null: none was.';
COMMENT ON COLUMN cairn.switches.refused IS 'Why it was not done.';
ALTER TABLE cairn.switches ALTER COLUMN switch ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME cairn.switches_switch_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE cairn.timers (
    process text NOT NULL COLLATE pg_catalog."C",
    stream text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    due_at timestamp with time zone NOT NULL,
    version bigint NOT NULL
);
COMMENT ON TABLE cairn.timers IS 'Timers that are set. A projection of the process managers'' streams: `cairn timers` changes them by appending there.';
COMMENT ON COLUMN cairn.timers.process IS 'The process manager: the category of the stream.';
COMMENT ON COLUMN cairn.timers.due_at IS 'On the clock cairn.now().';
COMMENT ON COLUMN cairn.timers.version IS 'Of the event in the stream after which it is set so.';
CREATE TABLE notification.customers (
    user_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL
);
COMMENT ON TABLE notification.customers IS 'A copy of each user''s name and address, as the bus last told them.';
COMMENT ON COLUMN notification.customers.version IS 'Of the user''s stream.';
CREATE TABLE notification.messages (
    event_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    about text NOT NULL,
    email text NOT NULL,
    message text NOT NULL,
    status text DEFAULT 'waiting'::text NOT NULL,
    submissions integer DEFAULT 0 NOT NULL,
    problem text,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    settled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    CONSTRAINT messages_status_is_known CHECK ((status = ANY (ARRAY['waiting'::text, 'sending'::text, 'sent'::text, 'parked'::text])))
);
COMMENT ON TABLE notification.messages IS 'Every message to a customer: one for each event that is worth one.';
COMMENT ON COLUMN notification.messages.event_id IS 'Of the event that it tells of; its Message-ID is made from it.';
COMMENT ON COLUMN notification.messages.seq IS 'In the order in which they were made.';
COMMENT ON COLUMN notification.messages.kind IS 'placed, paid, declined, shipped or cancelled.';
COMMENT ON COLUMN notification.messages.about IS 'The stream that it happened to.';
COMMENT ON COLUMN notification.messages.message IS 'As it goes out: headers and body (RFC 5322).';
COMMENT ON COLUMN notification.messages.status IS 'waiting to be sent; sending: handed to the mail server, which has not been heard to accept it; sent: accepted; parked: given up, a person has to look.';
COMMENT ON COLUMN notification.messages.submissions IS 'How often the mail server may have accepted it without our hearing of it. At most two.';
COMMENT ON COLUMN notification.messages.due_at IS 'When to look at it next.';
COMMENT ON COLUMN notification.messages.attempts IS 'How often the mail server said that it does not take it now. The next attempt comes twice as late, and an hour later at most.';
ALTER TABLE notification.messages ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME notification.messages_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE notification.orders (
    order_id uuid NOT NULL,
    user_id uuid NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL
);
COMMENT ON TABLE notification.orders IS 'Whose order it is, for what is told of its payments.';
COMMENT ON COLUMN notification.orders.total IS 'In minor units of the currency.';
CREATE TABLE read.order_summary_g1 (
    _key text NOT NULL COLLATE pg_catalog."C",
    _position bigint NOT NULL,
    _version bigint NOT NULL,
    _parked boolean NOT NULL,
    _deleted boolean NOT NULL,
    order_id uuid,
    user_id uuid,
    status text,
    currency text,
    total bigint,
    lines json,
    placed_at timestamp with time zone,
    payment_id uuid,
    paid_at timestamp with time zone,
    carrier text,
    tracking text,
    shipped_at timestamp with time zone,
    cancel_reason text,
    cancelled_at timestamp with time zone
);
COMMENT ON TABLE read.order_summary_g1 IS 'One row an order, with where it stands.';
COMMENT ON COLUMN read.order_summary_g1._key IS 'What the row is found by.';
COMMENT ON COLUMN read.order_summary_g1._position IS 'Of the event that changed it last, or of the checkpoint when parked events were tried again.';
COMMENT ON COLUMN read.order_summary_g1._version IS 'Of its stream; 0 where it has none.';
COMMENT ON COLUMN read.order_summary_g1._parked IS 'An event could not be applied to it.';
COMMENT ON COLUMN read.order_summary_g1._deleted IS 'It is gone; kept so that copies learn of it.';
COMMENT ON COLUMN read.order_summary_g1.total IS 'Minor units of the currency.';
CREATE VIEW read.order_summary AS
 SELECT order_summary_g1.order_id,
    order_summary_g1.user_id,
    order_summary_g1.status,
    order_summary_g1.currency,
    order_summary_g1.total,
    order_summary_g1.lines,
    order_summary_g1.placed_at,
    order_summary_g1.payment_id,
    order_summary_g1.paid_at,
    order_summary_g1.carrier,
    order_summary_g1.tracking,
    order_summary_g1.shipped_at,
    order_summary_g1.cancel_reason,
    order_summary_g1.cancelled_at
   FROM read.order_summary_g1
  WHERE (NOT order_summary_g1._deleted);
COMMENT ON VIEW read.order_summary IS 'One row an order, with where it stands.';
COMMENT ON COLUMN read.order_summary.total IS 'Minor units of the currency.';
CREATE TABLE read.payments_g1 (
    _key text NOT NULL COLLATE pg_catalog."C",
    _position bigint NOT NULL,
    _version bigint NOT NULL,
    _parked boolean NOT NULL,
    _deleted boolean NOT NULL,
    payment_id uuid,
    order_id uuid,
    status text,
    amount bigint,
    currency text,
    reference text,
    reason text,
    requested_at timestamp with time zone,
    changed_at timestamp with time zone
);
COMMENT ON TABLE read.payments_g1 IS 'One row a payment.';
COMMENT ON COLUMN read.payments_g1._key IS 'What the row is found by.';
COMMENT ON COLUMN read.payments_g1._position IS 'Of the event that changed it last, or of the checkpoint when parked events were tried again.';
COMMENT ON COLUMN read.payments_g1._version IS 'Of its stream; 0 where it has none.';
COMMENT ON COLUMN read.payments_g1._parked IS 'An event could not be applied to it.';
COMMENT ON COLUMN read.payments_g1._deleted IS 'It is gone; kept so that copies learn of it.';
COMMENT ON COLUMN read.payments_g1.amount IS 'Minor units of the currency.';
CREATE VIEW read.payments AS
 SELECT payments_g1.payment_id,
    payments_g1.order_id,
    payments_g1.status,
    payments_g1.amount,
    payments_g1.currency,
    payments_g1.reference,
    payments_g1.reason,
    payments_g1.requested_at,
    payments_g1.changed_at
   FROM read.payments_g1
  WHERE (NOT payments_g1._deleted);
COMMENT ON VIEW read.payments IS 'One row a payment.';
COMMENT ON COLUMN read.payments.amount IS 'Minor units of the currency.';
CREATE TABLE read.sales_by_day_g1 (
    _key text NOT NULL COLLATE pg_catalog."C",
    _position bigint NOT NULL,
    _version bigint NOT NULL,
    _parked boolean NOT NULL,
    _deleted boolean NOT NULL,
    day date,
    currency text,
    orders_placed bigint,
    orders_paid bigint,
    orders_cancelled bigint,
    paid bigint,
    cancelled bigint
);
COMMENT ON TABLE read.sales_by_day_g1 IS 'What was sold, one row a day and currency.';
COMMENT ON COLUMN read.sales_by_day_g1._key IS 'What the row is found by.';
COMMENT ON COLUMN read.sales_by_day_g1._position IS 'Of the event that changed it last, or of the checkpoint when parked events were tried again.';
COMMENT ON COLUMN read.sales_by_day_g1._version IS 'Of its stream; 0 where it has none.';
COMMENT ON COLUMN read.sales_by_day_g1._parked IS 'An event could not be applied to it.';
COMMENT ON COLUMN read.sales_by_day_g1._deleted IS 'It is gone; kept so that copies learn of it.';
COMMENT ON COLUMN read.sales_by_day_g1.paid IS 'Minor units, of the orders paid that day.';
COMMENT ON COLUMN read.sales_by_day_g1.cancelled IS 'Minor units, of the paid orders that were cancelled that day.';
CREATE VIEW read.sales_by_day AS
 SELECT sales_by_day_g1.day,
    sales_by_day_g1.currency,
    sales_by_day_g1.orders_placed,
    sales_by_day_g1.orders_paid,
    sales_by_day_g1.orders_cancelled,
    sales_by_day_g1.paid,
    sales_by_day_g1.cancelled
   FROM read.sales_by_day_g1
  WHERE (NOT sales_by_day_g1._deleted);
COMMENT ON VIEW read.sales_by_day IS 'What was sold, one row a day and currency.';
COMMENT ON COLUMN read.sales_by_day.paid IS 'Minor units, of the orders paid that day.';
COMMENT ON COLUMN read.sales_by_day.cancelled IS 'Minor units, of the paid orders that were cancelled that day.';
CREATE TABLE read.users_g1 (
    _key text NOT NULL COLLATE pg_catalog."C",
    _position bigint NOT NULL,
    _version bigint NOT NULL,
    _parked boolean NOT NULL,
    _deleted boolean NOT NULL,
    user_id uuid,
    email text,
    name text,
    active boolean,
    registered_at timestamp with time zone,
    deactivated_at timestamp with time zone
);
COMMENT ON TABLE read.users_g1 IS 'One row a user.';
COMMENT ON COLUMN read.users_g1._key IS 'What the row is found by.';
COMMENT ON COLUMN read.users_g1._position IS 'Of the event that changed it last, or of the checkpoint when parked events were tried again.';
COMMENT ON COLUMN read.users_g1._version IS 'Of its stream; 0 where it has none.';
COMMENT ON COLUMN read.users_g1._parked IS 'An event could not be applied to it.';
COMMENT ON COLUMN read.users_g1._deleted IS 'It is gone; kept so that copies learn of it.';
CREATE VIEW read.users AS
 SELECT users_g1.user_id,
    users_g1.email,
    users_g1.name,
    users_g1.active,
    users_g1.registered_at,
    users_g1.deactivated_at
   FROM read.users_g1
  WHERE (NOT users_g1._deleted);
COMMENT ON VIEW read.users IS 'One row a user.';
INSERT INTO cairn.amendments VALUES
	(43, '2db67ee8-8ee0-470e-9952-aca284a39010', '{"email":"eve@example.com","name":"Eve"}', 'mistyped in psql', 'cairn_owner', '2026-11-29 15:19:06.791103+00'),
	(42, '0929c9e1-5080-4c12-8ebb-7fe6382635d1', NULL, 'mistyped in psql', 'cairn_owner', '2026-11-29 15:19:06.80484+00');
INSERT INTO cairn.bus VALUES
	(true, 1, 43, '2db67ee8-8ee0-470e-9952-aca284a39010', 1, '2026-11-29 15:19:01.052448+00', NULL);
INSERT INTO cairn.bus_streams VALUES
	('user', 0, '2026-11-29 15:18:26.403153+00'),
	('order', 0, '2026-11-29 15:18:26.403236+00'),
	('payment', 0, '2026-11-29 15:18:26.40324+00');
INSERT INTO cairn.checkpoints VALUES
	('order_summary', 1, 0, 1, 43, '2db67ee8-8ee0-470e-9952-aca284a39010', 1, '2026-11-29 15:19:01.116669+00', NULL, 0),
	('payments', 1, 0, 1, 43, '2db67ee8-8ee0-470e-9952-aca284a39010', 1, '2026-11-29 15:19:01.517428+00', NULL, 0),
	('users', 1, 0, 1, 43, '2db67ee8-8ee0-470e-9952-aca284a39010', 1, '2026-11-29 15:19:01.709258+00', NULL, 0),
	('sales_by_day', 1, 0, 1, 43, '2db67ee8-8ee0-470e-9952-aca284a39010', 1, '2026-11-29 15:19:01.932677+00', NULL, 0);
INSERT INTO cairn.claims VALUES
	(0, 'user.email', 'bob.1795965507162938118@example.com', 'user-01a227e2-d662-7de6-b20d-19124dc5eac5', 37);
INSERT INTO cairn.clock VALUES
	(true, '00:00:00');
INSERT INTO cairn.commands VALUES
	(0, '\x8008af03d0d422148a8c062335db4fb4ba7e66bf24dc02ee9d0da925f726e149', '\xdf6d1ece9bc4a817d842d0f5c91e44c04f011eb107c9abf27de067d391d085b1', 201, 'payment-687afeef-e6dd-8284-8251-7a54d8c6be77', 1, 5, 1, '2026-11-29 15:18:27.431031+00'),
	(0, '\x56010ce4f9ce93d7e4ead5c31e0fc71a4d6a59c985929406ee20a0ef0210a898', '\xc87625167ea1d6388b7a5d20776b4ed4bdf2eed70439e5ef1a8596ecdb0854c7', 200, 'payment-687afeef-e6dd-8284-8251-7a54d8c6be77', 2, 6, 1, '2026-11-29 15:18:27.443942+00'),
	(0, '\xe8a4f643fb62f0f46aca0afd1c3633d5ab294895bf887ff132ea20673c5c94be', '\x587a01be1954430d3da3aa2e555426f561e4b7b56daf5b90863a6ce46ee5bb64', 200, 'order-01a227e2-d723-7139-bfac-150a4266ecab', 2, 8, 1, '2026-11-29 15:18:27.457038+00'),
	(0, '\xa3e7fa75365b9701513ecccd984843b6279a828d07aba14d222c630b5082d1ba', '\x4368515960085fd88ed8136cc6f3a59a037efd940d36710fe0c24590f6978df5', 200, 'payment-687afeef-e6dd-8284-8251-7a54d8c6be77', 3, 11, 1, '2026-11-29 15:18:27.643465+00'),
	(0, '\x087bd5f18a4a4c53df5dc0b6148671645277b1c57c2bffdde8cae6c8b359bd8c', '\x2fb89189b98e54c65647c847e99fa534736677abf50eb2e38ef4698429f714f8', 201, 'payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 1, 14, 1, '2026-11-29 15:18:27.819249+00'),
	(0, '\xfae39ded5a6872eb51b3821cf93982798085a6af9eecf203a1d0289bcbd6ac7c', '\xa044109da35781b4cdfe03ec2d2b502b77a0410178bee783115413b3da666c3d', 200, 'payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 2, 15, 1, '2026-11-29 15:18:27.823999+00'),
	(0, '\x4ac9c2904c02c261425bed21663bb3a8c552ae872b9e7a791acf445ad8031b9f', '\x4b3a221076a62b7776f1d6691cd7cb805585706fee0b257273d581c9112fa403', 200, 'order-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 2, 17, 1, '2026-11-29 15:18:27.83125+00'),
	(0, '\xf9cc609409d81c346beeaa79dffd938df25d56214100e78853b1259dc6407cb4', '\xaa5a227a0975cdc34571056e2181bc3547e30ce3b91ff49b4e321a42f252cdab', 201, 'payment-a5c73825-2f4d-8532-855f-9f3e302df553', 1, 21, 1, '2026-11-29 15:18:28.013059+00'),
	(0, '\x330ba574600189c74dfaf670e526be5c4b6f674c24a0865284438241a460023b', '\xa16dea291a99037efe0117e94b895b51391d5f771ff0f457e4d0de2143a4b640', 200, 'payment-a5c73825-2f4d-8532-855f-9f3e302df553', 2, 22, 1, '2026-11-29 15:18:28.015595+00'),
	(0, '\x31e4d9605c0c982e38be157333525ffcc370c7833b252bfc15f5c62e760c66f7', '\x7cfb5a39c23c92015532ffa06982abea32c3a8c2e71a88312de8a6652c6d87b3', 200, 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 2, 24, 1, '2026-11-29 15:18:28.027569+00'),
	(0, '\xcbeebe0054ca5690d0bfecbed3597c03f3518d064bfab9bb6400edcd9ff1a168', '\xbc765e409e926239e278e6bff744fc45798ae56e084ebd11751a06d8dc9fa94d', 200, 'payment-a5c73825-2f4d-8532-855f-9f3e302df553', 3, 27, 1, '2026-11-29 15:18:28.112407+00'),
	(0, '\x88b66e21dbb892ae6f0a9bdc24abe9f0c2a78a48bbc900b8e31468a9771ff7c0', '\x0a397a8df3f91d192a6b45864842f2bf1b9a76ceba933733f5e3a3e2d1fbec2a', 201, 'payment-0449f1b5-645a-8f77-8191-2c5f443f1645', 1, 30, 1, '2026-11-29 15:18:28.243161+00'),
	(0, '\x0e02727d39174f73bbdccf2b6287721e8407f8efbb314f4a7ec698075d793745', '\x24f4d59bb3e18940400d9292250504b2fc4f09d4b23a8a1e982674a199dd4e20', 200, 'order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 2, 32, 1, '2026-11-29 15:18:28.755697+00'),
	(0, '\x9967a2e7f3669b8e2e1436ad3ef9141f0fc8c0529bf8ba0e9a3952668abb5a8b', '\x7ca288a9172747b946999abd2d3d6dd64ef42bb26f33168ecb457158c053b593', 200, 'payment-0449f1b5-645a-8f77-8191-2c5f443f1645', 2, 34, 1, '2026-11-29 15:18:28.763975+00'),
	(0, '\x50f8de1830553c744b31735ea6f69e771015ed5656be65c5325d4da75086fced', '\x305e7bcb07938f8ef9ba504db8fbb2ef883b583cc0edd90cd9a05996da31a7db', 201, 'order-50f8de18-3055-8c74-8b31-735ea6f69e77', 1, 38, 1, '2026-11-29 15:19:01.003345+00'),
	(0, '\x331ffe03b93c3d27fd8051905ed552e584943de8bd0dab458f8bf891b6c17b31', '\xc019c34e05ec9ef5ef476253bf84b5b08ec41f6c60039eeb2a3538e7c2976eed', 201, 'order-331ffe03-b93c-8d27-bd80-51905ed552e5', 1, 40, 1, '2026-11-29 15:19:01.012637+00');
INSERT INTO cairn.consumed VALUES
	('notification', 'user-01a227e2-d69e-719a-8f38-efc198d70406', 1, 2),
	('notification', 'order-01a227e2-d723-7139-bfac-150a4266ecab', 3, 9),
	('notification', 'payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 2, 15),
	('notification', 'order-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 2, 17),
	('notification', 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 3, 25),
	('notification', 'order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 2, 32),
	('notification', 'payment-0449f1b5-645a-8f77-8191-2c5f443f1645', 2, 34),
	('notification', 'user-01a227e2-d662-7de6-b20d-19124dc5eac5', 2, 37),
	('notification', 'order-50f8de18-3055-8c74-8b31-735ea6f69e77', 1, 38),
	('notification', 'order-331ffe03-b93c-8d27-bd80-51905ed552e5', 1, 40);
INSERT INTO cairn.consumed_dead VALUES
	('notification', '0929c9e1-5080-4c12-8ebb-7fe6382635d1', 'user-01a227e2-d69e-719a-8f38-000000000001', 1, 42, 'it was published without its state: event 42, UserRegistered of version 1, cannot be decoded: /email must be a string', '2026-11-29 15:19:01.052998+00'),
	('notification', '2db67ee8-8ee0-470e-9952-aca284a39010', 'user-01a227e2-d69e-719a-8f38-000000000002', 1, 43, 'it was published without its state: event 43, UserRegistered of version 1, cannot be decoded: /email must be a string', '2026-11-29 15:19:01.053907+00');
INSERT INTO cairn.declared_types VALUES
	('user', 'UserRegistered'),
	('user', 'UserEmailChanged'),
	('user', 'UserDeactivated'),
	('order', 'OrderPlaced'),
	('order', 'OrderPaid'),
	('order', 'OrderShipped'),
	('order', 'OrderCancelled'),
	('payment', 'PaymentRequested'),
	('payment', 'PaymentAuthorized'),
	('payment', 'PaymentDeclined'),
	('payment', 'PaymentCaptured'),
	('payment', 'PaymentRefunded');
INSERT INTO cairn.event_types VALUES
	('user', 'UserRegistered', 1),
	('order', 'OrderPlaced', 1),
	('fulfilment', 'ProcessAdvanced', 1),
	('payment', 'PaymentRequested', 1),
	('payment', 'PaymentAuthorized', 1),
	('order', 'OrderPaid', 1),
	('order', 'OrderShipped', 1),
	('payment', 'PaymentCaptured', 1),
	('payment', 'PaymentDeclined', 1),
	('order', 'OrderCancelled', 1),
	('payment', 'PaymentRefunded', 1),
	('user', 'UserDeactivated', 1),
	('user', 'UserEmailChanged', 1);
INSERT INTO cairn.events VALUES
	(0, 1, 'user-01a227e2-d662-7de6-b20d-19124dc5eac5', 1, 'UserRegistered', 1, '01a227e2-d662-7669-b9f6-b9d7a7d5e7c1', '{"email":"ada.1795965507162938118@example.com","name":"Ada"}', '{"correlation_id":"01a227e2-d662-76d2-b615-c2768d7526e5","causation_id":"01a227e2-d662-76d2-b615-c2768d7526e5","command_id":"01a227e2-d662-76d2-b615-c2768d7526e5","service":"user","traceparent":"00-01a227e2d6627a0c9ffea5c46e5beab4-b14e788c4458f846-01","claims":[{"take":"user.email","key":"ada.1795965507162938118@example.com"}]}', '2026-11-29 15:18:27.181029+00'),
	(0, 2, 'user-01a227e2-d69e-719a-8f38-efc198d70406', 1, 'UserRegistered', 1, '01a227e2-d69e-7e73-9dd6-2b9dc9d44ee8', '{"email":"bob.1795965507162938118@example.com","name":"Bob"}', '{"correlation_id":"01a227e2-d69e-7502-8d95-888e1db2b579","causation_id":"01a227e2-d69e-7502-8d95-888e1db2b579","command_id":"01a227e2-d69e-7502-8d95-888e1db2b579","service":"user","traceparent":"00-01a227e2d69e739a875466504e1c224e-84e01d49352a5c5a-01","claims":[{"take":"user.email","key":"bob.1795965507162938118@example.com"}]}', '2026-11-29 15:18:27.230737+00'),
	(0, 3, 'order-01a227e2-d723-7139-bfac-150a4266ecab', 1, 'OrderPlaced', 1, '01a227e2-d72b-7bc0-823c-27429a59cb94', '{"user_id":"01a227e2-d662-7de6-b20d-19124dc5eac5","currency":"EUR","lines":[{"sku":"tea-100","quantity":2,"unit_price":450},{"sku":"cup-1","quantity":1,"unit_price":1200}],"total":2100,"card_token":"tok_visa"}', '{"correlation_id":"01a227e2-d723-7f35-9c14-a70bd4b06bff","causation_id":"01a227e2-d723-7f35-9c14-a70bd4b06bff","command_id":"01a227e2-d723-7f35-9c14-a70bd4b06bff","service":"order","traceparent":"00-01a227e2d72374b983b49d0efb036802-a02fbb2bba198015-01"}', '2026-11-29 15:18:27.379839+00'),
	(0, 4, 'fulfilment-01a227e2-d723-7139-bfac-150a4266ecab', 1, 'ProcessAdvanced', 1, '01a227e2-d73f-704a-b579-7b61468faf01', '{"input":{"kind":"event","position":3,"stream":"order-01a227e2-d723-7139-bfac-150a4266ecab","type":"OrderPlaced"},"position":3,"at":"2026-11-29T15:18:27.385935Z","state":{"payment_id":"687afeef-e6dd-8284-8251-7a54d8c6be77","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[{"name":"payment-deadline","at":"2026-11-29T15:33:27.385935Z"}],"sent":[{"to":"payment-687afeef-e6dd-8284-8251-7a54d8c6be77","command":"request_payment","method":"POST","path":"/payments","key":"01a227e2-d73f-7932-bde2-dbfb7e92cd80","body":{"payment_id":"687afeef-e6dd-8284-8251-7a54d8c6be77","order_id":"01a227e2-d723-7139-bfac-150a4266ecab","amount":2100,"currency":"EUR","card_token":"tok_visa"}}]}', '{"correlation_id":"01a227e2-d723-7f35-9c14-a70bd4b06bff","causation_id":"01a227e2-d72b-7bc0-823c-27429a59cb94","service":"order","traceparent":"00-01a227e2d72374b983b49d0efb036802-a02fbb2bba198015-01"}', '2026-11-29 15:18:27.395528+00'),
	(0, 5, 'payment-687afeef-e6dd-8284-8251-7a54d8c6be77', 1, 'PaymentRequested', 1, '01a227e2-d75d-7c0d-9d19-04f35c310cf7', '{"order_id":"01a227e2-d723-7139-bfac-150a4266ecab","amount":2100,"currency":"EUR","card_token":"tok_visa"}', '{"correlation_id":"8008af03-d0d4-8214-8a8c-062335db4fb4","causation_id":"8008af03-d0d4-8214-8a8c-062335db4fb4","command_id":"8008af03-d0d4-8214-8a8c-062335db4fb4","command_key":"8008af03d0d422148a8c062335db4fb4ba7e66bf24dc02ee9d0da925f726e149","request_hash":"df6d1ece9bc4a817d842d0f5c91e44c04f011eb107c9abf27de067d391d085b1","service":"payment","traceparent":"00-01a227e2d72374b983b49d0efb036802-bb27c39f399e9dad-01"}', '2026-11-29 15:18:27.431031+00'),
	(0, 6, 'payment-687afeef-e6dd-8284-8251-7a54d8c6be77', 2, 'PaymentAuthorized', 1, '01a227e2-d773-7fde-bc6c-4f17f88e6f21', '{"order_id":"01a227e2-d723-7139-bfac-150a4266ecab","reference":"A000000001"}', '{"correlation_id":"56010ce4-f9ce-83d7-a4ea-d5c31e0fc71a","causation_id":"56010ce4-f9ce-83d7-a4ea-d5c31e0fc71a","command_id":"56010ce4-f9ce-83d7-a4ea-d5c31e0fc71a","command_key":"56010ce4f9ce93d7e4ead5c31e0fc71a4d6a59c985929406ee20a0ef0210a898","request_hash":"c87625167ea1d6388b7a5d20776b4ed4bdf2eed70439e5ef1a8596ecdb0854c7","service":"payment","traceparent":"00-01a227e2d72374b983b49d0efb036802-88c3725ffccebc80-01"}', '2026-11-29 15:18:27.443942+00'),
	(0, 7, 'fulfilment-01a227e2-d723-7139-bfac-150a4266ecab', 2, 'ProcessAdvanced', 1, '01a227e2-d779-723b-82d0-bcc4d21328e6', '{"input":{"kind":"event","position":6,"stream":"payment-687afeef-e6dd-8284-8251-7a54d8c6be77","type":"PaymentAuthorized"},"position":6,"at":"2026-11-29T15:18:27.449173Z","state":{"payment_id":"687afeef-e6dd-8284-8251-7a54d8c6be77","authorized":true,"declined":false,"cancelled":false,"refunded":false},"timers":[],"sent":[{"to":"order-01a227e2-d723-7139-bfac-150a4266ecab","command":"pay_order","method":"POST","path":"/orders/01a227e2-d723-7139-bfac-150a4266ecab/pay","key":"01a227e2-d779-784c-aa80-2713c3d2358e","body":{"payment_id":"687afeef-e6dd-8284-8251-7a54d8c6be77"}}]}', '{"correlation_id":"56010ce4-f9ce-83d7-a4ea-d5c31e0fc71a","causation_id":"01a227e2-d773-7fde-bc6c-4f17f88e6f21","service":"order","traceparent":"00-01a227e2d72374b983b49d0efb036802-88c3725ffccebc80-01"}', '2026-11-29 15:18:27.450057+00'),
	(0, 8, 'order-01a227e2-d723-7139-bfac-150a4266ecab', 2, 'OrderPaid', 1, '01a227e2-d780-7e74-a029-a8612641e948', '{"payment_id":"687afeef-e6dd-8284-8251-7a54d8c6be77","currency":"EUR","total":2100}', '{"correlation_id":"e8a4f643-fb62-80f4-aaca-0afd1c3633d5","causation_id":"e8a4f643-fb62-80f4-aaca-0afd1c3633d5","command_id":"e8a4f643-fb62-80f4-aaca-0afd1c3633d5","command_key":"e8a4f643fb62f0f46aca0afd1c3633d5ab294895bf887ff132ea20673c5c94be","request_hash":"587a01be1954430d3da3aa2e555426f561e4b7b56daf5b90863a6ce46ee5bb64","service":"order","traceparent":"00-01a227e2d72374b983b49d0efb036802-94c4bbfc9fa4a097-01"}', '2026-11-29 15:18:27.457038+00'),
	(0, 9, 'order-01a227e2-d723-7139-bfac-150a4266ecab', 3, 'OrderShipped', 1, '01a227e2-d82e-7565-8fe2-f7f842e0e32a', '{"carrier":"Northern Post","tracking":"NP-4711"}', '{"correlation_id":"01a227e2-d82e-743d-be32-30098768984b","causation_id":"01a227e2-d82e-743d-be32-30098768984b","command_id":"01a227e2-d82e-743d-be32-30098768984b","service":"order","traceparent":"00-01a227e2d82e7bfcb2e84e03a7dcab3e-bb7340728b1631cf-01"}', '2026-11-29 15:18:27.630968+00'),
	(0, 10, 'fulfilment-01a227e2-d723-7139-bfac-150a4266ecab', 3, 'ProcessAdvanced', 1, '01a227e2-d834-7dfc-b8c2-bfe33efc01d0', '{"input":{"kind":"event","position":9,"stream":"order-01a227e2-d723-7139-bfac-150a4266ecab","type":"OrderShipped"},"position":9,"at":"2026-11-29T15:18:27.633392Z","state":{"payment_id":"687afeef-e6dd-8284-8251-7a54d8c6be77","authorized":true,"declined":false,"cancelled":false,"refunded":false},"timers":[],"sent":[{"to":"payment-687afeef-e6dd-8284-8251-7a54d8c6be77","command":"capture_payment","method":"POST","path":"/payments/687afeef-e6dd-8284-8251-7a54d8c6be77/capture","key":"01a227e2-d834-7678-bd52-db4354bf3af1","body":{}}]}', '{"correlation_id":"01a227e2-d82e-743d-be32-30098768984b","causation_id":"01a227e2-d82e-7565-8fe2-f7f842e0e32a","service":"order","traceparent":"00-01a227e2d82e7bfcb2e84e03a7dcab3e-bb7340728b1631cf-01"}', '2026-11-29 15:18:27.636774+00'),
	(0, 11, 'payment-687afeef-e6dd-8284-8251-7a54d8c6be77', 3, 'PaymentCaptured', 1, '01a227e2-d83b-74c6-bf6d-344c414fa5d9', '{"order_id":"01a227e2-d723-7139-bfac-150a4266ecab","amount":2100,"currency":"EUR"}', '{"correlation_id":"a3e7fa75-365b-8701-913e-cccd984843b6","causation_id":"a3e7fa75-365b-8701-913e-cccd984843b6","command_id":"a3e7fa75-365b-8701-913e-cccd984843b6","command_key":"a3e7fa75365b9701513ecccd984843b6279a828d07aba14d222c630b5082d1ba","request_hash":"4368515960085fd88ed8136cc6f3a59a037efd940d36710fe0c24590f6978df5","service":"payment","traceparent":"00-01a227e2d82e7bfcb2e84e03a7dcab3e-9033568b3f308e28-01"}', '2026-11-29 15:18:27.643465+00'),
	(0, 12, 'order-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 1, 'OrderPlaced', 1, '01a227e2-d8df-79d2-92a7-9f6069970260', '{"user_id":"01a227e2-d69e-719a-8f38-efc198d70406","currency":"EUR","lines":[{"sku":"pot-7","quantity":1,"unit_price":3900}],"total":3900,"card_token":"tok_no_funds"}', '{"correlation_id":"01a227e2-d8df-74d1-adcc-64c5bfb48550","causation_id":"01a227e2-d8df-74d1-adcc-64c5bfb48550","command_id":"01a227e2-d8df-74d1-adcc-64c5bfb48550","service":"order","traceparent":"00-01a227e2d8df7409ac77f046579f3863-892433e786088faa-01"}', '2026-11-29 15:18:27.808082+00'),
	(0, 13, 'fulfilment-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 1, 'ProcessAdvanced', 1, '01a227e2-d8e5-77e5-95f3-e14a73042b60', '{"input":{"kind":"event","position":12,"stream":"order-01a227e2-d8df-78ea-ba32-1b554d9b23b6","type":"OrderPlaced"},"position":12,"at":"2026-11-29T15:18:27.811158Z","state":{"payment_id":"c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[{"name":"payment-deadline","at":"2026-11-29T15:33:27.811158Z"}],"sent":[{"to":"payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61","command":"request_payment","method":"POST","path":"/payments","key":"01a227e2-d8e5-7010-9456-36f523a6866e","body":{"payment_id":"c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61","order_id":"01a227e2-d8df-78ea-ba32-1b554d9b23b6","amount":3900,"currency":"EUR","card_token":"tok_no_funds"}}]}', '{"correlation_id":"01a227e2-d8df-74d1-adcc-64c5bfb48550","causation_id":"01a227e2-d8df-79d2-92a7-9f6069970260","service":"order","traceparent":"00-01a227e2d8df7409ac77f046579f3863-892433e786088faa-01"}', '2026-11-29 15:18:27.81395+00'),
	(0, 16, 'fulfilment-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 2, 'ProcessAdvanced', 1, '01a227e2-d8f1-7d90-95d5-e30c510797d0', '{"input":{"kind":"event","position":15,"stream":"payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61","type":"PaymentDeclined"},"position":15,"at":"2026-11-29T15:18:27.823157Z","state":{"payment_id":"c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61","authorized":false,"declined":true,"cancelled":false,"refunded":false},"timers":[],"sent":[{"to":"order-01a227e2-d8df-78ea-ba32-1b554d9b23b6","command":"cancel_order","method":"POST","path":"/orders/01a227e2-d8df-78ea-ba32-1b554d9b23b6/cancel","key":"01a227e2-d8f1-7010-9810-83fcf036082d","body":{"reason":"the payment was declined"}}]}', '{"correlation_id":"fae39ded-5a68-82eb-91b3-821cf9398279","causation_id":"01a227e2-d8ef-7926-a7a3-1b81c73202fc","service":"order","traceparent":"00-01a227e2d8df7409ac77f046579f3863-945710668a18cdb9-01"}', '2026-11-29 15:18:27.825314+00'),
	(0, 17, 'order-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 2, 'OrderCancelled', 1, '01a227e2-d8f6-75b4-9006-b5c5492ed47f', '{"reason":"the payment was declined","was_paid":false,"currency":"EUR","total":3900}', '{"correlation_id":"4ac9c290-4c02-8261-825b-ed21663bb3a8","causation_id":"4ac9c290-4c02-8261-825b-ed21663bb3a8","command_id":"4ac9c290-4c02-8261-825b-ed21663bb3a8","command_key":"4ac9c2904c02c261425bed21663bb3a8c552ae872b9e7a791acf445ad8031b9f","request_hash":"4b3a221076a62b7776f1d6691cd7cb805585706fee0b257273d581c9112fa403","service":"order","traceparent":"00-01a227e2d8df7409ac77f046579f3863-9f2abf779576e661-01"}', '2026-11-29 15:18:27.83125+00'),
	(0, 18, 'fulfilment-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 3, 'ProcessAdvanced', 1, '01a227e2-d8f9-7068-8fd0-65d3c91fd367', '{"input":{"kind":"event","position":17,"stream":"order-01a227e2-d8df-78ea-ba32-1b554d9b23b6","type":"OrderCancelled"},"position":17,"at":"2026-11-29T15:18:27.831955Z","state":{"payment_id":"c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61","authorized":false,"declined":true,"cancelled":true,"refunded":false},"timers":[],"sent":[]}', '{"correlation_id":"4ac9c290-4c02-8261-825b-ed21663bb3a8","causation_id":"01a227e2-d8f6-75b4-9006-b5c5492ed47f","service":"order","traceparent":"00-01a227e2d8df7409ac77f046579f3863-9f2abf779576e661-01"}', '2026-11-29 15:18:27.833492+00'),
	(0, 19, 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 1, 'OrderPlaced', 1, '01a227e2-d9a0-747b-9f8e-ff395efd8ab5', '{"user_id":"01a227e2-d69e-719a-8f38-efc198d70406","currency":"EUR","lines":[{"sku":"pot-7","quantity":1,"unit_price":3900}],"total":3900,"card_token":"tok_visa"}', '{"correlation_id":"01a227e2-d9a0-7754-9851-857526af4204","causation_id":"01a227e2-d9a0-7754-9851-857526af4204","command_id":"01a227e2-d9a0-7754-9851-857526af4204","service":"order","traceparent":"00-01a227e2d9a07fd993fc87aceee28853-a09e2eca7b8816cc-01"}', '2026-11-29 15:18:28.001387+00'),
	(0, 20, 'fulfilment-01a227e2-d9a0-78f8-b89e-ba411138f132', 1, 'ProcessAdvanced', 1, '01a227e2-d9a7-7565-9482-6d291a277af5', '{"input":{"kind":"event","position":19,"stream":"order-01a227e2-d9a0-78f8-b89e-ba411138f132","type":"OrderPlaced"},"position":19,"at":"2026-11-29T15:18:28.006670Z","state":{"payment_id":"a5c73825-2f4d-8532-855f-9f3e302df553","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[{"name":"payment-deadline","at":"2026-11-29T15:33:28.006670Z"}],"sent":[{"to":"payment-a5c73825-2f4d-8532-855f-9f3e302df553","command":"request_payment","method":"POST","path":"/payments","key":"01a227e2-d9a7-73e7-96c2-c62cbda0839b","body":{"payment_id":"a5c73825-2f4d-8532-855f-9f3e302df553","order_id":"01a227e2-d9a0-78f8-b89e-ba411138f132","amount":3900,"currency":"EUR","card_token":"tok_visa"}}]}', '{"correlation_id":"01a227e2-d9a0-7754-9851-857526af4204","causation_id":"01a227e2-d9a0-747b-9f8e-ff395efd8ab5","service":"order","traceparent":"00-01a227e2d9a07fd993fc87aceee28853-a09e2eca7b8816cc-01"}', '2026-11-29 15:18:28.007244+00'),
	(0, 23, 'fulfilment-01a227e2-d9a0-78f8-b89e-ba411138f132', 2, 'ProcessAdvanced', 1, '01a227e2-d9b4-7058-9781-c3b34b39c070', '{"input":{"kind":"event","position":22,"stream":"payment-a5c73825-2f4d-8532-855f-9f3e302df553","type":"PaymentAuthorized"},"position":22,"at":"2026-11-29T15:18:28.019872Z","state":{"payment_id":"a5c73825-2f4d-8532-855f-9f3e302df553","authorized":true,"declined":false,"cancelled":false,"refunded":false},"timers":[],"sent":[{"to":"order-01a227e2-d9a0-78f8-b89e-ba411138f132","command":"pay_order","method":"POST","path":"/orders/01a227e2-d9a0-78f8-b89e-ba411138f132/pay","key":"01a227e2-d9b4-7718-ba74-70d65ff5c211","body":{"payment_id":"a5c73825-2f4d-8532-855f-9f3e302df553"}}]}', '{"correlation_id":"330ba574-6001-89c7-8dfa-f670e526be5c","causation_id":"01a227e2-d9af-7736-9942-bb29ad0b23f3","service":"order","traceparent":"00-01a227e2d9a07fd993fc87aceee28853-861bd5e67189ce3a-01"}', '2026-11-29 15:18:28.021025+00'),
	(0, 24, 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 2, 'OrderPaid', 1, '01a227e2-d9bb-753b-b41a-c0137508fb75', '{"payment_id":"a5c73825-2f4d-8532-855f-9f3e302df553","currency":"EUR","total":3900}', '{"correlation_id":"31e4d960-5c0c-882e-b8be-157333525ffc","causation_id":"31e4d960-5c0c-882e-b8be-157333525ffc","command_id":"31e4d960-5c0c-882e-b8be-157333525ffc","command_key":"31e4d9605c0c982e38be157333525ffcc370c7833b252bfc15f5c62e760c66f7","request_hash":"7cfb5a39c23c92015532ffa06982abea32c3a8c2e71a88312de8a6652c6d87b3","service":"order","traceparent":"00-01a227e2d9a07fd993fc87aceee28853-a0d8405fd8dc5ba8-01"}', '2026-11-29 15:18:28.027569+00'),
	(0, 25, 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 3, 'OrderCancelled', 1, '01a227e2-da04-7b43-8218-ec70f6fae7b1', '{"reason":"changed my mind","was_paid":true,"currency":"EUR","total":3900}', '{"correlation_id":"01a227e2-da04-77f8-87c6-ec2fb1fd07a2","causation_id":"01a227e2-da04-77f8-87c6-ec2fb1fd07a2","command_id":"01a227e2-da04-77f8-87c6-ec2fb1fd07a2","service":"order","traceparent":"00-01a227e2da0477d0bcbc33cfcc615a92-845e8081b9790bb0-01"}', '2026-11-29 15:18:28.100839+00'),
	(0, 36, 'user-01a227e2-d69e-719a-8f38-efc198d70406', 2, 'UserDeactivated', 1, '01a227e2-ddca-7ff2-9402-08d48c21bb16', '{"email":"bob.1795965507162938118@example.com"}', '{"correlation_id":"01a227e2-ddc9-753e-8fd2-2d5a3e4f9c74","causation_id":"01a227e2-ddc9-753e-8fd2-2d5a3e4f9c74","command_id":"01a227e2-ddc9-753e-8fd2-2d5a3e4f9c74","service":"user","traceparent":"00-01a227e2ddc97402b930043071dd43b4-b3f3979834ecfc6a-01","claims":[{"release":"user.email","key":"bob.1795965507162938118@example.com"}]}', '2026-11-29 15:18:29.066408+00'),
	(0, 14, 'payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 1, 'PaymentRequested', 1, '01a227e2-d8ea-7942-8eb9-400214a98d61', '{"order_id":"01a227e2-d8df-78ea-ba32-1b554d9b23b6","amount":3900,"currency":"EUR","card_token":"tok_no_funds"}', '{"correlation_id":"087bd5f1-8a4a-8c53-9f5d-c0b614867164","causation_id":"087bd5f1-8a4a-8c53-9f5d-c0b614867164","command_id":"087bd5f1-8a4a-8c53-9f5d-c0b614867164","command_key":"087bd5f18a4a4c53df5dc0b6148671645277b1c57c2bffdde8cae6c8b359bd8c","request_hash":"2fb89189b98e54c65647c847e99fa534736677abf50eb2e38ef4698429f714f8","service":"payment","traceparent":"00-01a227e2d8df7409ac77f046579f3863-bbb9b968759754a1-01"}', '2026-11-29 15:18:27.819249+00'),
	(0, 15, 'payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 2, 'PaymentDeclined', 1, '01a227e2-d8ef-7926-a7a3-1b81c73202fc', '{"order_id":"01a227e2-d8df-78ea-ba32-1b554d9b23b6","reason":"insufficient-funds"}', '{"correlation_id":"fae39ded-5a68-82eb-91b3-821cf9398279","causation_id":"fae39ded-5a68-82eb-91b3-821cf9398279","command_id":"fae39ded-5a68-82eb-91b3-821cf9398279","command_key":"fae39ded5a6872eb51b3821cf93982798085a6af9eecf203a1d0289bcbd6ac7c","request_hash":"a044109da35781b4cdfe03ec2d2b502b77a0410178bee783115413b3da666c3d","service":"payment","traceparent":"00-01a227e2d8df7409ac77f046579f3863-945710668a18cdb9-01"}', '2026-11-29 15:18:27.823999+00'),
	(0, 21, 'payment-a5c73825-2f4d-8532-855f-9f3e302df553', 1, 'PaymentRequested', 1, '01a227e2-d9ab-70e8-9f0c-37832da57f6a', '{"order_id":"01a227e2-d9a0-78f8-b89e-ba411138f132","amount":3900,"currency":"EUR","card_token":"tok_visa"}', '{"correlation_id":"f9cc6094-09d8-8c34-abee-aa79dffd938d","causation_id":"f9cc6094-09d8-8c34-abee-aa79dffd938d","command_id":"f9cc6094-09d8-8c34-abee-aa79dffd938d","command_key":"f9cc609409d81c346beeaa79dffd938df25d56214100e78853b1259dc6407cb4","request_hash":"aa5a227a0975cdc34571056e2181bc3547e30ce3b91ff49b4e321a42f252cdab","service":"payment","traceparent":"00-01a227e2d9a07fd993fc87aceee28853-8d2fc431f8f73f97-01"}', '2026-11-29 15:18:28.013059+00'),
	(0, 22, 'payment-a5c73825-2f4d-8532-855f-9f3e302df553', 2, 'PaymentAuthorized', 1, '01a227e2-d9af-7736-9942-bb29ad0b23f3', '{"order_id":"01a227e2-d9a0-78f8-b89e-ba411138f132","reference":"A000000004"}', '{"correlation_id":"330ba574-6001-89c7-8dfa-f670e526be5c","causation_id":"330ba574-6001-89c7-8dfa-f670e526be5c","command_id":"330ba574-6001-89c7-8dfa-f670e526be5c","command_key":"330ba574600189c74dfaf670e526be5c4b6f674c24a0865284438241a460023b","request_hash":"a16dea291a99037efe0117e94b895b51391d5f771ff0f457e4d0de2143a4b640","service":"payment","traceparent":"00-01a227e2d9a07fd993fc87aceee28853-861bd5e67189ce3a-01"}', '2026-11-29 15:18:28.015595+00'),
	(0, 27, 'payment-a5c73825-2f4d-8532-855f-9f3e302df553', 3, 'PaymentRefunded', 1, '01a227e2-da0e-7325-a5a8-0094aa5571e8', '{"order_id":"01a227e2-d9a0-78f8-b89e-ba411138f132","amount":3900,"currency":"EUR","reason":"the order was cancelled"}', '{"correlation_id":"cbeebe00-54ca-8690-90bf-ecbed3597c03","causation_id":"cbeebe00-54ca-8690-90bf-ecbed3597c03","command_id":"cbeebe00-54ca-8690-90bf-ecbed3597c03","command_key":"cbeebe0054ca5690d0bfecbed3597c03f3518d064bfab9bb6400edcd9ff1a168","request_hash":"bc765e409e926239e278e6bff744fc45798ae56e084ebd11751a06d8dc9fa94d","service":"payment","traceparent":"00-01a227e2da0477d0bcbc33cfcc615a92-836555756585399c-01"}', '2026-11-29 15:18:28.112407+00'),
	(0, 30, 'payment-0449f1b5-645a-8f77-8191-2c5f443f1645', 1, 'PaymentRequested', 1, '01a227e2-da92-7995-95d2-bf9b441941a7', '{"order_id":"01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f","amount":3900,"currency":"EUR","card_token":"tok_error"}', '{"correlation_id":"88b66e21-dbb8-82ae-af0a-9bdc24abe9f0","causation_id":"88b66e21-dbb8-82ae-af0a-9bdc24abe9f0","command_id":"88b66e21-dbb8-82ae-af0a-9bdc24abe9f0","command_key":"88b66e21dbb892ae6f0a9bdc24abe9f0c2a78a48bbc900b8e31468a9771ff7c0","request_hash":"0a397a8df3f91d192a6b45864842f2bf1b9a76ceba933733f5e3a3e2d1fbec2a","service":"payment","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-971dc7a9e4ac5468-01"}', '2026-11-29 15:18:28.243161+00'),
	(0, 34, 'payment-0449f1b5-645a-8f77-8191-2c5f443f1645', 2, 'PaymentDeclined', 1, '01a227e2-dc9b-7b28-8550-eb8d4ff9da62', '{"order_id":"01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f","reason":"the order was cancelled"}', '{"correlation_id":"9967a2e7-f366-8b8e-ae14-36ad3ef9141f","causation_id":"9967a2e7-f366-8b8e-ae14-36ad3ef9141f","command_id":"9967a2e7-f366-8b8e-ae14-36ad3ef9141f","command_key":"9967a2e7f3669b8e2e1436ad3ef9141f0fc8c0529bf8ba0e9a3952668abb5a8b","request_hash":"7ca288a9172747b946999abd2d3d6dd64ef42bb26f33168ecb457158c053b593","service":"payment","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-917adcf4483c6b05-01"}', '2026-11-29 15:18:28.763975+00'),
	(0, 26, 'fulfilment-01a227e2-d9a0-78f8-b89e-ba411138f132', 3, 'ProcessAdvanced', 1, '01a227e2-da09-7a49-a623-bdaefa3c9864', '{"input":{"kind":"event","position":25,"stream":"order-01a227e2-d9a0-78f8-b89e-ba411138f132","type":"OrderCancelled"},"position":25,"at":"2026-11-29T15:18:28.103997Z","state":{"payment_id":"a5c73825-2f4d-8532-855f-9f3e302df553","authorized":true,"declined":false,"cancelled":true,"refunded":true},"timers":[],"sent":[{"to":"payment-a5c73825-2f4d-8532-855f-9f3e302df553","command":"refund_payment","method":"POST","path":"/payments/a5c73825-2f4d-8532-855f-9f3e302df553/refund","key":"01a227e2-da09-7538-9726-c35452bd1791","body":{"reason":"the order was cancelled"}}]}', '{"correlation_id":"01a227e2-da04-77f8-87c6-ec2fb1fd07a2","causation_id":"01a227e2-da04-7b43-8218-ec70f6fae7b1","service":"order","traceparent":"00-01a227e2da0477d0bcbc33cfcc615a92-845e8081b9790bb0-01"}', '2026-11-29 15:18:28.106248+00'),
	(0, 28, 'order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 1, 'OrderPlaced', 1, '01a227e2-da8b-7b30-a5a1-2542c995e0ca', '{"user_id":"01a227e2-d69e-719a-8f38-efc198d70406","currency":"EUR","lines":[{"sku":"pot-7","quantity":1,"unit_price":3900}],"total":3900,"card_token":"tok_error"}', '{"correlation_id":"01a227e2-da8b-7dd3-95ae-261be7560090","causation_id":"01a227e2-da8b-7dd3-95ae-261be7560090","command_id":"01a227e2-da8b-7dd3-95ae-261be7560090","service":"order","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-ac54242fe780a8f4-01"}', '2026-11-29 15:18:28.235704+00'),
	(0, 29, 'fulfilment-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 1, 'ProcessAdvanced', 1, '01a227e2-da8e-74c6-a3e8-39f4e87c5c23', '{"input":{"kind":"event","position":28,"stream":"order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f","type":"OrderPlaced"},"position":28,"at":"2026-11-29T15:18:28.237690Z","state":{"payment_id":"0449f1b5-645a-8f77-8191-2c5f443f1645","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[{"name":"payment-deadline","at":"2026-11-29T15:33:28.237690Z"}],"sent":[{"to":"payment-0449f1b5-645a-8f77-8191-2c5f443f1645","command":"request_payment","method":"POST","path":"/payments","key":"01a227e2-da8e-7460-b5d4-9026ddab7661","body":{"payment_id":"0449f1b5-645a-8f77-8191-2c5f443f1645","order_id":"01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f","amount":3900,"currency":"EUR","card_token":"tok_error"}}]}', '{"correlation_id":"01a227e2-da8b-7dd3-95ae-261be7560090","causation_id":"01a227e2-da8b-7b30-a5a1-2542c995e0ca","service":"order","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-ac54242fe780a8f4-01"}', '2026-11-29 15:18:28.238476+00'),
	(0, 31, 'fulfilment-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 2, 'ProcessAdvanced', 1, '01a227e2-dc8e-7c14-b343-e183119d407a', '{"input":{"kind":"timer","name":"payment-deadline","due":"2026-11-29T15:33:28.237690Z"},"position":28,"at":"2026-11-29T15:34:28.749720Z","state":{"payment_id":"0449f1b5-645a-8f77-8191-2c5f443f1645","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[],"sent":[{"to":"order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f","command":"cancel_order","method":"POST","path":"/orders/01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f/cancel","key":"01a227e2-dc8e-7303-b6a9-f5c497248d3d","body":{"reason":"the payment took too long"}}]}', '{"correlation_id":"01a227e2-da8b-7dd3-95ae-261be7560090","causation_id":"01a227e2-da8e-74c6-a3e8-39f4e87c5c23","service":"order","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-ac54242fe780a8f4-01"}', '2026-11-29 15:18:28.750527+00'),
	(0, 32, 'order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 2, 'OrderCancelled', 1, '01a227e2-dc93-7f11-80df-d3a05f8680a8', '{"reason":"the payment took too long","was_paid":false,"currency":"EUR","total":3900}', '{"correlation_id":"0e02727d-3917-8f73-bbdc-cf2b6287721e","causation_id":"0e02727d-3917-8f73-bbdc-cf2b6287721e","command_id":"0e02727d-3917-8f73-bbdc-cf2b6287721e","command_key":"0e02727d39174f73bbdccf2b6287721e8407f8efbb314f4a7ec698075d793745","request_hash":"24f4d59bb3e18940400d9292250504b2fc4f09d4b23a8a1e982674a199dd4e20","service":"order","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-96cdd17523b1a270-01"}', '2026-11-29 15:18:28.755697+00'),
	(0, 33, 'fulfilment-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 3, 'ProcessAdvanced', 1, '01a227e2-dc97-7c60-ac2f-ff7997c5c138', '{"input":{"kind":"event","position":32,"stream":"order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f","type":"OrderCancelled"},"position":32,"at":"2026-11-29T15:34:28.758725Z","state":{"payment_id":"0449f1b5-645a-8f77-8191-2c5f443f1645","authorized":false,"declined":false,"cancelled":true,"refunded":false},"timers":[],"sent":[{"to":"payment-0449f1b5-645a-8f77-8191-2c5f443f1645","command":"decline_payment","method":"POST","path":"/payments/0449f1b5-645a-8f77-8191-2c5f443f1645/decline","key":"01a227e2-dc97-7b38-8157-0338fd5f9b0a","body":{"reason":"the order was cancelled"}}]}', '{"correlation_id":"0e02727d-3917-8f73-bbdc-cf2b6287721e","causation_id":"01a227e2-dc93-7f11-80df-d3a05f8680a8","service":"order","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-96cdd17523b1a270-01"}', '2026-11-29 15:18:28.760602+00'),
	(0, 35, 'fulfilment-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 4, 'ProcessAdvanced', 1, '01a227e2-dca3-7d19-9da3-78138f571e0e', '{"input":{"kind":"event","position":34,"stream":"payment-0449f1b5-645a-8f77-8191-2c5f443f1645","type":"PaymentDeclined"},"position":34,"at":"2026-11-29T15:34:28.769274Z","state":{"payment_id":"0449f1b5-645a-8f77-8191-2c5f443f1645","authorized":false,"declined":true,"cancelled":true,"refunded":false},"timers":[],"sent":[]}', '{"correlation_id":"9967a2e7-f366-8b8e-ae14-36ad3ef9141f","causation_id":"01a227e2-dc9b-7b28-8550-eb8d4ff9da62","service":"order","traceparent":"00-01a227e2da8b79cdbf4afb4b8a19f594-917adcf4483c6b05-01"}', '2026-11-29 15:18:28.771372+00'),
	(0, 38, 'order-50f8de18-3055-8c74-8b31-735ea6f69e77', 1, 'OrderPlaced', 1, '01a227e3-5a8b-71a6-9076-09cca25bb47b', '{"user_id":"01a227e2-d662-7de6-b20d-19124dc5eac5","currency":"EUR","lines":[{"sku":"tea-100","quantity":1,"unit_price":450}],"total":450,"card_token":"tok_visa"}', '{"correlation_id":"50f8de18-3055-8c74-8b31-735ea6f69e77","causation_id":"50f8de18-3055-8c74-8b31-735ea6f69e77","command_id":"50f8de18-3055-8c74-8b31-735ea6f69e77","command_key":"50f8de1830553c744b31735ea6f69e771015ed5656be65c5325d4da75086fced","request_hash":"305e7bcb07938f8ef9ba504db8fbb2ef883b583cc0edd90cd9a05996da31a7db","service":"order","traceparent":"00-01a227e35a7c7c639910a159467373a7-90a5526c9d6024d0-01"}', '2026-11-29 15:19:01.003345+00'),
	(0, 39, 'fulfilment-50f8de18-3055-8c74-8b31-735ea6f69e77', 1, 'ProcessAdvanced', 1, '01a227e3-5a8f-7e65-b1e8-b376a8bfda94', '{"input":{"kind":"event","position":38,"stream":"order-50f8de18-3055-8c74-8b31-735ea6f69e77","type":"OrderPlaced"},"position":38,"at":"2026-11-29T15:19:01.004390Z","state":{"payment_id":"b3f32493-e6b4-8d01-b66b-143df7d74b83","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[{"name":"payment-deadline","at":"2026-11-29T15:34:01.004390Z"}],"sent":[{"to":"payment-b3f32493-e6b4-8d01-b66b-143df7d74b83","command":"request_payment","method":"POST","path":"/payments","key":"01a227e3-5a8f-77a0-b4b3-5ab356d32c29","body":{"payment_id":"b3f32493-e6b4-8d01-b66b-143df7d74b83","order_id":"50f8de18-3055-8c74-8b31-735ea6f69e77","amount":450,"currency":"EUR","card_token":"tok_visa"}}]}', '{"correlation_id":"50f8de18-3055-8c74-8b31-735ea6f69e77","causation_id":"01a227e3-5a8b-71a6-9076-09cca25bb47b","service":"order","traceparent":"00-01a227e35a7c7c639910a159467373a7-90a5526c9d6024d0-01"}', '2026-11-29 15:19:01.007881+00'),
	(0, 37, 'user-01a227e2-d662-7de6-b20d-19124dc5eac5', 2, 'UserEmailChanged', 1, '01a227e2-de18-7989-9d9b-564ce81554d6', '{"email":"bob.1795965507162938118@example.com","previous_email":"ada.1795965507162938118@example.com"}', '{"correlation_id":"01a227e2-de18-7f6e-8042-e0146bd38b16","causation_id":"01a227e2-de18-7f6e-8042-e0146bd38b16","command_id":"01a227e2-de18-7f6e-8042-e0146bd38b16","service":"user","traceparent":"00-01a227e2de187571ad24fc2f289066d1-9c719db0a715469d-01","claims":[{"release":"user.email","key":"ada.1795965507162938118@example.com"},{"take":"user.email","key":"bob.1795965507162938118@example.com"}]}', '2026-11-29 15:18:29.144646+00'),
	(0, 40, 'order-331ffe03-b93c-8d27-bd80-51905ed552e5', 1, 'OrderPlaced', 1, '01a227e3-5a94-7a44-85ae-c24d2b65866a', '{"user_id":"01a227e2-d662-7de6-b20d-19124dc5eac5","currency":"EUR","lines":[{"sku":"tea-100","quantity":2,"unit_price":450}],"total":900,"card_token":"tok_visa"}', '{"correlation_id":"331ffe03-b93c-8d27-bd80-51905ed552e5","causation_id":"331ffe03-b93c-8d27-bd80-51905ed552e5","command_id":"331ffe03-b93c-8d27-bd80-51905ed552e5","command_key":"331ffe03b93c3d27fd8051905ed552e584943de8bd0dab458f8bf891b6c17b31","request_hash":"c019c34e05ec9ef5ef476253bf84b5b08ec41f6c60039eeb2a3538e7c2976eed","service":"order","traceparent":"00-01a227e35a9475d782b6e8b3e39c2a9a-a636d18ce7bdf54d-01"}', '2026-11-29 15:19:01.012637+00'),
	(0, 41, 'fulfilment-331ffe03-b93c-8d27-bd80-51905ed552e5', 1, 'ProcessAdvanced', 1, '01a227e3-5a9b-711d-b8e6-49b7d2443a01', '{"input":{"kind":"event","position":40,"stream":"order-331ffe03-b93c-8d27-bd80-51905ed552e5","type":"OrderPlaced"},"position":40,"at":"2026-11-29T15:19:01.018314Z","state":{"payment_id":"eb048591-999f-889a-966d-4831a8126f96","authorized":false,"declined":false,"cancelled":false,"refunded":false},"timers":[{"name":"payment-deadline","at":"2026-11-29T15:34:01.018314Z"}],"sent":[{"to":"payment-eb048591-999f-889a-966d-4831a8126f96","command":"request_payment","method":"POST","path":"/payments","key":"01a227e3-5a9b-7428-bded-3026515661cc","body":{"payment_id":"eb048591-999f-889a-966d-4831a8126f96","order_id":"331ffe03-b93c-8d27-bd80-51905ed552e5","amount":900,"currency":"EUR","card_token":"tok_visa"}}]}', '{"correlation_id":"331ffe03-b93c-8d27-bd80-51905ed552e5","causation_id":"01a227e3-5a94-7a44-85ae-c24d2b65866a","service":"order","traceparent":"00-01a227e35a9475d782b6e8b3e39c2a9a-a636d18ce7bdf54d-01"}', '2026-11-29 15:19:01.020108+00'),
	(0, 42, 'user-01a227e2-d69e-719a-8f38-000000000001', 1, 'UserRegistered', 1, '0929c9e1-5080-4c12-8ebb-7fe6382635d1', '{"email":7}', '{"service" : "sql", "user" : "cairn_owner"}', '2026-11-29 15:19:01.044949+00'),
	(0, 43, 'user-01a227e2-d69e-719a-8f38-000000000002', 1, 'UserRegistered', 1, '2db67ee8-8ee0-470e-9952-aca284a39010', '{"email":[]}', '{"service" : "sql", "user" : "cairn_owner"}', '2026-11-29 15:19:01.046553+00');
INSERT INTO cairn.followers VALUES
	('reactor/charging', 29, 1, '2026-11-29 15:18:28.747553+00', 'event 30, PaymentRequested of payment-0449f1b5-645a-8f77-8191-2c5f443f1645, is tried again: the acquirer''s answer is none'),
	('process/fulfilment', 43, 1, '2026-11-29 15:19:02.023687+00', NULL);
INSERT INTO cairn.generations VALUES
	('payments', 1, 1, '2026-11-29 15:18:26.453155+00', '2026-11-29 15:18:26.492886+00', true, 'following', true, NULL, NULL, NULL, false, NULL),
	('users', 1, 1, '2026-11-29 15:18:26.655781+00', '2026-11-29 15:18:26.688656+00', true, 'following', true, NULL, NULL, NULL, false, NULL),
	('sales_by_day', 1, 1, '2026-11-29 15:18:26.858689+00', '2026-11-29 15:18:26.909298+00', true, 'following', true, NULL, NULL, NULL, false, NULL),
	('order_summary', 1, 1, '2026-11-29 15:18:27.060534+00', '2026-11-29 15:18:27.095367+00', true, 'following', true, NULL, NULL, NULL, false, NULL);
INSERT INTO cairn.leases VALUES
	('reactor/charging', 'payment@vm:26695:d33da02d', 1, '2026-11-29 15:18:26.23437+00', '2026-11-29 15:19:00.736777+00', '2026-11-29 15:19:00.955769+00'),
	('bus', 'projector@vm:26836:31850ab9', 1, '2026-11-29 15:18:26.390106+00', '2026-11-29 15:19:17.379691+00', '2026-11-29 15:19:20.379691+00'),
	('projection/order_summary/1', 'projector@vm:26836:31850ab9', 1, '2026-11-29 15:18:26.390258+00', '2026-11-29 15:19:17.379745+00', '2026-11-29 15:19:20.379745+00'),
	('projection/payments/1', 'projector@vm:26836:31850ab9', 1, '2026-11-29 15:18:26.390298+00', '2026-11-29 15:19:17.379771+00', '2026-11-29 15:19:20.379771+00'),
	('projection/sales_by_day/1', 'projector@vm:26836:31850ab9', 1, '2026-11-29 15:18:26.390336+00', '2026-11-29 15:19:17.379793+00', '2026-11-29 15:19:20.379793+00'),
	('projection/users/1', 'projector@vm:26836:31850ab9', 1, '2026-11-29 15:18:26.390363+00', '2026-11-29 15:19:17.379814+00', '2026-11-29 15:19:20.379814+00'),
	('process/fulfilment', 'order@vm:26622:0fdfcb08', 1, '2026-11-29 15:18:26.204704+00', '2026-11-29 15:19:17.953999+00', '2026-11-29 15:19:20.953999+00');
INSERT INTO cairn.migrations VALUES
	(1, '0001_roles', '20fd3f44ad245d91616bd908019606b32d266db9a7fdb45f96baa452a602a21a', '2026-11-29 15:18:25.957593+00'),
	(2, '0002_events', 'bc8bdc97f8440a9baf428f093f69ac3b1b635043288d346b92f8a383f66c7549', '2026-11-29 15:18:25.959509+00'),
	(3, '0003_claims', '0cff743814015d50bb0a57850174a98dfa78cc68b34b26fc304869f10d0c6117', '2026-11-29 15:18:25.963269+00'),
	(4, '0004_commands', '3ec48b4a46b6199b71ff8af7afa2edbb5a35c57e3933e5606887bffb370a93d5', '2026-11-29 15:18:25.965383+00'),
	(5, '0005_append', 'd4e4f24424c6255956342b7e4d5d13e75705bc10e0a093f3c55811aa6abd1d6e', '2026-11-29 15:18:25.967877+00'),
	(6, '0006_read', '27a1855e3a6812e8d600d46d8d2f5c13397472c735c5f8f2a96683dc2b3c6913', '2026-11-29 15:18:25.969542+00'),
	(7, '0007_projections', '8e524ad36b9ad4bdaec321ccdd85ee83e8e32fc6ec828c57481c1e209cd91385', '2026-11-29 15:18:25.970415+00'),
	(8, '0008_people', 'abbbc5d7447e1bacd1b3a795da79ceea91b08b9875e782bdc5e19bd58b53ebbf', '2026-11-29 15:18:25.974142+00'),
	(9, '0009_batch', 'eebdce52855ca3bdc6c0e828f4be8894e0599147e2a91807894b31523d8a1fc6', '2026-11-29 15:18:25.976102+00'),
	(10, '0010_snapshots', '8248f0d53efd3c8db05baf51a3b2a98a18cf8114a4f7cfe67a15d22706b2f0d3', '2026-11-29 15:18:25.98071+00'),
	(11, '0011_reading', 'ba84a1e6be96c74ee80c7ae3bb277429ff2ba9c53ba218477d86a9a15a079ad6', '2026-11-29 15:18:25.982862+00'),
	(12, '0012_verify', '6cf5508f25a00333067a28f2556f46f01e09d90c7219fdf5003a9ffc3732de0b', '2026-11-29 15:18:25.983587+00'),
	(13, '0013_rights', '8b63612a9c29dc2abb854123942e76af31b72c804d239724bc027a28e63b732d', '2026-11-29 15:18:25.986918+00'),
	(14, '0014_categories', '2d99c946845d5ce60d10474ab306abd099a0e58e43559f7024941ee065512636', '2026-11-29 15:18:25.98825+00'),
	(15, '0015_leases', '66aec4a52bdca0d94e51a907d78f711a21ce0540c31265d238ccd0f785d23e72', '2026-11-29 15:18:25.988942+00'),
	(16, '0016_parked', '1bf9d2bca177b58bc3a71b70da5f2c5fafc53143e53dcecae98e0294d5c3a90b', '2026-11-29 15:18:25.990979+00'),
	(17, '0017_processes', '718a0f077e4dc6c46d3b1ffaceaecb1f689f5c6d0be863d903bd145996f926c2', '2026-11-29 15:18:25.995323+00'),
	(18, '0018_bus', '181c7e052063b4fa18dd6201e7e46544ee1ddb90b34b31a751d1fbf375c33e6f', '2026-11-29 15:18:26.005083+00'),
	(19, '0019_shorter', '7863da50edfc0c39d47eca19d3b3e52d8155b7ebbced9fb521108cb83eb3751d', '2026-11-29 15:18:26.01573+00'),
	(20, '0020_new_commands', '24c96459d3f5115ab0ce28a6b6f7980aded1105d609fc4e06e1d0ccd762ab1cd', '2026-11-29 15:18:26.017612+00'),
	(21, '0021_generations', 'f2ab693a0086f7ad0f6a7b01aa2fe5102b6b06305d74ce2cff83539a9ec50bca', '2026-11-29 15:18:26.019464+00'),
	(22, '0022_rebuild_phases', 'ab54d02cfb196d59cb7abfcb025270ada9d5e646ae27179b0ebcb6013b7f1035', '2026-11-29 15:18:26.026768+00'),
	(23, '0023_end_sessions', '65e020a3bc05c08d0c12515f927556412d0ab3dbb35a230455d52491be369d06', '2026-11-29 15:18:26.027668+00'),
	(24, '0024_role_privileges', '9819c08d134d48dd110f385dda6c30a1fd9575fd4ced11f48e4eb6c57f2bb28a', '2026-11-29 15:18:26.028529+00'),
	(30, '0030_services_of_commands', 'd5d9f0f8fa3dc01886c5f1b2beead5e17af064cbfc62d84e5c61b5cbc50310c3', '2026-11-29 15:18:26.029235+00'),
	(31, '0031_consumer_privileges', '28698b2cc66b1694939246f03e6fe42ae6b55f437d870fcb1d6d8894e8c490a9', '2026-11-29 15:18:26.030108+00'),
	(32, '0032_accepted_alone', '0cf2dd2058b2f467ee343369e6d9449fce9d2ad08d4b899126103770abc0e2ba', '2026-11-29 15:18:26.030763+00'),
	(33, '0033_sealed_keys', '71efa2bccc6677a67e0520d7f134961d799eeb49b37339176ffd08f4734bc6f3', '2026-11-29 15:18:26.034187+00'),
	(34, '0034_dead_letters', '810962475ab8e761092267210f904843e3b50d6a4b19fd210157bf351d8219b2', '2026-11-29 15:18:26.034837+00'),
	(35, '0035_clocks_and_pages', '0304828dbfeda1f4157c80ac7c7bb770f3addccb0fb7dc4790799df1f3f22df1', '2026-11-29 15:18:26.036644+00'),
	(36, '0036_parked_instances', '1444774e71d246329097ebd716ff25a3d3234db4092a0ce01b6dc26732143704', '2026-11-29 15:18:26.037629+00'),
	(37, '0037_mail_patience', 'd174775ae454410579da8b7d08ff6b650e1c008262857625764b5b9eeab34d75', '2026-11-29 15:18:26.040399+00'),
	(38, '0038_views_of_others', '10fa1e307f5ed073d5ef20f6b00eb24a03406624e3dc32fdf2af908b04ba171c', '2026-11-29 15:18:26.041694+00'),
	(39, '0039_amendments', '597ca06b3d969d0b3d174db919e237dbf80535e3a3cc049c8dea2011fab50b35', '2026-11-29 15:18:26.042876+00'),
	(40, '0040_commands_ahead', '282ee5eec33b71b9844a2b53105e035278a53fcce54109b32a08badbd8f41710', '2026-11-29 15:18:26.045121+00'),
	(41, '0041_outgoing_pages', '15df7e5200dadabd9f25648a609590ce26bbf3a60b36d0098da1445789adabec', '2026-11-29 15:18:26.04729+00'),
	(42, '0042_begin_follower', '7361276e9e67a99be1bd09e01ac907a743d9c7706d4f2a7f9a2c05817e5bddb6', '2026-11-29 15:18:26.048114+00'),
	(43, '0043_bus_losses', '71afadba6a879337d38105c3616fe3535e40faf169990f4b8ee9d9b00168caef', '2026-11-29 15:18:26.049139+00');
INSERT INTO cairn.outgoing VALUES
	('fulfilment', 'fulfilment-331ffe03-b93c-8d27-bd80-51905ed552e5', 1, 0, 41, 'payment-eb048591-999f-889a-966d-4831a8126f96', 'request_payment', 'POST', '/payments', '{"payment_id":"eb048591-999f-889a-966d-4831a8126f96","order_id":"331ffe03-b93c-8d27-bd80-51905ed552e5","amount":900,"currency":"EUR","card_token":"tok_visa"}', '00-01a227e35a9475d782b6e8b3e39c2a9a-a636d18ce7bdf54d-01', 8, 'payment was not asked: Failed to connect to 127.0.0.1 port 8003 after 0 ms: Couldn''t connect to server'),
	('fulfilment', 'fulfilment-50f8de18-3055-8c74-8b31-735ea6f69e77', 1, 0, 39, 'payment-b3f32493-e6b4-8d01-b66b-143df7d74b83', 'request_payment', 'POST', '/payments', '{"payment_id":"b3f32493-e6b4-8d01-b66b-143df7d74b83","order_id":"50f8de18-3055-8c74-8b31-735ea6f69e77","amount":450,"currency":"EUR","card_token":"tok_visa"}', '00-01a227e35a7c7c639910a159467373a7-90a5526c9d6024d0-01', 8, 'payment was not asked: Failed to connect to 127.0.0.1 port 8003 after 0 ms: Couldn''t connect to server');
INSERT INTO cairn.parked VALUES
	('users', 1, '01a227e2-d69e-719a-8f38-000000000001', 42, '0929c9e1-5080-4c12-8ebb-7fe6382635d1', 'event 42, UserRegistered of version 1, cannot be decoded: /email must be a string', '2026-11-29 15:19:01.709642+00', 1, NULL),
	('users', 1, '01a227e2-d69e-719a-8f38-000000000002', 43, '2db67ee8-8ee0-470e-9952-aca284a39010', 'event 43, UserRegistered of version 1, cannot be decoded: /email must be a string', '2026-11-29 15:19:01.709806+00', 1, NULL);
INSERT INTO cairn.rebuilds OVERRIDING SYSTEM VALUE VALUES
	(1, 'payments', 1, 'version', false, NULL, 1, 1, 'done', 0, 0, 0, 0, '2026-11-29 15:18:26.397257+00', '2026-11-29 15:18:26.457749+00', '2026-11-29 15:18:26.49607+00', '2026-11-29 15:18:26.49607+00', NULL, NULL, NULL, NULL),
	(3, 'users', 1, 'version', false, NULL, 1, 1, 'done', 0, 0, 0, 0, '2026-11-29 15:18:26.399005+00', '2026-11-29 15:18:26.658363+00', '2026-11-29 15:18:26.69286+00', '2026-11-29 15:18:26.69286+00', NULL, NULL, NULL, NULL),
	(2, 'sales_by_day', 1, 'version', false, NULL, 1, 1, 'done', 0, 0, 0, 0, '2026-11-29 15:18:26.397973+00', '2026-11-29 15:18:26.861041+00', '2026-11-29 15:18:26.914259+00', '2026-11-29 15:18:26.914259+00', NULL, NULL, NULL, NULL),
	(4, 'order_summary', 1, 'version', false, NULL, 1, 1, 'done', 0, 0, 0, 0, '2026-11-29 15:18:26.399407+00', '2026-11-29 15:18:27.063449+00', '2026-11-29 15:18:27.099919+00', '2026-11-29 15:18:27.099919+00', NULL, NULL, NULL, NULL);
INSERT INTO cairn.store VALUES
	(true, '072e29d0-3bc2-4d08-90c7-abf9d3e84e41', 1, '2026-11-29 15:18:25.959509+00');
INSERT INTO cairn.switches OVERRIDING SYSTEM VALUE VALUES
	(1, 'payments', 1, 1, NULL, 'rebuild', '2026-11-29 15:18:26.495807+00', '2026-11-29 15:18:26.492886+00', NULL),
	(2, 'users', 1, 1, NULL, 'rebuild', '2026-11-29 15:18:26.692566+00', '2026-11-29 15:18:26.688656+00', NULL),
	(3, 'sales_by_day', 1, 1, NULL, 'rebuild', '2026-11-29 15:18:26.913906+00', '2026-11-29 15:18:26.909298+00', NULL),
	(4, 'order_summary', 1, 1, NULL, 'rebuild', '2026-11-29 15:18:27.0997+00', '2026-11-29 15:18:27.095367+00', NULL);
INSERT INTO cairn.timers VALUES
	('fulfilment', 'fulfilment-50f8de18-3055-8c74-8b31-735ea6f69e77', 'payment-deadline', '2026-11-29 15:34:01.00439+00', 1),
	('fulfilment', 'fulfilment-331ffe03-b93c-8d27-bd80-51905ed552e5', 'payment-deadline', '2026-11-29 15:34:01.018314+00', 1);
INSERT INTO notification.customers VALUES
	('01a227e2-d69e-719a-8f38-efc198d70406', 'bob.1795965507162938118@example.com', 'Bob', 1),
	('01a227e2-d662-7de6-b20d-19124dc5eac5', 'bob.1795965507162938118@example.com', 'Ada', 2);
INSERT INTO notification.messages OVERRIDING SYSTEM VALUE VALUES
	('01a227e2-d72b-7bc0-823c-27429a59cb94', 1, 'placed', 'order-01a227e2-d723-7139-bfac-150a4266ecab', 'ada.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <ada.1795965507162938118@example.com>
Subject: Your order 01a227e2-d723-7139-bfac-150a4266ecab was placed
Date: Sun, 29 Nov 2026 15:18:27 +0000
Message-ID: <01a227e2-d72b-7bc0-823c-27429a59cb94@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Ada,
we have your order of 21.00 EUR. Thank you.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:27.395202+00', '2026-11-29 15:18:27.392077+00', '2026-11-29 15:18:27.39807+00', 0),
	('01a227e2-d780-7e74-a029-a8612641e948', 2, 'paid', 'order-01a227e2-d723-7139-bfac-150a4266ecab', 'ada.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <ada.1795965507162938118@example.com>
Subject: Your order 01a227e2-d723-7139-bfac-150a4266ecab was paid
Date: Sun, 29 Nov 2026 15:18:27 +0000
Message-ID: <01a227e2-d780-7e74-a029-a8612641e948@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Ada,
your payment of 21.00 EUR is settled.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:27.464062+00', '2026-11-29 15:18:27.463148+00', '2026-11-29 15:18:27.464928+00', 0),
	('01a227e2-d82e-7565-8fe2-f7f842e0e32a', 3, 'shipped', 'order-01a227e2-d723-7139-bfac-150a4266ecab', 'ada.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <ada.1795965507162938118@example.com>
Subject: Your order 01a227e2-d723-7139-bfac-150a4266ecab was shipped
Date: Sun, 29 Nov 2026 15:18:27 +0000
Message-ID: <01a227e2-d82e-7565-8fe2-f7f842e0e32a@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Ada,
your parcel is with Northern Post, number NP-4711.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:27.639776+00', '2026-11-29 15:18:27.634563+00', '2026-11-29 15:18:27.64403+00', 0),
	('01a227e2-d8df-79d2-92a7-9f6069970260', 4, 'placed', 'order-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-d8df-78ea-ba32-1b554d9b23b6 was placed
Date: Sun, 29 Nov 2026 15:18:27 +0000
Message-ID: <01a227e2-d8df-79d2-92a7-9f6069970260@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
we have your order of 39.00 EUR. Thank you.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:27.816145+00', '2026-11-29 15:18:27.814069+00', '2026-11-29 15:18:27.818997+00', 0),
	('01a227e2-d8ef-7926-a7a3-1b81c73202fc', 5, 'declined', 'payment-c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-d8df-78ea-ba32-1b554d9b23b6 could not be paid
Date: Sun, 29 Nov 2026 15:18:27 +0000
Message-ID: <01a227e2-d8ef-7926-a7a3-1b81c73202fc@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
your payment of 39.00 EUR was declined: insufficient-funds
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:27.83148+00', '2026-11-29 15:18:27.830663+00', '2026-11-29 15:18:27.837663+00', 0),
	('01a227e2-d8f6-75b4-9006-b5c5492ed47f', 6, 'cancelled', 'order-01a227e2-d8df-78ea-ba32-1b554d9b23b6', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-d8df-78ea-ba32-1b554d9b23b6 was cancelled
Date: Sun, 29 Nov 2026 15:18:27 +0000
Message-ID: <01a227e2-d8f6-75b4-9006-b5c5492ed47f@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
your order was cancelled: the payment was declined
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:27.84091+00', '2026-11-29 15:18:27.834913+00', '2026-11-29 15:18:27.849116+00', 0),
	('01a227e2-d9a0-747b-9f8e-ff395efd8ab5', 7, 'placed', 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-d9a0-78f8-b89e-ba411138f132 was placed
Date: Sun, 29 Nov 2026 15:18:28 +0000
Message-ID: <01a227e2-d9a0-747b-9f8e-ff395efd8ab5@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
we have your order of 39.00 EUR. Thank you.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:28.007747+00', '2026-11-29 15:18:28.005273+00', '2026-11-29 15:18:28.011664+00', 0),
	('01a227e2-d9bb-753b-b41a-c0137508fb75', 8, 'paid', 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-d9a0-78f8-b89e-ba411138f132 was paid
Date: Sun, 29 Nov 2026 15:18:28 +0000
Message-ID: <01a227e2-d9bb-753b-b41a-c0137508fb75@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
your payment of 39.00 EUR is settled.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:28.033016+00', '2026-11-29 15:18:28.031683+00', '2026-11-29 15:18:28.034057+00', 0),
	('01a227e2-da04-7b43-8218-ec70f6fae7b1', 9, 'cancelled', 'order-01a227e2-d9a0-78f8-b89e-ba411138f132', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-d9a0-78f8-b89e-ba411138f132 was cancelled
Date: Sun, 29 Nov 2026 15:18:28 +0000
Message-ID: <01a227e2-da04-7b43-8218-ec70f6fae7b1@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
your order was cancelled: changed my mind
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:28.107771+00', '2026-11-29 15:18:28.10503+00', '2026-11-29 15:18:28.110502+00', 0),
	('01a227e2-da8b-7b30-a5a1-2542c995e0ca', 10, 'placed', 'order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f was placed
Date: Sun, 29 Nov 2026 15:18:28 +0000
Message-ID: <01a227e2-da8b-7b30-a5a1-2542c995e0ca@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
we have your order of 39.00 EUR. Thank you.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:28.243988+00', '2026-11-29 15:18:28.241053+00', '2026-11-29 15:18:28.248739+00', 0),
	('01a227e2-dc93-7f11-80df-d3a05f8680a8', 11, 'cancelled', 'order-01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f was cancelled
Date: Sun, 29 Nov 2026 15:18:28 +0000
Message-ID: <01a227e2-dc93-7f11-80df-d3a05f8680a8@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
your order was cancelled: the payment took too long
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:28.764291+00', '2026-11-29 15:18:28.763366+00', '2026-11-29 15:18:28.772348+00', 0),
	('01a227e2-dc9b-7b28-8550-eb8d4ff9da62', 12, 'declined', 'payment-0449f1b5-645a-8f77-8191-2c5f443f1645', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f could not be paid
Date: Sun, 29 Nov 2026 15:18:28 +0000
Message-ID: <01a227e2-dc9b-7b28-8550-eb8d4ff9da62@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Bob,
your payment of 39.00 EUR was declined: the order was cancelled
Your shop
', 'sent', 1, NULL, '2026-11-29 15:19:28.774397+00', '2026-11-29 15:18:28.77133+00', '2026-11-29 15:18:28.779785+00', 0),
	('01a227e3-5a8b-71a6-9076-09cca25bb47b', 13, 'placed', 'order-50f8de18-3055-8c74-8b31-735ea6f69e77', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 50f8de18-3055-8c74-8b31-735ea6f69e77 was placed
Date: Sun, 29 Nov 2026 15:19:01 +0000
Message-ID: <01a227e3-5a8b-71a6-9076-09cca25bb47b@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Ada,
we have your order of 4.50 EUR. Thank you.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:20:01.016776+00', '2026-11-29 15:19:01.012201+00', '2026-11-29 15:19:01.019521+00', 0),
	('01a227e3-5a94-7a44-85ae-c24d2b65866a', 14, 'placed', 'order-331ffe03-b93c-8d27-bd80-51905ed552e5', 'bob.1795965507162938118@example.com', 'From: <shop@cairn.example>
To: <bob.1795965507162938118@example.com>
Subject: Your order 331ffe03-b93c-8d27-bd80-51905ed552e5 was placed
Date: Sun, 29 Nov 2026 15:19:01 +0000
Message-ID: <01a227e3-5a94-7a44-85ae-c24d2b65866a@cairn.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Dear Ada,
we have your order of 9.00 EUR. Thank you.
Your shop
', 'sent', 1, NULL, '2026-11-29 15:20:01.021937+00', '2026-11-29 15:19:01.018181+00', '2026-11-29 15:19:01.02411+00', 0);
INSERT INTO notification.orders VALUES
	('01a227e2-d723-7139-bfac-150a4266ecab', '01a227e2-d662-7de6-b20d-19124dc5eac5', 'EUR', 2100),
	('01a227e2-d8df-78ea-ba32-1b554d9b23b6', '01a227e2-d69e-719a-8f38-efc198d70406', 'EUR', 3900),
	('01a227e2-d9a0-78f8-b89e-ba411138f132', '01a227e2-d69e-719a-8f38-efc198d70406', 'EUR', 3900),
	('01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', '01a227e2-d69e-719a-8f38-efc198d70406', 'EUR', 3900),
	('50f8de18-3055-8c74-8b31-735ea6f69e77', '01a227e2-d662-7de6-b20d-19124dc5eac5', 'EUR', 450),
	('331ffe03-b93c-8d27-bd80-51905ed552e5', '01a227e2-d662-7de6-b20d-19124dc5eac5', 'EUR', 900);
INSERT INTO read.order_summary_g1 VALUES
	('01a227e2-d723-7139-bfac-150a4266ecab', 9, 3, false, false, '01a227e2-d723-7139-bfac-150a4266ecab', '01a227e2-d662-7de6-b20d-19124dc5eac5', 'shipped', 'EUR', 2100, '[{"sku":"tea-100","quantity":2,"unit_price":450},{"sku":"cup-1","quantity":1,"unit_price":1200}]', '2026-11-29 15:18:27.379839+00', '687afeef-e6dd-8284-8251-7a54d8c6be77', '2026-11-29 15:18:27.457038+00', 'Northern Post', 'NP-4711', '2026-11-29 15:18:27.630968+00', NULL, NULL),
	('01a227e2-d8df-78ea-ba32-1b554d9b23b6', 17, 2, false, false, '01a227e2-d8df-78ea-ba32-1b554d9b23b6', '01a227e2-d69e-719a-8f38-efc198d70406', 'cancelled', 'EUR', 3900, '[{"sku":"pot-7","quantity":1,"unit_price":3900}]', '2026-11-29 15:18:27.808082+00', NULL, NULL, NULL, NULL, NULL, 'the payment was declined', '2026-11-29 15:18:27.83125+00'),
	('01a227e2-d9a0-78f8-b89e-ba411138f132', 25, 3, false, false, '01a227e2-d9a0-78f8-b89e-ba411138f132', '01a227e2-d69e-719a-8f38-efc198d70406', 'cancelled', 'EUR', 3900, '[{"sku":"pot-7","quantity":1,"unit_price":3900}]', '2026-11-29 15:18:28.001387+00', 'a5c73825-2f4d-8532-855f-9f3e302df553', '2026-11-29 15:18:28.027569+00', NULL, NULL, NULL, 'changed my mind', '2026-11-29 15:18:28.100839+00'),
	('01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 32, 2, false, false, '01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', '01a227e2-d69e-719a-8f38-efc198d70406', 'cancelled', 'EUR', 3900, '[{"sku":"pot-7","quantity":1,"unit_price":3900}]', '2026-11-29 15:18:28.235704+00', NULL, NULL, NULL, NULL, NULL, 'the payment took too long', '2026-11-29 15:18:28.755697+00'),
	('50f8de18-3055-8c74-8b31-735ea6f69e77', 38, 1, false, false, '50f8de18-3055-8c74-8b31-735ea6f69e77', '01a227e2-d662-7de6-b20d-19124dc5eac5', 'placed', 'EUR', 450, '[{"sku":"tea-100","quantity":1,"unit_price":450}]', '2026-11-29 15:19:01.003345+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('331ffe03-b93c-8d27-bd80-51905ed552e5', 40, 1, false, false, '331ffe03-b93c-8d27-bd80-51905ed552e5', '01a227e2-d662-7de6-b20d-19124dc5eac5', 'placed', 'EUR', 900, '[{"sku":"tea-100","quantity":2,"unit_price":450}]', '2026-11-29 15:19:01.012637+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO read.payments_g1 VALUES
	('687afeef-e6dd-8284-8251-7a54d8c6be77', 11, 3, false, false, '687afeef-e6dd-8284-8251-7a54d8c6be77', '01a227e2-d723-7139-bfac-150a4266ecab', 'captured', 2100, 'EUR', 'A000000001', NULL, '2026-11-29 15:18:27.431031+00', '2026-11-29 15:18:27.643465+00'),
	('c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', 15, 2, false, false, 'c277fc29-34d2-8fb6-9bc9-8b9c6cb90f61', '01a227e2-d8df-78ea-ba32-1b554d9b23b6', 'declined', 3900, 'EUR', NULL, 'insufficient-funds', '2026-11-29 15:18:27.819249+00', '2026-11-29 15:18:27.823999+00'),
	('a5c73825-2f4d-8532-855f-9f3e302df553', 27, 3, false, false, 'a5c73825-2f4d-8532-855f-9f3e302df553', '01a227e2-d9a0-78f8-b89e-ba411138f132', 'refunded', 3900, 'EUR', 'A000000004', 'the order was cancelled', '2026-11-29 15:18:28.013059+00', '2026-11-29 15:18:28.112407+00'),
	('0449f1b5-645a-8f77-8191-2c5f443f1645', 34, 2, false, false, '0449f1b5-645a-8f77-8191-2c5f443f1645', '01a227e2-da8b-7b42-8a43-ca5a7b5f4b1f', 'declined', 3900, 'EUR', NULL, 'the order was cancelled', '2026-11-29 15:18:28.243161+00', '2026-11-29 15:18:28.763975+00');
INSERT INTO read.sales_by_day_g1 VALUES
	('2026-11-29:EUR', 40, 0, false, false, '2026-11-29', 'EUR', 6, 2, 3, 6000, 3900);
INSERT INTO read.users_g1 VALUES
	('01a227e2-d69e-719a-8f38-efc198d70406', 36, 2, false, false, '01a227e2-d69e-719a-8f38-efc198d70406', 'bob.1795965507162938118@example.com', 'Bob', false, '2026-11-29 15:18:27.230737+00', '2026-11-29 15:18:29.066408+00'),
	('01a227e2-d662-7de6-b20d-19124dc5eac5', 37, 2, false, false, '01a227e2-d662-7de6-b20d-19124dc5eac5', 'bob.1795965507162938118@example.com', 'Ada', true, '2026-11-29 15:18:27.181029+00', NULL),
	('01a227e2-d69e-719a-8f38-000000000001', 42, 0, true, true, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a227e2-d69e-719a-8f38-000000000002', 43, 0, true, true, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT pg_catalog.setval('cairn.rebuilds_rebuild_seq', 4, true);
SELECT pg_catalog.setval('cairn.switches_switch_seq', 4, true);
SELECT pg_catalog.setval('notification.messages_seq_seq', 14, true);
ALTER TABLE ONLY cairn.amendments
    ADD CONSTRAINT amendments_pkey PRIMARY KEY ("position");
ALTER TABLE ONLY cairn.bus_losses
    ADD CONSTRAINT bus_losses_pkey PRIMARY KEY (category, consumer_group);
ALTER TABLE ONLY cairn.bus
    ADD CONSTRAINT bus_pkey PRIMARY KEY (single);
ALTER TABLE ONLY cairn.bus_streams
    ADD CONSTRAINT bus_streams_pkey PRIMARY KEY (category);
ALTER TABLE ONLY cairn.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, generation, shard);
ALTER TABLE ONLY cairn.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (shard, scope, key);
ALTER TABLE ONLY cairn.clock
    ADD CONSTRAINT clock_pkey PRIMARY KEY (one);
ALTER TABLE ONLY cairn.commands_ahead
    ADD CONSTRAINT commands_ahead_pkey PRIMARY KEY (shard, command_id);
ALTER TABLE ONLY cairn.commands
    ADD CONSTRAINT commands_pkey PRIMARY KEY (shard, command_id);
ALTER TABLE ONLY cairn.consumed_again
    ADD CONSTRAINT consumed_again_pkey PRIMARY KEY (consumer, event_id);
ALTER TABLE ONLY cairn.consumed_dead
    ADD CONSTRAINT consumed_dead_pkey PRIMARY KEY (consumer, event_id);
ALTER TABLE ONLY cairn.consumed
    ADD CONSTRAINT consumed_pkey PRIMARY KEY (consumer, stream);
ALTER TABLE ONLY cairn.declared_types
    ADD CONSTRAINT declared_types_pkey PRIMARY KEY (category, type);
ALTER TABLE ONLY cairn.event_types
    ADD CONSTRAINT event_types_pkey PRIMARY KEY (category, type, schema_version);
ALTER TABLE ONLY cairn.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (shard, "position");
ALTER TABLE ONLY cairn.events
    ADD CONSTRAINT events_stream_version_key UNIQUE (shard, stream, version);
ALTER TABLE ONLY cairn.followers
    ADD CONSTRAINT followers_pkey PRIMARY KEY (name);
ALTER TABLE ONLY cairn.generations
    ADD CONSTRAINT generations_pkey PRIMARY KEY (projection, generation);
ALTER TABLE ONLY cairn.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);
ALTER TABLE ONLY cairn.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY cairn.outgoing
    ADD CONSTRAINT outgoing_pkey PRIMARY KEY (stream, version, number);
ALTER TABLE ONLY cairn.parked_events
    ADD CONSTRAINT parked_events_pkey PRIMARY KEY (reactor, "position");
ALTER TABLE ONLY cairn.parked_instances
    ADD CONSTRAINT parked_instances_pkey PRIMARY KEY (process, stream);
ALTER TABLE ONLY cairn.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (projection, generation, key, "position");
ALTER TABLE ONLY cairn.rebuilds
    ADD CONSTRAINT rebuilds_pkey PRIMARY KEY (rebuild);
ALTER TABLE ONLY cairn.skipped
    ADD CONSTRAINT skipped_pkey PRIMARY KEY (projection, generation, key, "position");
ALTER TABLE ONLY cairn.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (shard, stream, kind);
ALTER TABLE ONLY cairn.store
    ADD CONSTRAINT store_pkey PRIMARY KEY (single);
ALTER TABLE ONLY cairn.switches
    ADD CONSTRAINT switches_pkey PRIMARY KEY (switch);
ALTER TABLE ONLY cairn.timers
    ADD CONSTRAINT timers_pkey PRIMARY KEY (stream, name);
ALTER TABLE ONLY notification.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY notification.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY notification.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);
ALTER TABLE ONLY read.order_summary_g1
    ADD CONSTRAINT order_summary_g1_pkey PRIMARY KEY (_key);
ALTER TABLE ONLY read.payments_g1
    ADD CONSTRAINT payments_g1_pkey PRIMARY KEY (_key);
ALTER TABLE ONLY read.sales_by_day_g1
    ADD CONSTRAINT sales_by_day_g1_pkey PRIMARY KEY (_key);
ALTER TABLE ONLY read.users_g1
    ADD CONSTRAINT users_g1_pkey PRIMARY KEY (_key);
CREATE INDEX claims_stream_idx ON cairn.claims USING btree (shard, stream);
CREATE INDEX commands_recorded_at_idx ON cairn.commands USING brin (recorded_at);
CREATE UNIQUE INDEX generations_one_is_live ON cairn.generations USING btree (projection) WHERE live;
CREATE UNIQUE INDEX generations_one_serves ON cairn.generations USING btree (projection, code_version) WHERE serving;
CREATE INDEX outgoing_position_idx ON cairn.outgoing USING btree (process, "position", number);
CREATE INDEX parked_events_again_idx ON cairn.parked_events USING btree (reactor, "position") WHERE again;
CREATE INDEX parked_requests ON cairn.parked USING btree (projection, generation, key, "position") WHERE (request IS NOT NULL);
CREATE UNIQUE INDEX rebuilds_one_at_a_time ON cairn.rebuilds USING btree (projection, code_version) WHERE (ended_at IS NULL);
CREATE INDEX switches_waiting ON cairn.switches USING btree (projection, code_version) WHERE ((done_at IS NULL) AND (refused IS NULL));
CREATE INDEX timers_due_idx ON cairn.timers USING btree (process, due_at, stream, name);
CREATE INDEX messages_open ON notification.messages USING btree (due_at) WHERE (status = ANY (ARRAY['waiting'::text, 'sending'::text]));
CREATE INDEX messages_open_email ON notification.messages USING btree (email, seq) WHERE (status = ANY (ARRAY['waiting'::text, 'sending'::text]));
CREATE INDEX order_summary_g1_1 ON read.order_summary_g1 USING btree (user_id, placed_at, _key) WHERE (NOT _deleted);
CREATE INDEX order_summary_g1_parked ON read.order_summary_g1 USING btree (_key) WHERE _parked;
CREATE INDEX order_summary_g1_position ON read.order_summary_g1 USING btree (_position, _key);
CREATE INDEX payments_g1_1 ON read.payments_g1 USING btree (order_id, _key) WHERE (NOT _deleted);
CREATE INDEX payments_g1_parked ON read.payments_g1 USING btree (_key) WHERE _parked;
CREATE INDEX payments_g1_position ON read.payments_g1 USING btree (_position, _key);
CREATE INDEX sales_by_day_g1_1 ON read.sales_by_day_g1 USING btree (day, currency, _key) WHERE (NOT _deleted);
CREATE INDEX sales_by_day_g1_parked ON read.sales_by_day_g1 USING btree (_key) WHERE _parked;
CREATE INDEX sales_by_day_g1_position ON read.sales_by_day_g1 USING btree (_position, _key);
CREATE INDEX users_g1_1 ON read.users_g1 USING btree (email, _key) WHERE (NOT _deleted);
CREATE INDEX users_g1_parked ON read.users_g1 USING btree (_key) WHERE _parked;
CREATE INDEX users_g1_position ON read.users_g1 USING btree (_position, _key);
CREATE TRIGGER events_are_never_changed BEFORE DELETE OR UPDATE OR TRUNCATE ON cairn.events FOR EACH STATEMENT EXECUTE FUNCTION cairn.refuse_change();
ALTER TABLE cairn.events ENABLE ALWAYS TRIGGER events_are_never_changed;
ALTER TABLE ONLY cairn.checkpoints
    ADD CONSTRAINT checkpoints_generation_fkey FOREIGN KEY (projection, generation) REFERENCES cairn.generations(projection, generation) ON DELETE CASCADE;
ALTER TABLE ONLY cairn.parked
    ADD CONSTRAINT parked_generation_fkey FOREIGN KEY (projection, generation) REFERENCES cairn.generations(projection, generation) ON DELETE CASCADE;
ALTER TABLE ONLY cairn.skipped
    ADD CONSTRAINT skipped_generation_fkey FOREIGN KEY (projection, generation) REFERENCES cairn.generations(projection, generation) ON DELETE CASCADE;
ALTER TABLE ONLY cairn.switches
    ADD CONSTRAINT switches_generation_fkey FOREIGN KEY (projection, generation) REFERENCES cairn.generations(projection, generation);
GRANT USAGE ON SCHEMA cairn TO cairn_writer;
GRANT USAGE ON SCHEMA cairn TO cairn_projector;
GRANT USAGE ON SCHEMA cairn TO cairn_reader;
GRANT USAGE ON SCHEMA cairn TO cairn_consumer;
GRANT USAGE ON SCHEMA notification TO cairn_consumer;
GRANT USAGE ON SCHEMA notification TO cairn_reader;
GRANT USAGE ON SCHEMA read TO cairn_writer;
GRANT ALL ON SCHEMA read TO cairn_projector;
GRANT USAGE ON SCHEMA read TO cairn_reader;
REVOKE ALL ON FUNCTION cairn.advance_process(in_process text, in_fence bigint, in_from bigint, in_to bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.advance_process(in_process text, in_fence bigint, in_from bigint, in_to bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.amend(in_position bigint, in_data json, in_reason text, OUT stream text, OUT version bigint, OUT type text) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.append(stream text, type text, data json, expected bigint, OUT "position" bigint, OUT version bigint, OUT event_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.append(stream text, type text, data json, expected bigint, OUT "position" bigint, OUT version bigint, OUT event_id uuid) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.append_batch(in_streams text[], in_append_conditions bigint[], in_append_claims bigint[], in_append_commands bigint[], in_condition_streams bigint[], in_condition_versions bigint[], in_condition_ids uuid[], in_condition_events bigint[], in_condition_last_ids uuid[], in_event_conditions bigint[], in_event_numbers bigint[], in_event_streams text[], in_event_ids uuid[], in_event_types text[], in_event_schema_versions bigint[], in_event_data json[], in_event_metas json[], in_claim_conditions bigint[], in_claim_slots bigint[], in_claim_streams text[], in_claim_taken bigint[], in_claim_scopes text[], in_claim_keys text[], in_command_conditions bigint[], in_command_streams text[], in_command_ids bytea[], in_command_hashes bytea[], in_command_statuses bigint[], in_command_ends bigint[], in_command_events bigint[], in_type_categories text[], in_type_names text[], in_type_versions bigint[], in_commands_are_new boolean, OUT outcomes bigint[], OUT versions bigint[], OUT fails bigint[], OUT positions bigint[], OUT claim_fails bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.append_batch(in_streams text[], in_append_conditions bigint[], in_append_claims bigint[], in_append_commands bigint[], in_condition_streams bigint[], in_condition_versions bigint[], in_condition_ids uuid[], in_condition_events bigint[], in_condition_last_ids uuid[], in_event_conditions bigint[], in_event_numbers bigint[], in_event_streams text[], in_event_ids uuid[], in_event_types text[], in_event_schema_versions bigint[], in_event_data json[], in_event_metas json[], in_claim_conditions bigint[], in_claim_slots bigint[], in_claim_streams text[], in_claim_taken bigint[], in_claim_scopes text[], in_claim_keys text[], in_command_conditions bigint[], in_command_streams text[], in_command_ids bytea[], in_command_hashes bytea[], in_command_statuses bigint[], in_command_ends bigint[], in_command_events bigint[], in_type_categories text[], in_type_names text[], in_type_versions bigint[], in_commands_are_new boolean, OUT outcomes bigint[], OUT versions bigint[], OUT fails bigint[], OUT positions bigint[], OUT claim_fails bigint[]) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.append_one(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, OUT version bigint, OUT "position" bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.append_one(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, OUT version bigint, OUT "position" bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.append_one_checked(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, in_checked_stream text, in_checked_version bigint, in_checked_id uuid, OUT version bigint, OUT "position" bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.append_one_checked(in_stream text, in_version bigint, in_condition_id uuid, in_event_id uuid, in_category text, in_type text, in_schema_version bigint, in_data json, in_meta json, in_command_id bytea, in_command_hash bytea, in_status bigint, in_checked_stream text, in_checked_version bigint, in_checked_id uuid, OUT version bigint, OUT "position" bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.beat(in_owner text, in_names text[], in_fences bigint[], in_ttl interval) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.beat(in_owner text, in_names text[], in_fences bigint[], in_ttl interval) TO cairn_projector;
GRANT ALL ON FUNCTION cairn.beat(in_owner text, in_names text[], in_fences bigint[], in_ttl interval) TO cairn_writer;
GRANT ALL ON FUNCTION cairn.beat(in_owner text, in_names text[], in_fences bigint[], in_ttl interval) TO cairn_consumer;
REVOKE ALL ON FUNCTION cairn.begin_follower(in_name text, in_process text, in_from_start boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.begin_follower(in_name text, in_process text, in_from_start boolean) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.begin_import() FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.consume(in_consumer text, in_stream text, in_version bigint, in_position bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.consume(in_consumer text, in_stream text, in_version bigint, in_position bigint) TO cairn_consumer;
REVOKE ALL ON FUNCTION cairn.declare_types(in_category text, in_types text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.declare_types(in_category text, in_types text[]) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.end_sessions(OUT ended bigint, OUT left_over text) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.find_appended(in_streams text[], in_versions bigint[], in_event_ids uuid[], in_command_ids bytea[], OUT versions bigint[], OUT positions bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.find_appended(in_streams text[], in_versions bigint[], in_event_ids uuid[], in_command_ids bytea[], OUT versions bigint[], OUT positions bigint[]) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.finish_import(in_store_id uuid, in_epoch bigint, in_events bigint, OUT claims bigint, OUT commands bigint, OUT ended bigint, OUT left_over text) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.forget_commands(in_older_than interval) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.forget_commands(in_older_than interval) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.forget_commands(in_older_than interval, in_page bigint, in_pages bigint, OUT gone bigint, OUT next_page bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.forget_commands(in_older_than interval, in_page bigint, in_pages bigint, OUT gone bigint, OUT next_page bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.keep_snapshot(in_stream text, in_kind text, in_code_version bigint, in_version bigint, in_event_id uuid, in_state json, OUT kept boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.keep_snapshot(in_stream text, in_kind text, in_code_version bigint, in_version bigint, in_event_id uuid, in_state json, OUT kept boolean) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.lock_shard(in_shard smallint) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.move_follower(in_name text, in_fence bigint, in_from bigint, in_to bigint, in_stopped text) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.move_follower(in_name text, in_fence bigint, in_from bigint, in_to bigint, in_stopped text) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.park_event(in_reactor text, in_fence bigint, in_position bigint, in_stream text, in_type text, in_attempts bigint, in_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.park_event(in_reactor text, in_fence bigint, in_position bigint, in_stream text, in_type text, in_attempts bigint, in_reason text) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.park_instance(in_process text, in_fence bigint, in_stream text, in_position bigint, in_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.park_instance(in_process text, in_fence bigint, in_stream text, in_position bigint, in_reason text) TO cairn_writer;
GRANT SELECT ON TABLE cairn.events TO cairn_writer;
GRANT SELECT ON TABLE cairn.events TO cairn_projector;
GRANT SELECT ON TABLE cairn.events TO cairn_reader;
REVOKE ALL ON FUNCTION cairn.rebuild_claims() FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.rebuild_commands(in_retention interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.rebuild_process(in_process text) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.recover(OUT old_epoch bigint, OUT new_epoch bigint, OUT head bigint, OUT ended bigint, OUT left_over text, OUT carried_over bigint, OUT claims bigint, OUT commands bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.release(in_owner text, in_names text[], in_fences bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.release(in_owner text, in_names text[], in_fences bigint[]) TO cairn_projector;
GRANT ALL ON FUNCTION cairn.release(in_owner text, in_names text[], in_fences bigint[]) TO cairn_writer;
GRANT ALL ON FUNCTION cairn.release(in_owner text, in_names text[], in_fences bigint[]) TO cairn_consumer;
REVOKE ALL ON FUNCTION cairn.request_rebuild(in_projection text, in_diff boolean, OUT rebuild bigint, OUT is_new boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.request_rebuild(in_projection text, in_diff boolean, OUT rebuild bigint, OUT is_new boolean) TO cairn_projector;
REVOKE ALL ON FUNCTION cairn.request_rollback(in_projection text, in_generation integer, OUT switch bigint, OUT generation integer, OUT code_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.request_rollback(in_projection text, in_generation integer, OUT switch bigint, OUT generation integer, OUT code_version integer) TO cairn_projector;
REVOKE ALL ON FUNCTION cairn.retry_parked(in_projection text, in_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.retry_parked(in_projection text, in_key text) TO cairn_projector;
REVOKE ALL ON FUNCTION cairn.retry_parked_events(in_reactor text, in_position bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.retry_parked_events(in_reactor text, in_position bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.retry_parked_instances(in_process text, in_stream text, in_skip boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.retry_parked_instances(in_process text, in_stream text, in_skip boolean) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.set_timeline(in_store_id uuid, in_epoch bigint, OUT ended bigint, OUT left_over text, OUT carried_over bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.settle_outgoing(in_process text, in_fence bigint, in_streams text[], in_versions bigint[], in_numbers bigint[], in_attempts bigint[], in_problems text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.settle_outgoing(in_process text, in_fence bigint, in_streams text[], in_versions bigint[], in_numbers bigint[], in_attempts bigint[], in_problems text[]) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.skip_parked(in_projection text, in_key text, in_position bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.skip_parked(in_projection text, in_key text, in_position bigint) TO cairn_projector;
REVOKE ALL ON FUNCTION cairn.take_follower(in_name text, in_fence bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.take_follower(in_name text, in_fence bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.turn_clock(in_by interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION cairn.unpark_event(in_reactor text, in_fence bigint, in_position bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.unpark_event(in_reactor text, in_fence bigint, in_position bigint) TO cairn_writer;
REVOKE ALL ON FUNCTION cairn.unpark_instance(in_process text, in_fence bigint, in_stream text) FROM PUBLIC;
GRANT ALL ON FUNCTION cairn.unpark_instance(in_process text, in_fence bigint, in_stream text) TO cairn_writer;
GRANT SELECT ON TABLE cairn.amendments TO cairn_writer;
GRANT SELECT ON TABLE cairn.amendments TO cairn_projector;
GRANT SELECT ON TABLE cairn.amendments TO cairn_reader;
GRANT SELECT ON TABLE cairn.amendments TO cairn_consumer;
GRANT SELECT,INSERT,UPDATE ON TABLE cairn.bus TO cairn_projector;
GRANT SELECT ON TABLE cairn.bus TO cairn_writer;
GRANT SELECT ON TABLE cairn.bus TO cairn_reader;
GRANT SELECT ON TABLE cairn.bus TO cairn_consumer;
GRANT SELECT,INSERT,UPDATE ON TABLE cairn.bus_losses TO cairn_projector;
GRANT SELECT ON TABLE cairn.bus_losses TO cairn_writer;
GRANT SELECT ON TABLE cairn.bus_losses TO cairn_reader;
GRANT SELECT ON TABLE cairn.bus_losses TO cairn_consumer;
GRANT SELECT,INSERT,UPDATE ON TABLE cairn.bus_streams TO cairn_projector;
GRANT SELECT ON TABLE cairn.bus_streams TO cairn_writer;
GRANT SELECT ON TABLE cairn.bus_streams TO cairn_reader;
GRANT SELECT ON TABLE cairn.bus_streams TO cairn_consumer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.checkpoints TO cairn_projector;
GRANT SELECT ON TABLE cairn.checkpoints TO cairn_writer;
GRANT SELECT ON TABLE cairn.checkpoints TO cairn_reader;
GRANT SELECT ON TABLE cairn.claims TO cairn_writer;
GRANT SELECT ON TABLE cairn.claims TO cairn_reader;
GRANT SELECT ON TABLE cairn.clock TO cairn_writer;
GRANT SELECT ON TABLE cairn.clock TO cairn_projector;
GRANT SELECT ON TABLE cairn.clock TO cairn_reader;
GRANT SELECT ON TABLE cairn.commands TO cairn_writer;
GRANT SELECT ON TABLE cairn.commands TO cairn_reader;
GRANT SELECT ON TABLE cairn.commands_ahead TO cairn_writer;
GRANT SELECT ON TABLE cairn.commands_ahead TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.consumed TO cairn_consumer;
GRANT SELECT ON TABLE cairn.consumed TO cairn_reader;
GRANT SELECT ON TABLE cairn.consumed TO cairn_projector;
GRANT SELECT ON TABLE cairn.consumed TO cairn_writer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.consumed_again TO cairn_consumer;
GRANT SELECT ON TABLE cairn.consumed_again TO cairn_reader;
GRANT SELECT ON TABLE cairn.consumed_again TO cairn_projector;
GRANT SELECT ON TABLE cairn.consumed_again TO cairn_writer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.consumed_dead TO cairn_consumer;
GRANT SELECT ON TABLE cairn.consumed_dead TO cairn_reader;
GRANT SELECT ON TABLE cairn.consumed_dead TO cairn_projector;
GRANT SELECT ON TABLE cairn.consumed_dead TO cairn_writer;
GRANT SELECT ON TABLE cairn.declared_types TO cairn_writer;
GRANT SELECT ON TABLE cairn.declared_types TO cairn_projector;
GRANT SELECT ON TABLE cairn.declared_types TO cairn_reader;
GRANT SELECT ON TABLE cairn.event_types TO cairn_writer;
GRANT SELECT ON TABLE cairn.event_types TO cairn_projector;
GRANT SELECT ON TABLE cairn.event_types TO cairn_reader;
GRANT SELECT ON TABLE cairn.followers TO cairn_writer;
GRANT SELECT ON TABLE cairn.followers TO cairn_projector;
GRANT SELECT ON TABLE cairn.followers TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.generations TO cairn_projector;
GRANT SELECT ON TABLE cairn.generations TO cairn_writer;
GRANT SELECT ON TABLE cairn.generations TO cairn_reader;
GRANT SELECT ON TABLE cairn.leases TO cairn_projector;
GRANT SELECT ON TABLE cairn.leases TO cairn_writer;
GRANT SELECT ON TABLE cairn.leases TO cairn_reader;
GRANT SELECT ON TABLE cairn.leases TO cairn_consumer;
GRANT SELECT ON TABLE cairn.log TO cairn_writer;
GRANT SELECT ON TABLE cairn.log TO cairn_projector;
GRANT SELECT ON TABLE cairn.log TO cairn_reader;
GRANT SELECT ON TABLE cairn.migrations TO cairn_writer;
GRANT SELECT ON TABLE cairn.migrations TO cairn_projector;
GRANT SELECT ON TABLE cairn.migrations TO cairn_reader;
GRANT SELECT ON TABLE cairn.migrations TO cairn_consumer;
GRANT SELECT ON TABLE cairn.outgoing TO cairn_writer;
GRANT SELECT ON TABLE cairn.outgoing TO cairn_projector;
GRANT SELECT ON TABLE cairn.outgoing TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.parked TO cairn_projector;
GRANT SELECT ON TABLE cairn.parked TO cairn_writer;
GRANT SELECT ON TABLE cairn.parked TO cairn_reader;
GRANT SELECT ON TABLE cairn.parked_events TO cairn_writer;
GRANT SELECT ON TABLE cairn.parked_events TO cairn_projector;
GRANT SELECT ON TABLE cairn.parked_events TO cairn_reader;
GRANT SELECT ON TABLE cairn.parked_instances TO cairn_writer;
GRANT SELECT ON TABLE cairn.parked_instances TO cairn_projector;
GRANT SELECT ON TABLE cairn.parked_instances TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.rebuilds TO cairn_projector;
GRANT SELECT ON TABLE cairn.rebuilds TO cairn_writer;
GRANT SELECT ON TABLE cairn.rebuilds TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.skipped TO cairn_projector;
GRANT SELECT ON TABLE cairn.skipped TO cairn_writer;
GRANT SELECT ON TABLE cairn.skipped TO cairn_reader;
GRANT SELECT ON TABLE cairn.snapshots TO cairn_writer;
GRANT SELECT ON TABLE cairn.snapshots TO cairn_reader;
GRANT SELECT ON TABLE cairn.store TO cairn_writer;
GRANT SELECT ON TABLE cairn.store TO cairn_projector;
GRANT SELECT ON TABLE cairn.store TO cairn_reader;
GRANT SELECT ON TABLE cairn.store TO cairn_consumer;
GRANT SELECT ON TABLE cairn.stored_types TO cairn_writer;
GRANT SELECT ON TABLE cairn.stored_types TO cairn_projector;
GRANT SELECT ON TABLE cairn.stored_types TO cairn_reader;
GRANT SELECT ON TABLE cairn.streams TO cairn_writer;
GRANT SELECT ON TABLE cairn.streams TO cairn_projector;
GRANT SELECT ON TABLE cairn.streams TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE cairn.switches TO cairn_projector;
GRANT SELECT ON TABLE cairn.switches TO cairn_writer;
GRANT SELECT ON TABLE cairn.switches TO cairn_reader;
GRANT SELECT ON TABLE cairn.timers TO cairn_writer;
GRANT SELECT ON TABLE cairn.timers TO cairn_projector;
GRANT SELECT ON TABLE cairn.timers TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notification.customers TO cairn_consumer;
GRANT SELECT ON TABLE notification.customers TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notification.messages TO cairn_consumer;
GRANT SELECT ON TABLE notification.messages TO cairn_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notification.orders TO cairn_consumer;
GRANT SELECT ON TABLE notification.orders TO cairn_reader;
GRANT SELECT ON TABLE read.order_summary_g1 TO cairn_reader;
GRANT SELECT ON TABLE read.order_summary TO cairn_reader;
GRANT SELECT ON TABLE read.payments_g1 TO cairn_reader;
GRANT SELECT ON TABLE read.payments TO cairn_reader;
GRANT SELECT ON TABLE read.sales_by_day_g1 TO cairn_reader;
GRANT SELECT ON TABLE read.sales_by_day TO cairn_reader;
GRANT SELECT ON TABLE read.users_g1 TO cairn_reader;
GRANT SELECT ON TABLE read.users TO cairn_reader;
ALTER TABLE read.order_summary_g1 OWNER TO cairn_projector;
ALTER TABLE read.order_summary OWNER TO cairn_projector;
ALTER TABLE read.payments_g1 OWNER TO cairn_projector;
ALTER TABLE read.payments OWNER TO cairn_projector;
ALTER TABLE read.sales_by_day_g1 OWNER TO cairn_projector;
ALTER TABLE read.sales_by_day OWNER TO cairn_projector;
ALTER TABLE read.users_g1 OWNER TO cairn_projector;
ALTER TABLE read.users OWNER TO cairn_projector;
