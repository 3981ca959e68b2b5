-- 0041_outgoing_pages: what a process manager has to deliver is read a page at a time, and for one
-- service apart from the others: one that is away has commands wait in the table, not in memory, and
-- holds up no other.

create function cairn.outgoing_page(
    in_process text,
    in_categories text[],
    in_others boolean,
    in_position bigint,
    in_number bigint,
    in_limit bigint
)
    returns table (
        held boolean,
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
as $$
    select true, o.stream, o.version, o.number::bigint, o.position, o.target, o.command, o.method, o.path,
           o.body, o.traceparent
        from cairn.outgoing o
        where o.process = in_process and (o.position, o.number) > (in_position, in_number)
            and (split_part(o.target, '-', 1) = any (in_categories)) <> in_others
        order by o.position, o.number
        limit in_limit
$$;
comment on function cairn.outgoing_page(text, text[], boolean, bigint, bigint, bigint) is
    'The next commands that a process manager has to deliver to streams of these categories, or of others, in order.';
