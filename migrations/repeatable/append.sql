-- append: creates the functions that append: the only way into the log.
--
-- A caller hands over a batch of appends, and each gets an outcome of its own. Everything that decides
-- about them happens under one lock, in this order: what the log holds is looked up for all of them
-- together; then they are processed one after the other, each on what those before it leave behind; then
-- all that was accepted is written by one statement per table. A condition that fails is an answer, not an
-- exception: it aborts nothing.
--
-- Arrays of text and json are unnested and never subscripted: reaching element n of one takes n steps.
-- The lateral look-ups with a limit cannot become a join over the whole table, and the index plans are
-- pinned: a connection that planned on an empty log would keep a bad plan.

-- The lock is waited for, and held, for 5 s at most. Commits are flushed whatever the session says; a
-- deferred one, by the next cairn.make_durable.
create or replace function cairn.lock_log() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '5s'
as $$
declare
    done text;
begin
    done := set_config('idle_in_transaction_session_timeout', '5s', true);
    if current_setting('synchronous_commit') in ('off', 'local') then
        done := set_config('synchronous_commit', 'on', true);
    end if;
    lock table cairn.append_lock in share update exclusive mode;
end
$$;
comment on function cairn.lock_log is
    'Acquires the lock of the log, until the transaction ends, on whatever server.';
revoke execute on function cairn.lock_log from public;

-- On a server that was promoted since the last append, see servers.sql.
create or replace function cairn.lock_shard(in_shard smallint) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '5s'
as $$
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
    lock table cairn.append_lock in share update exclusive mode;
    if pg_sequence_last_value('cairn.known_server')
            is distinct from 2 * ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint
                             + (current_setting('synchronous_standby_names') <> '')::integer then
        perform cairn.note_server();
    end if;
end
$$;
comment on function cairn.lock_shard is
    'Acquires the lock under which positions are assigned, until the transaction ends.';
revoke execute on function cairn.lock_shard from public;
-- Of the modes that conflict with themselves, this is the weakest: for a stronger one, PostgreSQL looks
-- through the locks of every session, 8 us for 600 connections.
comment on table cairn.append_lock is
    'Has no rows. Appending holds its lock, in mode share update exclusive, which only the owner may '
    'acquire: an advisory lock could be acquired by every role that may connect.';

