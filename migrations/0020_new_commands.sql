-- 0020_new_commands: a batch need not look up what its caller knows.
--
-- Nearly every command is new: a service has looked its key up before it decides. To look again
-- under the lock is a seventh of what an append costs, and the unique constraint of the table sees
-- it anyway. So the caller says that all are new; if one is not after all (two replicas were asked
-- at once), commands_pkey refuses the batch before any event is written, and the caller asks again
-- without saying so. An append that fails for another reason is looked up all the same: one that was
-- carried out before is answered as then, whatever its stream has become. Types that the caller has seen accepted on its connection need not be looked up
-- either.

drop function cairn.append_batch;

create function cairn.append_batch(
    -- the streams of the batch, each once
    in_streams text[],
    -- the appends: each has the conditions, claims and commands behind those of the one before it, up
    -- to these
    in_append_conditions bigint[],
    in_append_claims bigint[],
    in_append_commands bigint[],
    -- conditions: each stream that an append writes or looks at
    in_condition_streams bigint[],  -- index into in_streams
    in_condition_versions bigint[], -- -1: any
    in_condition_ids uuid[],        -- of the event at that version; null: nobody knows
    in_condition_events bigint[],   -- how many are written to it
    in_condition_last_ids uuid[],   -- of the last of them
    -- events, condition by condition
    in_event_conditions bigint[],
    in_event_numbers bigint[],      -- 1, 2, 3 within the condition
    in_event_streams text[],
    in_event_ids uuid[],
    in_event_types text[],
    in_event_schema_versions bigint[],
    in_event_data json[],
    in_event_metas json[],
    -- claims
    in_claim_conditions bigint[],
    in_claim_slots bigint[],        -- the same for the same (scope, key): 1, 2, 3
    in_claim_streams text[],
    in_claim_taken bigint[],
    in_claim_scopes text[],
    in_claim_keys text[],
    -- commands, each id once in the batch
    in_command_conditions bigint[],
    in_command_streams text[],
    in_command_ids bytea[],
    in_command_hashes bytea[],
    in_command_statuses bigint[],
    in_command_ends bigint[],       -- number of its last event within the condition
    in_command_events bigint[],
    -- the types of the events, each once; those that cairn.event_types has may be left out
    in_type_categories text[],
    in_type_names text[],
    in_type_versions bigint[],
    -- none of the commands was carried out before, as far as the caller knows
    in_commands_are_new boolean default false,
    -- for each append: 0 appended, 1 replayed, 2 reused, 3 conflict, 4 claimed
    out outcomes bigint[],
    -- for each condition: what the version of its stream is now, and whether it failed
    out versions bigint[],
    out fails bigint[],
    -- for each condition: the position of its last event, or of the head before it
    out positions bigint[],
    -- for each claim: does another stream hold it
    out claim_fails bigint[]
)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
declare
    tail_versions bigint[];
    tail_ids uuid[];
    claim_holds bigint[];     -- for each claim: its stream has it already
    slot_streams bigint[];    -- for each slot: which of the streams has it now; -1 none; 0 as before
    slot_claims bigint[];     -- for each slot: the claim that has the last word
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
        for i in claim_from .. in_append_claims[k] loop
            slot := in_claim_slots[i];
            stream := slot_streams[slot];
            if stream <> 0 then -- those before it in the batch have the word
                claim_fails[i] := (stream > 0 and stream <> in_condition_streams[in_claim_conditions[i]])::int;
            end if;
            if in_claim_taken[i] = 0 then
                claim_fails[i] := 0;
            elsif claim_fails[i] = 1 then
                outcome := 4;
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
        else
            for i in claim_from .. in_append_claims[k] loop
                slot := in_claim_slots[i];
                stream := in_condition_streams[in_claim_conditions[i]];
                if in_claim_taken[i] = 1 then
                    slot_streams[slot] := stream;
                    slot_claims[slot] := i;
                elsif slot_streams[slot] = stream or (slot_streams[slot] = 0 and claim_holds[i] = 1) then
                    slot_streams[slot] := -1;
                    slot_claims[slot] := i;
                end if;
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

    if cardinality(in_type_names) > 0 then
        insert into cairn.event_types (category, type, schema_version)
        select u.category, u.type, u.version
            from unnest(in_type_categories, in_type_names, in_type_versions) as u(category, type, version)
            where not exists (
                select from cairn.event_types t
                    where t.category = u.category and t.type = u.type and t.schema_version = u.version);
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
comment on function cairn.append_batch is
    'Appends many things at once, each accepted or not on its own, in order. Called by the services, never by people: theirs is cairn.append.';
revoke execute on function cairn.append_batch from public;
grant execute on function cairn.append_batch to cairn_writer;
