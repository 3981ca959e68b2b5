-- 0042_begin_follower: a process manager that is new begins at once, however long the log is, and
-- whatever people have appended to streams of processes.
--
-- Whether a process manager has streams is asked of the index on streams; the whole log was read for
-- it, as soon as any other process manager had written there. And a ProcessAdvanced that a person
-- appended stopped its process manager where a number in it was none, or a command lacked a member:
-- such numbers are null now, and such commands are not sent.

create function cairn.whole_or_null(in_text text) returns bigint
    language sql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
    select case when in_text ~ '^[0-9]{1,18}$' then in_text::bigint end
$$;
comment on function cairn.whole_or_null(text) is 'The whole number that a text says; null if it says none.';

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
    select min(cairn.whole_or_null(e.data ->> 'position')) - 1 into begin_at
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

create or replace function cairn.sent_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (
        stream text,
        version bigint,
        number bigint,
        "position" bigint,
        target text,
        command text,
        method text,
        path text,
        body text,
        traceparent text
    )
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select e.stream, e.version, s.n - 1, e.position, s.sent ->> 'to', s.sent ->> 'command',
           s.sent ->> 'method', s.sent ->> 'path', (s.sent -> 'body')::text, e.meta ->> 'traceparent'
        from cairn.events e, json_array_elements(case when json_typeof(e.data -> 'sent') = 'array' then e.data -> 'sent' end) with ordinality as s(sent, n)
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and s.sent ->> 'to' is not null and s.sent ->> 'command' is not null and s.sent ->> 'method' is not null
            and s.sent ->> 'path' is not null and s.sent -> 'body' is not null
$$;

create or replace function cairn.refused_in_log(in_process text, in_from bigint, in_to bigint)
    returns table (stream text, version bigint, number bigint)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set jit = off
as $$
    select e.stream, cairn.whole_or_null(e.data #>> '{input,version}'),
           cairn.whole_or_null(e.data #>> '{input,number}')
        from cairn.events e
        where e.shard = 0 and e.position > in_from and e.position <= in_to
            and e.type = 'ProcessAdvanced' and split_part(e.stream, '-', 1) = in_process
            and e.data #>> '{input,kind}' = 'refusal'
$$;

create or replace function cairn.was_refused(in_stream text, in_after bigint, in_number bigint) returns boolean
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select exists (
        select from cairn.events e
            where e.shard = 0 and e.stream = in_stream and e.version > in_after
                and e.data #>> '{input,kind}' = 'refusal'
                and cairn.whole_or_null(e.data #>> '{input,version}') = in_after
                and cairn.whole_or_null(e.data #>> '{input,number}') = in_number)
$$;