-- What every batch begins with: the lock, whether it is deferred, and where the log ends.
create or replace function cairn.begin_append(
    in_deferred boolean,
    in_durable bigint, -- all events up to here are known to be on disk
    out head bigint,
    out stamp timestamptz, -- of the events of this batch
    out deferred boolean
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
declare
    done text;
begin
    perform cairn.lock_shard(0::smallint);
    deferred := in_deferred and current_setting('synchronous_standby_names') = '';
    if deferred then
        done := set_config('synchronous_commit', 'off', true);
    end if;
    select e.position, e.recorded_at into head, stamp
        from cairn.events e
        where e.shard = 0
        order by e.position desc
        limit 1;
    head := coalesce(head, 0);
    stamp := greatest(clock_timestamp(), stamp);
    if in_durable > coalesce(pg_sequence_last_value('cairn.durable_head'), 0) then
        perform setval('cairn.durable_head', least(in_durable, head));
    end if;
end
$$;
comment on function cairn.begin_append is
    'Acquires the lock of the log for a batch, and says where the log ends.';
revoke execute on function cairn.begin_append from public;

-- The path of a batch whose appends say what their streams end with, claim nothing and have no tags. It
-- is written as a whole if all streams are as the caller says; there is nothing to decide then.
--
-- Each stream grows by one event after the other: the first event of a stream is checked against the end
-- that the stream has in the log, the others against the events of the batch, after they were written.
create or replace function cairn.append_all(
    -- the events, in order
    in_streams text[],
    in_versions bigint[],
    in_numbers bigint[],    -- 1, 2, 3 within the stream and the batch
    in_before_ids uuid[],   -- of the event before, for those with number 1; null: unknown, or none
    in_ids uuid[],
    in_types text[],        -- of which cairn.event_types has all
    in_schema_versions bigint[],
    in_data json[],
    in_metas json[],
    -- the commands, each id once in the batch
    in_command_ends bigint[], -- number of its last event within the batch
    in_command_ids uuid[],
    in_command_hashes bigint[],
    in_command_statuses bigint[],
    in_command_events bigint[],
    -- streams that must end like this before the batch
    in_checked_streams text[],
    in_checked_versions bigint[],
    in_checked_ids uuid[], -- null: unknown
    -- as in cairn.append_batch
    in_deferred boolean,
    in_durable bigint,
    -- of the last event before the batch; null: nothing was written
    out "position" bigint,
    out deferred boolean,
    out waited_us bigint,
    out worked_us bigint
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
    head bigint;
    stamp timestamptz;
    holds bigint;
    called timestamptz := clock_timestamp();
    locked timestamptz;
begin
    select b.head, b.stamp, b.deferred into head, stamp, append_all.deferred
        from cairn.begin_append(in_deferred, in_durable) b;
    locked := clock_timestamp();
    waited_us := 1e6 * extract(epoch from locked - called);

    select count(*) into holds
        from unnest(in_streams, in_versions, in_numbers, in_before_ids) as u(stream, version, number, before_id)
        left join lateral (
            select e.version, e.event_id
                from cairn.events e
                where u.number = 1 and e.shard = 0 and e.stream = u.stream
                order by e.version desc
                limit 1) t on true
        where u.number > 1
            or (coalesce(t.version, 0) = u.version - 1 and (t.event_id = u.before_id) is not false);
    if holds <> cardinality(in_streams) then
        return;
    end if;
    if cardinality(in_checked_streams) > 0 then
        select count(*) into holds
            from unnest(in_checked_streams, in_checked_versions, in_checked_ids) as u(stream, version, id)
            left join lateral (
                select e.version, e.event_id
                    from cairn.events e
                    where e.shard = 0 and e.stream = u.stream
                    order by e.version desc
                    limit 1) t on true
            where coalesce(t.version, 0) = u.version and (t.event_id = u.id) is not false;
        if holds <> cardinality(in_checked_streams) then
            return;
        end if;
    end if;

    -- Before the events, so that a duplicate costs little.
    if cardinality(in_command_ids) > 0 then
        insert into cairn.executed_commands (command_id, request_hash, position, event_count, status, shard)
        select u.id, u.hash, head + u.last, u.events, u.status, 0
            from unnest(in_command_ends, in_command_ids, in_command_hashes, in_command_statuses, in_command_events)
                as u(last, id, hash, status, events)
            where u.last <= cardinality(in_streams) and u.events between 1 and u.last;
        get diagnostics holds = row_count;
        if holds <> cardinality(in_command_ids) then
            raise exception using errcode = 'CA010', message = 'a command has events that are not in the batch';
        end if;
    end if;
    insert into cairn.events
        (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
    select 0, head + u.n, u.stream, u.version, u.type, u.schema_version, u.id, u.data, u.meta, stamp
        from unnest(in_streams, in_versions, in_ids, in_types, in_schema_versions, in_data, in_metas)
            with ordinality as u(stream, version, id, type, schema_version, data, meta, n)
        where cairn.is_readable(u.data) and cairn.is_readable(u.meta);
    get diagnostics holds = row_count;
    if holds <> cardinality(in_streams) then
        raise exception using errcode = '22P02', message = 'an event has JSON that jsonb refuses';
    end if;
    if 1 < any (in_numbers) and exists (
            select from unnest(in_streams, in_versions, in_numbers) as u(stream, version, number)
                where u.number > 1 and not exists (
                    select from cairn.events e
                        where e.shard = 0 and e.stream = u.stream and e.version = u.version - 1)) then
        raise exception using errcode = 'CA010',
            message = 'an event does not follow on the one before it in its stream';
    end if;
    if pg_sequence_last_value('cairn.known_server') % 2
            is distinct from (current_setting('synchronous_standby_names') <> '')::integer then
        perform cairn.note_replication();
    end if;
    "position" := head;
    if append_all.deferred then
        perform setval('cairn.deferred_head', head + cardinality(in_streams));
    end if;
    worked_us := 1e6 * extract(epoch from clock_timestamp() - locked);
end
$$;
comment on function cairn.append_all is
    'Performs all appends of a batch, if all of their conditions hold. Null: nothing was written, '
    'cairn.append_batch decides about each.';
revoke execute on function cairn.append_all from public;
grant execute on function cairn.append_all to cairn_writer;

create or replace function cairn.append_batch(
    -- the streams of the batch, each once
    in_streams text[],
    -- the appends: for each the index of its last condition, claim and command
    in_append_conditions bigint[],
    in_append_claims bigint[],
    in_append_commands bigint[],
    -- conditions: each stream that an append writes or looks at
    in_condition_streams bigint[],  -- index into in_streams
    in_condition_versions bigint[], -- -1: any
    in_condition_ids uuid[],        -- of the event at that version; null: unknown
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
    in_claim_taken bigint[],        -- 0 released, 1 taken; of a range: 2 released, 3 taken
    in_claim_scopes text[],
    in_claim_keys text[],
    -- commands, each id once in the batch
    in_command_conditions bigint[],
    in_command_streams text[],
    in_command_ids uuid[],
    in_command_hashes bigint[],
    in_command_statuses bigint[],
    in_command_ends bigint[],       -- number of its last event within the condition
    in_command_events bigint[],
    -- the types of the events, each once; those that cairn.event_types has may be left out
    in_type_categories text[],
    in_type_names text[],
    in_type_versions bigint[],
    -- the caller knows of no earlier execution of any of the commands
    in_commands_are_new boolean default false,
    -- commit before the flush: nothing of the batch is answered until cairn.make_durable has committed
    in_deferred boolean default false,
    -- all events up to here are known to be on disk
    in_durable bigint default 0,
    -- tags of the events
    in_tag_conditions bigint[] default '{}', -- and in_tag_numbers: which event has the tag
    in_tag_numbers bigint[] default '{}',
    in_tag_types text[] default '{}',        -- of that event
    in_tags text[] default '{}',
    -- boundaries: no event with the tag and one of the types is in the log after the position, except those
    -- of which the last is this one
    in_append_boundaries bigint[] default '{}', -- for each append the index of its last boundary
    in_boundary_slots bigint[] default '{}',    -- the same for the same tag and types: 1, 2, 3
    in_boundary_tags text[] default '{}',
    in_boundary_types text[] default '{}',      -- each an array's text; null: all
    in_boundary_after bigint[] default '{}',
    in_boundary_after_ids uuid[] default '{}',  -- of the event at the position; null: unknown
    in_boundary_last_ids uuid[] default '{}',   -- null: there is none
    -- events of the batch that a boundary's tag and types match
    in_append_matches bigint[] default '{}',    -- for each append the index of its last one
    in_match_slots bigint[] default '{}',
    in_match_ids uuid[] default '{}',
    -- for each append: 0 appended, 1 replayed, 2 reused, 3 conflict, 4 claimed
    out outcomes bigint[],
    -- for each condition: the version of its stream now, and whether it failed
    out versions bigint[],
    out fails bigint[],
    -- for each condition: the position of its last event, or of the head before it
    out positions bigint[],
    -- for each claim: does another stream hold it
    out claim_fails bigint[],
    -- for each boundary: has an event come
    out boundary_fails bigint[],
    -- not on disk yet
    out deferred boolean,
    -- microseconds: until the lock was acquired, and from then on
    out waited_us bigint,
    out worked_us bigint
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
    stream_hashes bigint[];   -- with a seed that no caller can know
    seed bigint := hashtextextended(gen_random_uuid()::text, 0); -- random() obeys the caller's setseed()
    written bigint;
    claim_holds bigint[];     -- for each claim: its stream holds it already
    slot_streams bigint[];    -- for each slot: the stream that holds it now; -1 none; 0 as before
    slot_claims bigint[];     -- for each slot: the claim that decides it
    undo_streams bigint[];    -- for each claim: the value of its slot before it
    undo_claims bigint[];
    other boolean;            -- another stream holds the key after the claims before
    mine boolean;
    command_states bigint[];  -- 0 new, 1 replayed, 2 reused
    -- for each condition whose append was accepted: before its first event
    first_versions bigint[] := array_fill(null::bigint, array[cardinality(in_condition_streams)]);
    first_positions bigint[] := first_versions;
    head bigint;
    stamp timestamptz;
    condition_from bigint := 1;
    claim_from bigint := 1;
    command_from bigint := 1;
    stream bigint;
    slot bigint;
    outcome bigint;
    command_state bigint;
    boundary_ids uuid[];      -- for each boundary: the last event in the log after its position
    slot_ids uuid[];          -- for each slot: the last event in this batch
    boundary_from bigint := 1;
    match_from bigint := 1;
    range_claim record;       -- the last that begins before the end of a range
    range_position bigint;    -- of the event before the one whose meta records the claim
    first_head bigint;
    called timestamptz := clock_timestamp();
    locked timestamptz;
begin
    select b.head, b.stamp, b.deferred into head, stamp, append_batch.deferred
        from cairn.begin_append(in_deferred, in_durable) b;
    locked := clock_timestamp();
    first_head := head;

    select array_agg(f.version), array_agg(f.event_id), array_agg(f.hash) into tail_versions, tail_ids, stream_hashes
        from (select coalesce(t.version, 0) as version, t.event_id, hashtextextended(u.stream, seed) as hash
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
                              from cairn.executed_commands k
                              where k.shard = 0 and k.command_id = u.id
                              limit 1) c on true
                      order by u.n) f;
    end if;
    if cardinality(in_boundary_slots) > 0 then
        select array_agg(f.id), array_agg(f.fails) into boundary_ids, boundary_fails
            from (select (select e.event_id from cairn.events e where e.shard = 0 and e.position = t.position) as id,
                         (u.after_id is not null and not exists (
                             select from cairn.events e
                                 where e.shard = 0 and e.position = u.after and e.event_id = u.after_id))::int::bigint
                             as fails
                      from unnest(in_boundary_tags, in_boundary_types, in_boundary_after, in_boundary_after_ids)
                          with ordinality as u(tag, types, after, after_id, n)
                      left join lateral (
                          select k.position
                              from cairn.tags k
                              where k.shard = 0 and k.tag = u.tag and k.position > u.after
                                  and (u.types is null or k.type = any (u.types::text[]))
                              order by k.position desc
                              limit 1) t on true
                      order by u.n) f;
        slot_ids := array_fill(null::uuid, array[cardinality(in_boundary_slots)]);
    end if;
    fails := array_fill(0::bigint, array[cardinality(in_condition_streams)]);
    versions := fails;
    positions := fails;
    outcomes := array_fill(0::bigint, array[cardinality(in_append_conditions)]);
    for k in 1 .. cardinality(in_append_conditions) loop
        outcome := 0;
        -- Each on what the claims before it leave behind, those of this append included.
        for i in claim_from .. in_append_claims[k] loop
            if in_claim_taken[i] > 1 then
                claim_fails[i] := 0;
                continue;
            end if;
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
        for i in boundary_from .. coalesce(in_append_boundaries[k], 0) loop
            if coalesce(slot_ids[in_boundary_slots[i]], boundary_ids[i]) is distinct from in_boundary_last_ids[i] then
                boundary_fails[i] := 1;
            end if;
            if boundary_fails[i] = 1 then
                outcome := 3;
            end if;
        end loop;
        for i in command_from .. in_append_commands[k] loop
            if outcome > 0 and in_commands_are_new then -- not written, so the table's key would not report it
                select case when c.request_hash = in_command_hashes[i] then 1 else 2 end into command_state
                    from cairn.executed_commands c
                    where c.shard = 0 and c.command_id = in_command_ids[i];
                command_states[i] := coalesce(command_state, 0);
            end if;
            if command_states[i] > 0 then
                outcome := command_states[i];
            end if;
        end loop;

        -- Ranges are written at once, so that those that follow see them; an append that fails takes all
        -- of its own back.
        if outcome = 0 and claim_from <= in_append_claims[k]
                and 2 <= any (in_claim_taken[claim_from:in_append_claims[k]]) then
            begin
                for i in claim_from .. in_append_claims[k] loop
                    if in_claim_taken[i] = 2 then
                        delete from cairn.claims c
                            where c.shard = 0 and c.scope = in_claim_scopes[i] and c.key = in_claim_keys[i]
                                and c.stream = in_claim_streams[i];
                    elsif in_claim_taken[i] = 3 then
                        select c.key, c.stream, cairn.range_to(c.key) as upto into range_claim
                            from cairn.claims c
                            where c.shard = 0 and c.scope = in_claim_scopes[i]
                                and cairn.range_key(c.key) = cairn.range_key(in_claim_keys[i])
                                and cairn.range_from(c.key) < cairn.range_to(in_claim_keys[i])
                            order by cairn.range_from(c.key) desc
                            limit 1;
                        if range_claim.upto > cairn.range_from(in_claim_keys[i])
                                and (range_claim.key = in_claim_keys[i]
                                     and range_claim.stream = in_claim_streams[i]) is false then
                            claim_fails[i] := 1;
                            raise exception using errcode = 'CA020', message = 'the range is claimed';
                        end if;
                        select head + coalesce(sum(e.count), 0) into range_position
                            from unnest(in_condition_events[condition_from:in_claim_conditions[i] - 1])
                                as e(count);
                        insert into cairn.claims (shard, scope, key, stream, position)
                            values (0, in_claim_scopes[i], in_claim_keys[i], in_claim_streams[i],
                                    range_position + 1)
                            on conflict on constraint claims_pkey
                                do update set position = excluded.position; -- claimed again
                    end if;
                end loop;
            exception when sqlstate 'CA020' then
                outcome := 4;
            end;
        end if;

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
        for i in match_from .. coalesce(in_append_matches[k], 0) loop
            if outcome = 0 then
                slot_ids[in_match_slots[i]] := in_match_ids[i];
            end if;
        end loop;
        condition_from := in_append_conditions[k] + 1;
        boundary_from := coalesce(in_append_boundaries[k], 0) + 1;
        match_from := coalesce(in_append_matches[k], 0) + 1;
        claim_from := in_append_claims[k] + 1;
        command_from := in_append_commands[k] + 1;
    end loop;

    -- Before the events, so that a duplicate costs little.
    if cardinality(in_command_ids) > 0 then
        insert into cairn.executed_commands
            (command_id, request_hash, position, event_count, status, shard, version, recorded_at, stream)
        select u.id, u.hash, first_positions[u.condition] + u.last, u.events, u.status, 0,
               case when u.events = 0 then first_versions[u.condition] + u.last end,
               case when u.events = 0 then stamp end, case when u.events = 0 then u.stream end
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
        where first_versions[u.condition] is not null
            and u.number between 1 and in_condition_events[u.condition]
            and hashtextextended(u.stream, seed) = stream_hashes[in_condition_streams[u.condition]]
            and cairn.is_readable(u.data) and cairn.is_readable(u.meta);
    get diagnostics written = row_count;
    if written <> head - first_head or (written <> cardinality(in_event_numbers) and exists (
            select from unnest(in_event_conditions, in_event_numbers) as u(condition, number)
                where first_versions[u.condition] is not null
                    and (u.number between 1 and in_condition_events[u.condition]) is not true)) then
        if exists (select from unnest(in_event_data, in_event_metas) as u(data, meta)
                       where not cairn.is_readable(u.data) or not cairn.is_readable(u.meta)) then
            raise exception using errcode = '22P02', message = 'an event has JSON that jsonb refuses';
        end if;
        raise exception using errcode = 'CA010',
            message = format('the conditions count %s events, of which %s are on their streams',
                             head - first_head, written);
    end if;

    if cardinality(in_type_names) > 0 and exists (
            select from unnest(in_type_categories, in_type_names, in_type_versions) as u(category, type, version)
                where not exists (
                    select from cairn.event_types t
                        where t.category = u.category and t.type = u.type and t.schema_version = u.version)) then
        -- Of accepted appends only: a service that cannot read a type refuses to start.
        insert into cairn.event_types (category, type, schema_version)
        select distinct split_part(u.stream, '-', 1), u.type, u.version
            from unnest(in_event_conditions, in_event_streams, in_event_types, in_event_schema_versions)
                as u(condition, stream, type, version)
            where first_versions[u.condition] is not null and not exists (
                select from cairn.event_types t
                    where t.category = split_part(u.stream, '-', 1) and t.type = u.type
                        and t.schema_version = u.version);
    end if;
    if cardinality(in_tags) > 0 then
        insert into cairn.tags (shard, tag, position, type)
        select 0, u.tag, first_positions[u.condition] + u.number, u.type
            from unnest(in_tag_conditions, in_tag_numbers, in_tag_types, in_tags)
                as u(condition, number, type, tag)
            where first_versions[u.condition] is not null;
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
    if head > first_head and pg_sequence_last_value('cairn.known_server') % 2
            is distinct from (current_setting('synchronous_standby_names') <> '')::integer then
        perform cairn.note_replication();
    end if;
    if append_batch.deferred and head > first_head then
        perform setval('cairn.deferred_head', head);
    end if;
    waited_us := 1e6 * extract(epoch from locked - called);
    worked_us := 1e6 * extract(epoch from clock_timestamp() - locked);
end
$$;
comment on function cairn.append_batch is
    'Performs many appends at once, each accepted or refused by itself, in order. For the services; '
    'people call cairn.append.';
revoke execute on function cairn.append_batch from public;
grant execute on function cairn.append_batch to cairn_writer;

-- The short path: one event on one stream, perhaps with its command. All conditions are in one
-- statement; if one of them does not hold, nothing is written, and append_batch has to say why.
create or replace function cairn.append_one(
    in_stream text,
    in_version bigint,
    in_condition_id uuid,
    in_event_id uuid,
    in_category text,
    in_type text,
    in_schema_version bigint,
    in_data json,
    in_meta json,
    in_command_id uuid,
    in_command_hash bigint,
    in_status bigint,
    out version bigint,
    out "position" bigint
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
            and cairn.is_readable(in_data) and cairn.is_readable(in_meta)
            and exists (
                select from cairn.event_types k
                    where k.category = in_category and k.type = in_type and k.schema_version = in_schema_version)
            and (in_command_id is null or not exists (
                select from cairn.executed_commands c where c.shard = 0 and c.command_id = in_command_id))
        returning events.version, events.position
        into append_one.version, append_one."position";

    if append_one."position" is not null and pg_sequence_last_value('cairn.known_server') % 2
            is distinct from (current_setting('synchronous_standby_names') <> '')::integer then
        perform cairn.note_replication();
    end if;
    if in_command_id is not null and append_one."position" is not null then
        insert into cairn.executed_commands (command_id, request_hash, position, event_count, status, shard)
            values (in_command_id, in_command_hash, append_one."position", 1, in_status, 0);
    end if;
end
$$;
comment on function cairn.append_one is
    'Appends one event, if its stream is as expected and its command is new. Null: nothing was written, '
    'cairn.append_batch says why.';
revoke execute on function cairn.append_one from public;
grant execute on function cairn.append_one to cairn_writer;

-- Like append_one, with one more condition: another stream is at the version, and ends with the event,
-- from which a fact was folded.
create or replace function cairn.append_one_checked(
    in_stream text,
    in_version bigint,
    in_condition_id uuid,
    in_event_id uuid,
    in_category text,
    in_type text,
    in_schema_version bigint,
    in_data json,
    in_meta json,
    in_command_id uuid,
    in_command_hash bigint,
    in_status bigint,
    in_checked_stream text,
    in_checked_version bigint, -- -1: any
    in_checked_id uuid,        -- of the event at that version; null: unknown
    out version bigint,
    out "position" bigint
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
            and cairn.is_readable(in_data) and cairn.is_readable(in_meta)
            and exists (
                select from cairn.event_types y
                    where y.category = in_category and y.type = in_type and y.schema_version = in_schema_version)
            and (in_command_id is null or not exists (
                select from cairn.executed_commands c where c.shard = 0 and c.command_id = in_command_id))
        returning events.version, events.position
        into append_one_checked.version, append_one_checked."position";

    if append_one_checked."position" is not null and pg_sequence_last_value('cairn.known_server') % 2
            is distinct from (current_setting('synchronous_standby_names') <> '')::integer then
        perform cairn.note_replication();
    end if;
    if in_command_id is not null and append_one_checked."position" is not null then
        insert into cairn.executed_commands (command_id, request_hash, position, event_count, status, shard)
            values (in_command_id, in_command_hash, append_one_checked."position", 1, in_status, 0);
    end if;
end
$$;
comment on function cairn.append_one_checked is
    'Appends one event, if its stream and another one are as expected and its command is new. Null: '
    'nothing was written, cairn.append_batch says why.';
revoke execute on function cairn.append_one_checked from public;
grant execute on function cairn.append_one_checked to cairn_writer;

-- For a client that lost its connection: it runs under the lock, so that no append is in flight.
-- in_versions has the version that each stream had at least before.
create or replace function cairn.find_appended(
    in_streams text[],
    in_versions bigint[],
    in_event_ids uuid[],
    in_command_ids uuid[],
    out versions bigint[],
    out positions bigint[]
)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
as $$
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
                          from cairn.executed_commands k
                          where u.event_id is null and k.shard = 0 and k.command_id = u.command_id
                          limit 1) c on true
                  order by u.n) f;
end
$$;
comment on function cairn.find_appended is
    'Which of these appends are in the log: version and position, 0 for those that are not. For a client '
    'that lost its connection.';
revoke execute on function cairn.find_appended from public;
grant execute on function cairn.find_appended to cairn_writer;

create or replace function cairn.declare_types(in_category text, in_types text[]) returns void
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
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
comment on function cairn.declare_types is 'cairn.declare_event_types, as called by services of release 0.1.';
revoke execute on function cairn.declare_types from public;
grant execute on function cairn.declare_types to cairn_writer;

create or replace function cairn.declare_event_types(in_category text, in_types text[], in_versions bigint[])
    returns void
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from unnest(in_types, in_versions) as t(type, version)
                   where not exists (select from cairn.declared_types d
                                         where d.category = in_category and d.type = t.type
                                             and d.schema_version >= t.version)) then
        insert into cairn.declared_types as d (category, type, schema_version)
            select in_category, t.type, t.version from unnest(in_types, in_versions) as t(type, version)
            on conflict on constraint declared_types_pkey do update
                set schema_version = greatest(d.schema_version, excluded.schema_version);
    end if;
end
$$;
comment on function cairn.declare_event_types is
    'Called by a service at its start: declares the types of events that it knows of a category that it '
    'writes, and the newest version of each.';
revoke execute on function cairn.declare_event_types from public;
grant execute on function cairn.declare_event_types to cairn_writer;
