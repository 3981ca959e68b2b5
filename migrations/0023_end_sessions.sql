-- 0023_end_sessions: a recovery ends, and counts, also who came meanwhile.
--
-- A transaction looks at pg_stat_activity once and remembers it. So the second look of a recovery
-- saw those that the first had ended, named them as left over, and missed who had connected since.

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
