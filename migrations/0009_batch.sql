-- 0009_batch: the one way into the log, for many appends at once.
--
-- Whoever calls it hands over a batch of appends, and each gets an outcome of its own. Everything
-- that decides about them happens under one lock, in this order: what the log holds is looked up for
-- all of them together; then they are gone through one after the other, each on what those before it
-- leave behind; then all that was accepted is written by one statement a table.
--
-- Arrays of text and json are unnested and never subscripted: to reach the element n of one takes
-- n steps. The lateral lookups with a limit cannot become a join over the whole table, and the index
-- plans are pinned: a connection that planned on an empty log would keep a bad plan.

create table cairn.event_types (
    category text collate "C" not null,
    type text collate "C" not null,
    schema_version integer not null,
    constraint event_types_pkey primary key (category, type, schema_version)
);
insert into cairn.event_types
    select distinct split_part(e.stream, '-', 1), e.type, e.schema_version from cairn.events e;
comment on table cairn.event_types is
    'Every type of event in the log, with every version of its fields. A service that cannot read one refuses to start.';
grant select on cairn.event_types to cairn_writer, cairn_projector, cairn_reader;

comment on column cairn.claims.position is 'Of the event whose meta says that it was taken.';

-- What the append functions keep anyway need not be checked again for each row: PostgreSQL reads a
-- check constraint's expression anew for every statement. `cairn verify` proves it.
alter table cairn.events
    drop constraint events_position_is_positive,
    drop constraint events_version_is_positive;
alter table cairn.commands
    drop constraint commands_id_is_sha256,
    drop constraint commands_hash_is_sha256;

-- Commands come in the order of their time, and only their expiry asks for it.
drop index cairn.commands_recorded_at_idx;
create index commands_recorded_at_idx on cairn.commands using brin (recorded_at);

-- The same as before, as expressions: PostgreSQL evaluates those without starting an executor.
create or replace function cairn.lock_shard(in_shard smallint) returns void
    language plpgsql
    set search_path = pg_catalog
    set lock_timeout = '5s'
as $$
declare
    done text;
begin
    done := set_config('idle_in_transaction_session_timeout', '5s', true);
    if current_setting('synchronous_commit') in ('off', 'local') then
        done := set_config('synchronous_commit', 'on', true);
    end if;
    done := pg_advisory_xact_lock(1128352082, in_shard);
end
$$;

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
    -- the types of the events, each once
    in_type_categories text[],
    in_type_names text[],
    in_type_versions bigint[],
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
    set search_path = pg_catalog
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
    if cardinality(in_command_ids) > 0 then
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

    insert into cairn.events
        (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
    select 0, first_positions[u.condition] + u.number, u.stream, first_versions[u.condition] + u.number,
           u.type, u.schema_version, u.id, u.data, u.meta, stamp
        from unnest(in_event_conditions, in_event_numbers, in_event_streams, in_event_ids, in_event_types,
                    in_event_schema_versions, in_event_data, in_event_metas)
            as u(condition, number, stream, id, type, schema_version, data, meta)
        where first_versions[u.condition] is not null;

    insert into cairn.event_types (category, type, schema_version)
    select u.category, u.type, u.version
        from unnest(in_type_categories, in_type_names, in_type_versions) as u(category, type, version)
        where not exists (
            select from cairn.event_types t
                where t.category = u.category and t.type = u.type and t.schema_version = u.version);

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
end
$$;
comment on function cairn.append_batch is
    'Appends many things at once, each accepted or not on its own, in order. Called by the services, never by people: theirs is cairn.append.';
revoke execute on function cairn.append_batch from public;
grant execute on function cairn.append_batch to cairn_writer;

-- The short path: one event on one stream, perhaps with its command. All conditions are in one
-- statement; if any of them does not hold nothing is written and nothing is said about why: the
-- caller asks append_batch, which knows.
create function cairn.append_one(
    in_stream text,
    in_version bigint,
    in_condition_id uuid,
    in_event_id uuid,
    in_category text,
    in_type text,
    in_schema_version bigint,
    in_data json,
    in_meta json,
    in_command_id bytea,
    in_command_hash bytea,
    in_status bigint,
    out version bigint,
    out "position" bigint
)
    language plpgsql
    security definer
    set search_path = pg_catalog
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
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
comment on function cairn.append_one is
    'Appends one event, if its stream is as expected and its command is new. Null: nothing was written, cairn.append_batch says why.';
revoke execute on function cairn.append_one from public;
grant execute on function cairn.append_one to cairn_writer;

create or replace function cairn.append(
    stream text,
    type text,
    data json,
    expected bigint default null,
    out "position" bigint,
    out version bigint,
    out event_id uuid
)
    language plpgsql
    set search_path = pg_catalog
as $$
declare
    answer record;
begin
    if append.stream is null or append.stream !~ '^[a-z][a-z0-9_]*-.' or octet_length(append.stream) > 200 then
        raise exception using errcode = 'CA010',
            message = format('%L is no name of a stream', append.stream),
            hint = 'Say category-id, as in order-01890000-0000-7000-8000-000000000001, at most 200 bytes.';
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
$$;

drop function cairn.append_events;

-- After a connection was lost: under the lock, so that nothing is under way, which of these events and
-- commands are in the log? `in_versions` is what the stream was at least at before.
create function cairn.find_appended(
    in_streams text[],
    in_versions bigint[],
    in_event_ids uuid[],
    in_command_ids bytea[],
    out versions bigint[],
    out positions bigint[]
)
    language plpgsql
    security definer
    set search_path = pg_catalog
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
                          from cairn.commands k
                          where u.event_id is null and k.shard = 0 and k.command_id = u.command_id
                          limit 1) c on true
                  order by u.n) f;
end
$$;
comment on function cairn.find_appended is
    'Which of these appends are in the log: version and position, 0 for those that are not. For a client that lost its connection.';
revoke execute on function cairn.find_appended from public;
grant execute on function cairn.find_appended to cairn_writer;
