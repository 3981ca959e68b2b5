-- tags: creates the functions that read events by their tags, append on conditions about them, and prove
-- and rebuild the table of tags.
--
--     select * from cairn.read_tagged('{course:42}');                           -- in whichever stream
--     select * from cairn.read_tagged('{course:42,student:7}', '{StudentSubscribed}', 120);
--     select * from cairn.append_if(
--         '[{"type": "StudentSubscribed", "data": {}, "tags": ["course:42", "student:7"]}]',
--         '[{"types": ["StudentSubscribed"], "tags": ["course:42"]}]',          -- has none of these come
--         120);                                                                 -- after this position?

create or replace function cairn.check_tags(in_tags text[]) returns void
    language plpgsql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
declare
    wrong record;
begin
    if cardinality(in_tags) > 100 then
        raise exception using errcode = 'CA010',
            message = format('an event has at most 100 tags, not %s', cardinality(in_tags));
    end if;
    select u.tag into wrong
        from unnest(in_tags) as u(tag)
        where u.tag is null or u.tag !~ '^[a-z][a-z0-9_]*:.' or u.tag ~ '[[:cntrl:]]' or octet_length(u.tag) > 200
        limit 1;
    if found then
        raise exception using errcode = 'CA010',
            message = format('%s is not a tag', coalesce(to_json(wrong.tag)::text, 'null')),
            hint = 'Expected a name, ":" and a value, as in course:42, at most 200 bytes.';
    end if;
end
$$;
comment on function cairn.check_tags is 'Refuses what is not a tag.';

create or replace function cairn.json_texts(in_array json, in_name text) returns text[]
    language plpgsql
    immutable
    set search_path = pg_catalog, pg_temp
as $$
begin
    if in_array is null or json_typeof(in_array) = 'null' then
        return null;
    end if;
    if json_typeof(in_array) <> 'array' or exists (
            select from json_array_elements(in_array) as a(item) where json_typeof(a.item) <> 'string') then
        raise exception using errcode = 'CA010',
            message = format('%s must be a JSON array of strings, not %s', in_name, left(in_array::text, 100));
    end if;
    return array(select a.item from json_array_elements_text(in_array) with ordinality as a(item, n) order by a.n);
end
$$;
comment on function cairn.json_texts is 'The strings of a JSON array; null for null.';

-- ---- reading ----

create or replace function cairn.read_tagged(
    in_tags text[],
    in_types text[] default null,
    in_after bigint default 0,
    in_limit bigint default 1000
)
    returns setof cairn.events
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
begin
    if coalesce(cardinality(in_tags), 0) = 0 then
        raise exception using errcode = 'CA010',
            message = 'no tag is named', hint = 'Name at least one, as in ''{course:42}''; cairn.read_all reads the whole log.';
    end if;
    perform cairn.check_tags(in_tags);
    return query
        select e.*
            from cairn.tags t
            join lateral (
                select x.* from cairn.events x where x.shard = 0 and x.position = t.position limit 1) e on true
            where t.shard = 0 and t.tag = in_tags[1] and t.position > in_after
                and (in_types is null or t.type = any (in_types))
                and not exists (
                    select from unnest(in_tags[2:]) as u(tag)
                        where not exists (
                            select from cairn.tags o
                                where o.shard = 0 and o.tag = u.tag and o.position = t.position))
            order by t.position
            limit in_limit;
    perform cairn.await_durable();
end
$$;
comment on function cairn.read_tagged is
    'The events that have all of these tags, and one of the types if any are named, after a position, in order. '
    'Name the rarest tag first: its events are looked at.';

-- The events that parts of decisions are folded from, many by one call, and the head of the log that they
-- are read at. What is decided on them is written to the same log later: it need not wait for a flush.
create or replace function cairn.load_tagged(
    in_tags text[],
    in_types text[],           -- each an array's text
    in_after bigint[],
    in_after_ids uuid[],       -- of the event at that position: if it is another one, all is read
    in_limit bigint            -- events of each tag
) returns table (
    stream text,
    version bigint,
    "position" bigint,
    type text,
    schema_version integer,
    event_id uuid,
    recorded_at timestamptz,
    data json,
    begins boolean,            -- the first row of a tag: position and event_id are those of the head;
                               -- true: from the beginning; false: from in_after
    number bigint              -- index of the tag, from 1
)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
declare
    head bigint;
    head_id uuid;
begin
    select e.position, e.event_id into head, head_id
        from cairn.events e
        where e.shard = 0
        order by e.position desc
        limit 1;
    return query
        select x.stream, x.version, x.position, x.type, x.schema_version, x.event_id, x.recorded_at, x.data,
               x.begins, u.number
            from unnest(in_tags, in_types, in_after, in_after_ids) with ordinality as u(tag, types, after, after_id, number)
            cross join lateral (
                select u.after = 0 or not exists (
                    select from cairn.events a
                        where a.shard = 0 and a.position = u.after and a.event_id = u.after_id) as begins
                offset 0) k
            cross join lateral (
                select null::text as stream, null::bigint as version, coalesce(head, 0) as position,
                       null::text as type, null::integer as schema_version, head_id as event_id,
                       null::timestamptz as recorded_at, null::json as data, k.begins
                union all
                (select e.stream, e.version, e.position, e.type, e.schema_version, e.event_id, e.recorded_at,
                        e.data, null::boolean
                    from cairn.tags t
                    join lateral (
                        select y.* from cairn.events y where y.shard = 0 and y.position = t.position limit 1) e on true
                    where t.shard = 0 and t.tag = u.tag and t.position > case when k.begins then 0 else u.after end
                        and t.type = any (u.types::text[])
                    order by t.position
                    limit in_limit)) x
            order by u.number, x.begins is null, x.position;
