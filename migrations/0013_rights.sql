-- 0013_rights: no function of the store runs what its caller has brought along.
--
-- PostgreSQL looks for types among the caller's temporary objects first, unless search_path names
-- pg_temp itself, further back. With pg_catalog alone, a cairn_writer could make a domain
-- pg_temp.timestamptz whose check calls a function of his own, and cairn.append_events, which runs
-- as the owner, would have called it as the owner: enough to take the trigger off the log. Every
-- function here, and every one that a later migration brings, names pg_temp last.

do $$
declare
    routine regprocedure;
begin
    for routine in
        select p.oid::regprocedure
            from pg_catalog.pg_proc p
            where p.pronamespace = 'cairn'::regnamespace and 'search_path=pg_catalog' = any (p.proconfig)
    loop
        execute format('alter routine %s set search_path = pg_catalog, pg_temp', routine);
    end loop;
end
$$;
