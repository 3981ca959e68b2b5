-- 0005_append: the one way into the log.
--
-- Everything that decides about an append happens under one lock, in this order: the conditions
-- are held against the log, claims and commands against their tables, and only then is anything
-- written.
-- A condition that fails is an answer, not an exception: it aborts nothing.

create function cairn.lock_shard(in_shard smallint) returns void
    language plpgsql
    set search_path = pg_catalog
    set lock_timeout = '5s'
as $$
begin
    -- For this transaction only: whoever holds the lock and goes away loses it after seconds, and
    -- what was acknowledged is on disk whatever the session's default says.
    perform set_config('idle_in_transaction_session_timeout', '5s', true);
    if current_setting('synchronous_commit') in ('off', 'local') then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    perform pg_advisory_xact_lock(1128352082, in_shard);
end
$$;
comment on function cairn.lock_shard(smallint) is
    'Takes the lock under which positions are given, until the transaction ends.';
revoke execute on function cairn.lock_shard(smallint) from public;

create function cairn.append_events(
    in_stream text,
    in_version bigint,
    in_event_id uuid,
    in_ids uuid[],
    in_types text[],
    in_schema_versions bigint[],
    in_data json[],
    in_metas json[],
    in_claim_taken bigint[],
    in_claim_scopes text[],
    in_claim_keys text[],
    in_check_streams text[],
    in_check_versions bigint[],
    in_check_ids uuid[],
    in_command_id text,
    in_request_hash text,
    in_status bigint,
    out outcome text,
    out version bigint,
    out "position" bigint,
    out detail text
)
    language plpgsql
    security definer
    set search_path = pg_catalog
    set enable_seqscan = off
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
as $$
declare
    tail_version bigint;
    tail_id uuid;
    head_position bigint;
    head_time timestamptz;
    stamp timestamptz;
    known_hash bytea;
    claim_holder text;
begin
    perform cairn.lock_shard(0::smallint);

    if in_command_id is not null then
        select c.request_hash into known_hash
            from cairn.commands c
            where c.shard = 0 and c.command_id = decode(in_command_id, 'hex');
        if found then
            outcome := case when known_hash = decode(in_request_hash, 'hex') then 'replayed' else 'reused' end;
            return;
        end if;
    end if;

    select e.version, e.event_id into tail_version, tail_id
        from cairn.events e
        where e.shard = 0 and e.stream = in_stream
        order by e.version desc
        limit 1;
    version := coalesce(tail_version, 0);
    if in_version >= 0 and (version <> in_version or tail_id <> in_event_id) then
        outcome := case when in_version = 0 then 'exists' else 'conflict' end;
        detail := format('stream %s is at version %s', in_stream, version);
        return;
    end if;

    for i in 1 .. coalesce(cardinality(in_check_streams), 0) loop
        tail_version := null;
        tail_id := null;
        select e.version, e.event_id into tail_version, tail_id
            from cairn.events e
            where e.shard = 0 and e.stream = in_check_streams[i]
            order by e.version desc
            limit 1;
        if coalesce(tail_version, 0) <> in_check_versions[i] or tail_id <> in_check_ids[i] then
            outcome := 'conflict';
            detail := format('stream %s, which the decision looked at, is at version %s',
                             in_check_streams[i], coalesce(tail_version, 0));
            return;
        end if;
    end loop;

    for i in 1 .. coalesce(cardinality(in_claim_scopes), 0) loop
        if in_claim_taken[i] = 1 then
            claim_holder := null;
            select c.stream into claim_holder
                from cairn.claims c
                where c.shard = 0 and c.scope = in_claim_scopes[i] and c.key = in_claim_keys[i];
            if claim_holder <> in_stream then
                outcome := 'claimed';
                detail := in_claim_scopes[i];
                return;
            end if;
        end if;
    end loop;

    select e.position, e.recorded_at into head_position, head_time
        from cairn.events e
        where e.shard = 0
        order by e.position desc
        limit 1;
    head_position := coalesce(head_position, 0);
    stamp := greatest(clock_timestamp(), head_time);

    insert into cairn.events
        (shard, position, stream, version, type, schema_version, event_id, data, meta, recorded_at)
    select 0, head_position + u.n, in_stream, append_events.version + u.n, u.type, u.schema_version,
           u.id, u.data, u.meta, stamp
        from unnest(in_types, in_schema_versions, in_ids, in_data, in_metas)
            with ordinality as u(type, schema_version, id, data, meta, n);
    outcome := 'appended';
    version := version + coalesce(cardinality(in_types), 0);
    "position" := head_position + coalesce(cardinality(in_types), 0);

    for i in 1 .. coalesce(cardinality(in_claim_scopes), 0) loop
        if in_claim_taken[i] = 1 then
            insert into cairn.claims (shard, scope, key, stream, position)
                values (0, in_claim_scopes[i], in_claim_keys[i], in_stream, append_events."position")
                on conflict on constraint claims_pkey do nothing;
        else
            delete from cairn.claims c
                where c.shard = 0 and c.scope = in_claim_scopes[i] and c.key = in_claim_keys[i]
                    and c.stream = in_stream;
        end if;
    end loop;

    if in_command_id is not null then
        insert into cairn.commands
            (shard, command_id, request_hash, status, stream, version, position, event_count, recorded_at)
            values (0, decode(in_command_id, 'hex'), decode(in_request_hash, 'hex'), in_status, in_stream,
                    append_events.version, append_events."position", coalesce(cardinality(in_types), 0), stamp);
    end if;
end
$$;
comment on function cairn.append_events(text, bigint, uuid, uuid[], text[], bigint[], json[], json[],
    bigint[], text[], text[], text[], bigint[], uuid[], text, text, bigint) is
    'Appends events to one stream, all or none, if the stream and the checked streams are as expected '
    'and no other stream holds a claim, and records the command. Answers appended, conflict, exists, '
    'claimed, replayed (the command is known) or reused (its key belongs to another request).';
revoke execute on function cairn.append_events(text, bigint, uuid, uuid[], text[], bigint[], json[], json[],
    bigint[], text[], text[], text[], bigint[], uuid[], text, text, bigint) from public;
grant execute on function cairn.append_events(text, bigint, uuid, uuid[], text[], bigint[], json[], json[],
    bigint[], text[], text[], text[], bigint[], uuid[], text, text, bigint) to cairn_writer;
