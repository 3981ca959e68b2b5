-- 0032_accepted_alone: nothing is kept of what was not accepted, and what is accepted can be read.
--
-- An append that was refused left its types behind, so that an older binary would not start for an
-- event that was never written. Two writes of one append could take the same claim. People could
-- append what no service can read, or to a second spelling of a stream's id. And whoever may connect
-- may take an advisory lock, the one that appends wait for too: now it is a table's, which only its
-- owner may lock.

create table cairn.append_lock ();
comment on table cairn.append_lock is
    'Has no rows. Who appends holds its lock, in mode exclusive, and only the owner may: whoever may connect may take an advisory lock.';

-- It may be waited for, and held, for so long. Commits are durable whatever the session says.
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
    lock table cairn.append_lock in exclusive mode;
end
$$;

-- ---- types ----

create table cairn.declared_types (
    category text collate "C" not null,
    type text collate "C" not null,
    constraint declared_types_pkey primary key (category, type)
);
comment on table cairn.declared_types is
    'Every type of event that a service which writes the category has ever known. People append no others to it.';
grant select on cairn.declared_types to cairn_writer, cairn_projector, cairn_reader;

create function cairn.declare_types(in_category text, in_types text[]) returns void
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
comment on function cairn.declare_types(text, text[]) is
    'Called by a service at its start: the types of events that it knows of a category that it writes.';
revoke execute on function cairn.declare_types(text, text[]) from public;
grant execute on function cairn.declare_types(text, text[]) to cairn_writer;

-- ---- JSON ----

-- What the services' reader (jansson) refuses and json lets pass, RFC 8259 section 4 and 6 leaving
-- it to each reader: names that come twice, integers beyond 64 bits, numbers beyond double precision,
-- more than 16 levels.
create function cairn.json_wrong(in_json json, in_level integer default 1) returns text
    language plpgsql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
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
comment on function cairn.json_wrong(json, integer) is
    'Why the services could not read this JSON although PostgreSQL can; null if they can.';

-- ---- appending ----

create or replace function cairn.append_batch(
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
    set search_path = pg_catalog, pg_temp
as $$
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
$$;
