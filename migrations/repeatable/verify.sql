-- verify: creates the functions that prove the log and what is derived from it, and that rebuild the
-- latter.
--
-- The verify functions only read, so every role that may read the log may call them; each row that they
-- return is a problem, and no row means that all is well:
--
--     select * from cairn.verify_order();        -- positions, times, versions: invariants 1 and 2
--     select * from cairn.verify_content();      -- data and meta, the types
--     select * from cairn.verify_event_ids();
--     select * from cairn.verify_claims();
--     select * from cairn.verify_commands();
--     select * from cairn.verify_tags();         -- in tags.sql, as verify_table_of_tags
--     select * from cairn.verify_checkpoints();  -- in read_models.sql
--     select * from cairn.verify_processes();    -- in processes.sql
--     select * from cairn.verify_protection();   -- invariant 5
--
-- Those that take a range look at the events after in_from, up to in_to. `cairn verify` calls them range
-- by range, so that no statement is long.

-- ---- the log ----

create or replace function cairn.verify_order(in_from bigint default 0, in_to bigint default null)
    returns table ("check" text, "position" bigint, stream text, problem text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
declare
    upto bigint := coalesce(in_to, cairn.head());
begin
    return query
    with seen as materialized (
        -- includes the event before the range, with which the first is compared
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
           format('recorded at %s, before the preceding event', s.recorded_at)
        from seen s
        where s.position > in_from and s.recorded_at < s.time_before
    union all
    select 'versions', s.position, s.stream,
           format('version %s, but version %s does not precede it', s.version, s.version - 1)
        from seen s
        where s.position > in_from and s.version > 1
            -- a scalar subselect: it cannot become a join over the whole table
            and coalesce((select p.position < s.position
                              from cairn.events p
                              where p.shard = 0 and p.stream = s.stream and p.version = s.version - 1),
                         false) is false;
end
$$;
comment on function cairn.verify_order is
    'Violations of invariants 1 and 2 in a range: gaps in positions and versions, times that decrease.';

create or replace function cairn.verify_json(in_from bigint, in_to bigint)
    returns table ("position" bigint, stream text, problem text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
begin
    -- The whole range first: only one with a problem is checked event by event.
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
               then 'is not a JSON object' else 'cannot be read as jsonb' end
        from cairn.events e
        cross join lateral (values ('data', e.data), ('meta', e.meta)) as c(name, value)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and (json_typeof(c.value) <> 'object' or not cairn.accepted_by_jsonb(c.value));
end
$$;
comment on function cairn.verify_json is
    'Events in a range whose data or meta is not a JSON object, or one that jsonb refuses.';

create or replace function cairn.verify_content(in_from bigint default 0, in_to bigint default null)
    returns table ("check" text, "position" bigint, stream text, problem text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
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
comment on function cairn.verify_content is
    'Problems with the content of the events in a range: data and meta, and types that cairn.event_types '
    'lacks.';

create or replace function cairn.verify_event_ids(in_from bigint default 0)
    returns table ("check" text, "position" bigint, stream text, problem text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set work_mem = '64MB'
    set jit = off
as $$
    select 'event ids', max(e.position), null, format('%s is also the id of event %s', e.event_id, min(e.position))
        from cairn.events e
        where e.shard = 0 and e.position > in_from
        group by e.event_id
        having count(*) > 1
$$;
comment on function cairn.verify_event_ids is
    'Ids that more than one event has. Reads the whole log.';

create or replace function cairn.verify_protection() returns table ("check" text, problem text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
    select 'protection', format('trigger %s ', e.trigger) || case
            when t.oid is null then 'is missing'
            when t.tgenabled <> 'A' then 'is not enabled always'
            else 'does not refuse update, delete and truncate for every statement' end
        from (values ('cairn.events'::regclass, 'events_are_never_changed'),
                     ('cairn.tags'::regclass, 'tags_are_never_changed')) as e(events, trigger)
        left join pg_trigger t
            on t.tgrelid = e.events and t.tgname = e.trigger and not t.tgisinternal
        -- 2: before, 8: delete, 16: update, 32: truncate; 1, for each row, is not set
        where t.oid is null or t.tgenabled <> 'A' or t.tgtype <> 2 + 8 + 16 + 32 or t.tgqual is not null
            or t.tgfoid <> 'cairn.refuse_change()'::regprocedure
    union all
    select 'protection', format('role %s may %s %s', r.rolname, p.privilege, e.events)
        from pg_roles r
        cross join (values ('cairn.events'), ('cairn.tags')) as e(events)
        cross join (values ('insert'), ('update'), ('delete'), ('truncate')) as p(privilege)
        where r.rolname in ('cairn_writer', 'cairn_projector', 'cairn_reader')
            and has_table_privilege(r.oid, e.events::regclass, p.privilege)
$$;
comment on function cairn.verify_protection is
    'Gaps in the protection that keeps the log append-only (invariant 5).';

-- ---- claims: the table is the fold of the metas ----

create or replace function cairn.claims_in_log()
    returns table (scope text, key text, stream text, "position" bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set work_mem = '64MB'
    set jit = off
as $$
    -- A stream holds what it claimed and did not release since. Claims that were refused are not in
    -- the log, so the claims and releases of each stream suffice.
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
comment on function cairn.claims_in_log is
    'The claims that streams hold, from the log. Reads the whole log.';

create or replace function cairn.verify_claims()
    returns table (problem text, scope text, key text, stream text, "position" bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
    select case when c.shard is null then 'the log has the claim, the table does not'
                when l.scope is null then 'the table has the claim, the log does not'
                else format('claimed at %s, the table says %s', l.position, c.position) end,
           coalesce(c.scope, l.scope), coalesce(c.key, l.key), coalesce(c.stream, l.stream),
           coalesce(l.position, c.position)
        from cairn.claims c
        full join cairn.claims_in_log() l on l.scope = c.scope and l.key = c.key and l.stream = c.stream
        where c.shard is null or l.scope is null or c.position <> l.position
    union all
    select format('overlaps with %s of %s', o.previous, o.previous_stream), o.scope, o.key, o.stream, o.position
        from (select l.scope, l.key, l.stream, l.position, lag(l.key) over ranges as previous,
                     lag(l.stream) over ranges as previous_stream
                  from cairn.claims_in_log() l
                  where cairn.range_key(l.key) is not null
                  window ranges as (partition by l.scope, cairn.range_key(l.key)
                                    order by cairn.range_from(l.key))) o
        where cairn.range_to(o.previous) > cairn.range_from(o.key)
$$;
comment on function cairn.verify_claims is
    'Differences between cairn.claims and the log. Reads the whole log.';

create or replace function cairn.rebuild_claims() returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
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
comment on function cairn.rebuild_claims is
    'Rebuilds cairn.claims from the log, while appends wait. Returns their number.';
revoke execute on function cairn.rebuild_claims from public;

-- ---- commands: each row is what the metas of its events say ----

create or replace function cairn.command_events(in_from bigint, in_to bigint)
    returns table ("position" bigint, stream text, version bigint, recorded_at timestamptz,
                   command_id uuid, request_hash bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
    with telling as materialized (
        select e.position, e.stream, e.version, e.recorded_at, e.meta
            from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and strpos(e.meta::text, '"request_hash"') > 0
                and (strpos(e.meta::text, '\u') = 0 or cairn.accepted_by_jsonb(e.meta))
    ), named as materialized (
        select t.position, t.stream, t.version, t.recorded_at, t.meta ->> 'command_id' as id,
               t.meta ->> 'request_hash' as hash
            from telling t
    )
    select n.position, n.stream, n.version, n.recorded_at, n.id::uuid, cairn.short_hash(n.hash)
        from named n
        where n.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and n.hash ~ '^([0-9a-f]{16}|[0-9a-f]{64})$'
$$;
comment on function cairn.command_events is
    'The events in a range that a command with an Idempotency-Key has caused, with its id and hash.';

create or replace function cairn.verify_commands(in_from bigint default 0, in_to bigint default null)
    returns table (problem text, command_id text, stream text, "position" bigint)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
    set enable_hashjoin = off
    set enable_mergejoin = off
as $$
declare
    upto bigint := coalesce(in_to, cairn.head());
begin
    -- Each event of a command is where its row says. A row may have expired, but not before it is an
    -- hour old.
    return query
    select case when c.shard is null then 'the log has it, the table does not'
                when c.request_hash <> e.request_hash then 'the table has another request_hash'
                else 'the table names other events' end,
           e.command_id::text, e.stream, e.position
        from cairn.command_events(in_from, upto) e
        left join cairn.commands c on c.shard = 0 and c.command_id = e.command_id
        where case when c.shard is null then e.recorded_at > now() - interval '1 hour'
                   else c.request_hash <> e.request_hash or c.stream is distinct from e.stream
                       or e.version not between c.version - c.event_count + 1 and c.version
                       or e.position not between c.position - c.event_count + 1 and c.position
                       or c.recorded_at <> e.recorded_at end;

    -- Each row is what the log says.
    return query
    select p.problem, p.command_id::text, p.stream, p.position
        from (select c.command_id, c.stream, c.position, case
                  when c.event_count = 0 and c.version = 0 then null -- on a stream that does not exist
                  when c.stream is null then 'the log has no such event'
                  when l.last is null then 'its stream does not have this version'
                  when c.event_count = 0 then null -- the log cannot prove it
                  when l.events <> c.event_count then
                      format('the log has %s of its %s events', l.events, c.event_count)
                  when c.status <> case when c.version = c.event_count then 201 else 200 end then
                      format('status %s contradicts its events', c.status)
                  end as problem
                  from cairn.commands c
                  cross join lateral (
                      select max(e.position) filter (where e.version = c.version) as last,
                             count(*) filter (
                                 where c.position - e.position = c.version - e.version
                                     and strpos(e.meta::text, c.command_id::text) > 0) as events
                          from cairn.events e
                          where e.shard = 0 and e.stream = c.stream
                              and e.version > c.version - greatest(c.event_count, 1)
                              and e.version <= c.version) l
                  where c.position > in_from - (in_from = 0)::int and (in_to is null or c.position <= in_to)) p
        where p.problem is not null;
end
$$;
comment on function cairn.verify_commands is
    'Differences between cairn.commands and the log, for the events in a range and the rows of that time.';

create or replace function cairn.rebuild_commands(in_retention interval default null) returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    made bigint;
begin
    if in_retention < interval '1 hour' then
        raise exception using errcode = 'CA010', message = 'commands are kept for at least an hour';
    end if;
    perform cairn.lock_shard(0::smallint);
    delete from cairn.executed_commands where event_count > 0;
    insert into cairn.executed_commands (command_id, request_hash, position, event_count, status, shard)
        select e.command_id, min(e.request_hash), max(e.position), count(*),
               case when min(e.version) = 1 then 201 else 200 end, 0
            from cairn.command_events(0, cairn.head()) e
            where in_retention is null or e.recorded_at > now() - in_retention
            group by e.command_id
            order by max(e.position)
        on conflict on constraint executed_commands_pkey do update
            set request_hash = excluded.request_hash, position = excluded.position,
                event_count = excluded.event_count, status = excluded.status, version = null,
                recorded_at = null, stream = null;
    get diagnostics made = row_count;
    return made;
end
$$;
comment on function cairn.rebuild_commands is
    'Rebuilds the rows of cairn.commands that have events from the log, those of this period or all, '
    'while appends wait. Rows without events stay. Returns how many it inserted.';
revoke execute on function cairn.rebuild_commands from public;
