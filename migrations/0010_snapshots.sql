-- 0010_snapshots: states kept, so that a long stream need not be folded from its first event. They
-- can be deleted at any time: whoever misses one folds the stream.

create table cairn.snapshots (
    shard smallint not null,
    stream text collate "C" not null,
    kind text collate "C" not null,
    code_version integer not null,
    version bigint not null,
    event_id uuid not null,
    state json not null,
    made_at timestamptz not null,
    constraint snapshots_pkey primary key (shard, stream, kind),
    constraint snapshots_version_is_positive check (version > 0)
);

comment on table cairn.snapshots is
    'Streams folded up to some event. Nothing but speed depends on them: rows may be deleted.';
comment on column cairn.snapshots.kind is
    'Who folds: the category of a decider, or service and name of a fact, as in order:order_customer.';
comment on column cairn.snapshots.code_version is
    'Version of the code that folded; another one does not use it.';
comment on column cairn.snapshots.version is 'Of the last event that is in the state.';
comment on column cairn.snapshots.event_id is
    'Id of that event. Where the log has another one at this version, the snapshot is of another history.';
comment on column cairn.snapshots.state is 'The state, as its table writes it.';
grant select on cairn.snapshots to cairn_writer, cairn_reader;

-- Snapshot and events in one round trip. What is wrong with a snapshot is found here: it is then
-- only named, and the events come from the first on.
create function cairn.load(
    in_stream text,
    in_kind text,
    in_code_version bigint,
    in_limit bigint
) returns table (
    stream text,
    version bigint,
    "position" bigint,
    type text,
    schema_version integer,
    event_id uuid,
    recorded_at timestamptz,
    data json,
    snapshot text
)
    language plpgsql
    stable
    set search_path = pg_catalog
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
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
comment on function cairn.load(text, text, bigint, bigint) is
    'A stream for one who folds it: first its snapshot, if there is one of this kind, then the events '
    'behind it. Column snapshot is null for events, else usable (data is the state), other-code or '
    'other-event (it cannot be used, and the events come from the first on).';

create function cairn.keep_snapshot(
    in_stream text,
    in_kind text,
    in_code_version bigint,
    in_version bigint,
    in_event_id uuid,
    in_state json,
    out kept boolean
)
    language plpgsql
    security definer
    set search_path = pg_catalog
    set enable_seqscan = off
    set plan_cache_mode = force_generic_plan
as $$
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
comment on function cairn.keep_snapshot(text, text, bigint, bigint, uuid, json) is
    'Keeps a state, if the log has the event it stands on, in place of one that is not newer or is of '
    'another history. Says whether it was kept.';
revoke execute on function cairn.keep_snapshot(text, text, bigint, bigint, uuid, json) from public;
grant execute on function cairn.keep_snapshot(text, text, bigint, bigint, uuid, json) to cairn_writer;