end
$$;
comment on function cairn.load_tagged is
    'The events with a tag and one of the types, after a position, to be folded: number says to which tag a row '
    'belongs.';

-- ---- appending on a condition ----

create or replace function cairn.first_match(
    in_query json,
    in_after bigint,
    out "position" bigint,
    out type text
)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
as $$
declare
    item json;
    tags text[];
    types text[];
    found_at record;
    most constant bigint := 10000;
begin
    if in_query is null or json_typeof(in_query) <> 'array' or json_array_length(in_query) = 0 then
        raise exception using errcode = 'CA010',
            message = 'the query must be a JSON array of items',
            hint = 'Such as ''[{"types": ["StudentSubscribed"], "tags": ["course:42"]}]'': a matching event has one of '
                'the types and all of the tags of one item.';
    end if;
    if json_array_length(in_query) > 100 then
        raise exception using errcode = 'CA010',
            message = format('a query has at most 100 items, not %s', json_array_length(in_query));
    end if;
    for item in select a.item from json_array_elements(in_query) as a(item) loop
        if json_typeof(item) <> 'object' or exists (
                select from json_object_keys(item) as k(key) where k.key not in ('types', 'tags')) then
            raise exception using errcode = 'CA010',
                message = format('an item of the query must be an object with "types", "tags" or both, not %s',
                                 left(item::text, 100));
        end if;
        tags := cairn.json_texts(item -> 'tags', 'tags');
        types := cairn.json_texts(item -> 'types', 'types');
        if coalesce(cardinality(tags), 0) = 0 and coalesce(cardinality(types), 0) = 0 then
            raise exception using errcode = 'CA010',
                message = 'an item of the query has neither tags nor types: every event would match',
                hint = 'Name at least a tag.';
        end if;
        perform cairn.check_tags(tags);
        if cardinality(types) = 0 then
            types := null;
        end if;
        if coalesce(cardinality(tags), 0) > 0 then
            select e.position, e.type into found_at
                from cairn.tags e
                where e.shard = 0 and e.tag = tags[1] and e.position > in_after
                    and (types is null or e.type = any (types))
                    and not exists (
                        select from unnest(tags[2:]) as u(tag)
                            where not exists (
                                select from cairn.tags o
                                    where o.shard = 0 and o.tag = u.tag and o.position = e.position))
                order by e.position
                limit 1;
        else
            if cairn.head() - in_after > most then
                raise exception using errcode = 'CA010',
                    message = format('an item of the query has no tags, and %s events have come since %s: at most %s '
                                     'are looked at', cairn.head() - in_after, in_after, most),
                    hint = 'Add a tag to the item, or decide on a later position.';
            end if;
            select e.position, e.type into found_at
                from cairn.events e
                where e.shard = 0 and e.position > in_after and e.type = any (types)
                order by e.position
                limit 1;
        end if;
        if found_at.position is not null and ("position" is null or found_at.position < "position") then
            "position" := found_at.position;
            type := found_at.type;
        end if;
    end loop;
end
$$;
comment on function cairn.first_match is
    'The first event after a position that a query matches: a JSON array of items, of which one has to match, with '
    'one of its types and all of its tags.';

