-- servers: creates the functions that notice that the log continues on another PostgreSQL server, and
-- begin an epoch where events may be missing that were acknowledged.
--
-- Nothing is missing if the last append before waited for a synchronous standby, and this server was promoted
-- and not restored. A server that was restored from an archive has a restore_command: PostgreSQL does not recover
-- from one without it.

create or replace function cairn.server_timeline() returns text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
    select left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
$$;
comment on function cairn.server_timeline is 'The timeline of PostgreSQL that this server writes on.';

-- Null: nothing is missing.
create or replace function cairn.why_events_may_be_missing() returns text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
    select case
            when s.system_identifier <> c.system_identifier then 'this is another PostgreSQL system: a copy, or restored'
            when not s.replicated then 'the last append did not wait for a synchronous standby'
            when current_setting('restore_command') <> '' then
                'restore_command is set: this server may have been restored from an archive'
            end
        from cairn.store s, pg_control_system() c
$$;
comment on function cairn.why_events_may_be_missing is
    'Why events may be missing that were acknowledged before this server was promoted.';
revoke execute on function cairn.why_events_may_be_missing from public;

create or replace function cairn.note_promotion(in_is_new_epoch boolean, in_reason text, in_left_over text)
    returns void
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    select setval('cairn.known_server', 0);
    update cairn.store s
        set server_timeline = cairn.server_timeline(),
            system_identifier = c.system_identifier,
            replicated = s.replicated and not in_is_new_epoch
        from pg_control_system() c;
    insert into cairn.promotions
            (server_timeline, system_identifier, head, epoch, is_new_epoch, reason, left_over)
        select s.server_timeline, s.system_identifier, cairn.head(), s.epoch, in_is_new_epoch, in_reason, in_left_over
            from cairn.store s
$$;
comment on function cairn.note_promotion is 'Records that the log continues on this server.';
revoke execute on function cairn.note_promotion from public;

create or replace function cairn.adopt_server() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform cairn.lock_log();
    perform cairn.note_promotion(false, 'an operator says that nothing is missing', null);
end
$$;
comment on function cairn.adopt_server is
    'For the owner, before services connect: nothing that was acknowledged is missing here, for example after pg_upgrade.';
revoke execute on function cairn.adopt_server from public;

-- Called by what writes events: whether they will have waited for a standby when they are acknowledged. It is known to
-- the standby with them, and to no other one before.
create or replace function cairn.note_replication() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    if (select s.replicated from cairn.store s) <> (current_setting('synchronous_standby_names') <> '') then
        perform setval('cairn.known_server', 0);
        update cairn.store set replicated = not replicated;
    end if;
end
$$;
comment on function cairn.note_replication is 'Records whether the events of this transaction wait for a standby.';
revoke execute on function cairn.note_replication from public;

-- Called under the lock where cairn.known_server does not say that all is as before. An epoch cannot begin here: the
-- session has read the epoch before.
create or replace function cairn.note_server() returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    known record;
    why text;
begin
    select s.server_timeline, s.replicated into known from cairn.store s;
    if known.server_timeline = cairn.server_timeline() then
        -- A transaction that has written may have changed the row itself. Where commits wait for a standby, what only
        -- looks must not write: the row is read each time, 20 us of an append that waits for the network.
        if not known.replicated and current_setting('synchronous_standby_names') = ''
                and pg_current_xact_id_if_assigned() is null then
            perform setval('cairn.known_server',
                           2 * ('x' || known.server_timeline)::bit(32)::bigint + known.replicated::integer);
        end if;
        return;
    end if;
    why := cairn.why_events_may_be_missing();
    if why is not null then
        raise exception using errcode = 'CA019',
            message = format('a new epoch has to begin before the next append: %s', why),
            hint = 'A service that connects begins it; or run cairn recover.';
    end if;
    perform cairn.note_promotion(false, 'the last append was on a synchronous standby', null);
end
$$;
comment on function cairn.note_server is 'Records on which server the log is continued; or refuses that.';
revoke execute on function cairn.note_server from public;

-- The number of the epoch grows with PostgreSQL's timeline, which no other server has: one that was promoted before,
-- and that this one knows nothing of, may have begun an epoch, too.
create or replace function cairn.begin_epoch(in_reason text) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    left_over text;
    step bigint;
begin
    select greatest(1, ('x' || cairn.server_timeline())::bit(32)::bigint
                       - ('x' || lpad(s.server_timeline, 8, '0'))::bit(32)::bigint) into step
        from cairn.store s;
    select t.left_over into left_over
        from cairn.store s, cairn.set_timeline(s.store_id, s.epoch + step) t;
    perform cairn.note_promotion(true, in_reason, left_over);
end
$$;
comment on function cairn.begin_epoch is
    'Begins an epoch on the server that the log continues on. Claims, commands and tags are of the same history as the events.';
revoke execute on function cairn.begin_epoch from public;

-- The timeline of PostgreSQL is 0 on a standby.
create or replace function cairn.open_timeline(
    out store_id uuid,
    out epoch bigint,
    out system_identifier bigint,
    out server_timeline bigint
)
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
declare
    why text;
    known text;
    known_system bigint;
begin
    select c.system_identifier into open_timeline.system_identifier from pg_control_system() c;
    select s.store_id, s.epoch, s.server_timeline, s.system_identifier
        into open_timeline.store_id, open_timeline.epoch, known, known_system
        from cairn.store s;
    server_timeline := 0;
    if pg_is_in_recovery() then
        return;
    end if;
    server_timeline := ('x' || cairn.server_timeline())::bit(32)::bigint;
    if known = cairn.server_timeline() and known_system = open_timeline.system_identifier then
        return;
    end if;
    if current_setting('transaction_read_only') = 'on' then
        why := cairn.why_events_may_be_missing();
        if why is not null then
            raise exception using errcode = 'CA019',
                message = format('a new epoch has to begin first: %s', why),
                hint = 'A service that connects, and may write, begins it; or run cairn recover.';
        end if;
        return;
    end if;
    perform cairn.lock_log();
    why := cairn.why_events_may_be_missing(); -- another session may have been first
    if (select s.server_timeline <> cairn.server_timeline() or s.system_identifier <> open_timeline.system_identifier
            from cairn.store s) then
        if why is null then
            perform cairn.note_promotion(false, 'the last append was on a synchronous standby', null);
        else
            perform cairn.begin_epoch(why);
        end if;
    end if;
    select s.epoch into open_timeline.epoch from cairn.store s;
end
$$;
comment on function cairn.open_timeline is
    'Called on each connection: the identity of the store and its epoch. On a server that was promoted, or restored, '
    'begins an epoch if events may be missing that were acknowledged.';
revoke execute on function cairn.open_timeline from public;
grant execute on function cairn.open_timeline to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;
