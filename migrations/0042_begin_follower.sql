-- 0042_begin_follower: a process manager that is new begins at once, however long the log is. Whether
-- it has streams is asked of the index on streams; the whole log was read for it, as soon as any
-- other process manager had written there.

create or replace function cairn.begin_follower(in_name text, in_process text, in_from_start boolean)
    returns boolean
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
declare
    begin_at bigint;
begin
    if exists (select from cairn.followers f where f.name = in_name) then
        return false;
    end if;
    -- Streams are the category, "-" and an id; "." is the character behind "-".
    select min((e.data ->> 'position')::bigint) - 1 into begin_at
        from cairn.events e
        where in_process is not null and e.shard = 0
            and e.stream >= in_process || '-' and e.stream < in_process || '.'
            and e.type = 'ProcessAdvanced';
    if begin_at is not null then
        perform cairn.rebuild_process(in_process);
    elsif in_from_start then
        begin_at := 0;
    else
        begin_at := cairn.head();
    end if;
    insert into cairn.followers (name, position) values (in_name, greatest(begin_at, 0))
        on conflict on constraint followers_pkey do nothing;
    return found;
end
$$;