create or replace function cairn.append_if(
    events json,
    query json,
    after bigint,
    category text default 'event',
    out "position" bigint,
    out stream text
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    met record;
    answer record;
begin
    if events is null or json_typeof(events) <> 'array' or json_array_length(events) not between 1 and 1000 then
        raise exception using errcode = 'CA010',
            message = 'the events must be a JSON array of 1 to 1000 events',
            hint = 'Such as ''[{"type": "StudentSubscribed", "data": {}, "tags": ["course:42"]}]''.';
    end if;
    select e.event into met
        from json_array_elements(events) as e(event)
        where json_typeof(e.event) <> 'object'
            or exists (select from json_object_keys(case when json_typeof(e.event) = 'object' then e.event else '{}' end)
                           as k(key) where k.key not in ('type', 'data', 'tags'))
        limit 1;
    if found then
        raise exception using errcode = 'CA010',
            message = format('an event must be an object with "type", "data" and "tags", not %s', left(met.event::text, 100));
    end if;
    if after is null or after < 0 then
        raise exception using errcode = 'CA010',
            message = 'after must be the position of the log that was decided on, 0 for an empty log';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception using errcode = 'CA011',
            message = 'appending needs a transaction of isolation level read committed';
    end if;
    perform cairn.lock_for_people();
    if after > cairn.head() then
        raise exception using errcode = 'CA001',
            message = format('the log ends at %s, before %s', cairn.head(), after),
            hint = 'It was restored, or the position is of another store: read again and decide again.';
    end if;
    select m.position, m.type into met from cairn.first_match(query, after) m;
    if met.position is not null then
        raise exception using errcode = 'CA001',
            message = format('event %s (%s) has come since %s, and the query matches it', met.position, met.type, after),
            hint = 'Read again with cairn.read_tagged and decide again.';
    end if;
    -- The events of one decision are a stream of their own.
    stream := category || '-' || gen_random_uuid();
    select * into answer
        from (select array_agg(gen_random_uuid()) as ids, array_agg(e.event ->> 'type' order by e.n) as types,
                     array_agg(e.event -> 'data' order by e.n) as data, array_agg(e.event -> 'tags' order by e.n) as tags
                  from json_array_elements(events) with ordinality as e(event, n)) e
        cross join lateral cairn.append_for_people(append_if.stream, 0, e.ids, e.types, e.data, e.tags) a;
    "position" := answer.position;
end
$$;
comment on function cairn.append_if is
    'Appends events, all in one new stream of the category, unless an event that the query matches has come after '
    'the position. Returns the position of the last of them.';
revoke execute on function cairn.append_if from public;
grant execute on function cairn.append_if to cairn_writer;

-- A person's condition is looked up before the append that it is for, under the same lock.
create or replace function cairn.lock_for_people() returns void
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform cairn.lock_shard(0::smallint);
end
$$;
comment on function cairn.lock_for_people is 'Called by cairn.append_if.';
revoke execute on function cairn.lock_for_people from public;
grant execute on function cairn.lock_for_people to cairn_writer;

-- ---- the table is what the metas say ----

create or replace function cairn.tags_in_log(in_from bigint, in_to bigint)
    returns table ("position" bigint, stream text, type text, tag text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set jit = off
as $$
    with telling as materialized (
        select e.position, e.stream, e.type, e.meta
            from cairn.events e
            where e.shard = 0 and e.position > in_from and e.position <= in_to
                and strpos(e.meta::text, '"tags"') > 0
                and (strpos(e.meta::text, '\u') = 0 or cairn.accepted_by_jsonb(e.meta))
    )
    select distinct t.position, t.stream, t.type, a.tag
        from telling t
        cross join lateral json_array_elements_text(
            case when json_typeof(t.meta -> 'tags') = 'array' then t.meta -> 'tags' else '[]' end) as a(tag)
        where a.tag is not null
$$;
comment on function cairn.tags_in_log is 'The tags of the events in a range, from their metas.';

create or replace function cairn.verify_tags(in_from bigint default 0, in_to bigint default null)
    returns table ("check" text, "position" bigint, stream text, problem text)
    language plpgsql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
as $$
begin
    return query
    select 'tags', l.position, l.stream,
           case when t.type is null then format('the log has the tag %s, the table does not', l.tag)
                else format('the table says of the tag %s that the event is a %s', l.tag, t.type) end
        from cairn.tags_in_log(in_from, coalesce(in_to, cairn.head())) l
        left join lateral (
            select k.type from cairn.tags k
                where k.shard = 0 and k.tag = l.tag and k.position = l.position
                limit 1) t on true
        where t.type is distinct from l.type;
end
$$;
comment on function cairn.verify_tags is 'Tags of the events in a range that cairn.tags lacks.';

create or replace function cairn.verify_table_of_tags(in_from bigint default 0)
    returns table ("check" text, "position" bigint, stream text, problem text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set jit = off
as $$
    select 'tags', t.position, e.stream, format('the table has the tag %s, the log does not', t.tag)
        from cairn.tags t
        left join cairn.events e on e.shard = 0 and e.position = t.position
        where t.shard = 0 and t.position > in_from
            and (e.position is null
                 or (strpos(e.meta::text, to_json(t.tag)::text) = 0
                     and not exists (select from cairn.tags_in_log(t.position - 1, t.position) l where l.tag = t.tag)))
$$;
comment on function cairn.verify_table_of_tags is
    'Rows of cairn.tags that the log does not have. Reads the whole table.';

create or replace function cairn.rebuild_tags() returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    made bigint := 0;
    added bigint;
    range_from bigint := 0;
    head bigint;
begin
    perform cairn.lock_shard(0::smallint);
    perform set_config('idle_in_transaction_session_timeout', '0', true);
    head := cairn.head();
    while range_from < head loop
        insert into cairn.tags (shard, tag, position, type)
            select 0, l.tag, l.position, l.type
                from cairn.tags_in_log(range_from, range_from + 100000) l
            on conflict on constraint tags_pkey do nothing;
        get diagnostics added = row_count;
        made := made + added;
        range_from := range_from + 100000;
    end loop;
    return made;
end
$$;
comment on function cairn.rebuild_tags is
    'Adds what cairn.tags lacks of the log, while appends wait. Returns how many rows it added.';
revoke execute on function cairn.rebuild_tags from public;
