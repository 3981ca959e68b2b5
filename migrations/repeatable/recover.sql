-- recover: creates the functions that start a new epoch after a restore, and that import a log.

create or replace function cairn.end_sessions(
    out ended bigint,
    out left_over text
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
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
comment on function cairn.end_sessions is
    'Ends the other sessions of this database, whose knowledge of the timeline is out of date. left_over '
    'names those that it may not end.';
revoke execute on function cairn.end_sessions from public;

create or replace function cairn.set_timeline(
    in_store_id uuid,
    in_epoch bigint,
    out ended bigint,
    out left_over text,
    out carried_over bigint
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
    set lock_timeout = '10s'
as $$
begin
    -- No session reads the old timeline after these have ended: a new one waits for this commit.
    select s.ended into set_timeline.ended from cairn.end_sessions() s;
    lock table cairn.store in access exclusive mode;
    select s.ended + set_timeline.ended, s.left_over into set_timeline.ended, set_timeline.left_over
        from cairn.end_sessions() s;
    update cairn.store set store_id = in_store_id, epoch = in_epoch;
    -- Generations that were built from this log continue from where they are.
    update cairn.checkpoints c set epoch = in_epoch, stopped = null
        where c.epoch <> in_epoch
            and not exists (select from cairn.verify_checkpoints() v
                                where v.projection = c.projection and v.generation = c.generation);
    get diagnostics carried_over = row_count;
end
$$;
comment on function cairn.set_timeline is
    'Makes this the only timeline, and moves the read models that belong to the log to it.';
revoke execute on function cairn.set_timeline from public;

create or replace function cairn.recover(
    out old_epoch bigint,
    out new_epoch bigint,
    out head bigint,
    out ended bigint,
    out left_over text,
    out carried_over bigint,
    out claims bigint,
    out commands bigint
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    first record;
begin
    select s.ended into first from cairn.end_sessions() s; -- one of them may hold the lock
    perform cairn.lock_log();
    perform cairn.note_promotion(true, 'cairn recover', null);
    claims := cairn.rebuild_claims();
    commands := cairn.rebuild_commands();
    perform cairn.rebuild_tags();
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    select s.epoch into old_epoch from cairn.store s;
    new_epoch := old_epoch + 1;
    select first.ended + t.ended, t.left_over, t.carried_over
        into recover.ended, recover.left_over, recover.carried_over
        from cairn.store s, cairn.set_timeline(s.store_id, s.epoch + 1) t;
    head := cairn.head();
end
$$;
comment on function cairn.recover is
    'After a restore to an older state: rebuilds claims and commands from the log and starts a new epoch.';
revoke execute on function cairn.recover from public;

create or replace function cairn.begin_import() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform cairn.lock_shard(0::smallint);
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    perform set_config('statement_timeout', '0', true);
    if cairn.head() > 0 or exists (select from cairn.claims) or exists (select from cairn.commands) then
        raise exception using errcode = 'CA012',
            message = format('the store is not empty: it has %s events', cairn.head()),
            hint = 'Import into an empty database.';
    end if;
end
$$;
comment on function cairn.begin_import is
    'Acquires the lock and refuses a store that is not empty. The events are then copied into '
    'cairn.events.';
revoke execute on function cairn.begin_import from public;

create or replace function cairn.finish_import(
    in_store_id uuid,
    in_epoch bigint,
    in_events bigint,
    out claims bigint,
    out commands bigint,
    out ended bigint,
    out left_over text
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
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
    perform cairn.rebuild_tags();
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    select t.ended, t.left_over into finish_import.ended, finish_import.left_over
        from cairn.set_timeline(in_store_id, in_epoch) t;
end
$$;
comment on function cairn.finish_import is
    'Proves the order of what was copied, derives event_types, claims and commands from it, and adopts '
    'its timeline.';
revoke execute on function cairn.finish_import from public;
