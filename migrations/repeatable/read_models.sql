-- read_models: creates the functions that operators and the projector call about read models.

create or replace function cairn.request_rebuild(
    in_projection text,
    in_diff boolean default false,
    out rebuild bigint,
    out is_new boolean
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    version integer;
begin
    select g.code_version into version
        from cairn.generations g
        where g.projection = in_projection and g.state <> 'dropped'
        order by g.live desc, g.generation desc
        limit 1;
    if version is null then
        raise exception using errcode = 'CA015', message = format('there is no read model %s', in_projection);
    end if;
    loop
        insert into cairn.rebuilds (projection, code_version, cause, diff)
            values (in_projection, version, 'request', in_diff)
            on conflict do nothing
            returning rebuilds.rebuild into rebuild;
        is_new := rebuild is not null;
        exit when is_new;
        update cairn.rebuilds r
            set diff = r.diff or in_diff
            where r.projection = in_projection and r.code_version = version and r.ended_at is null
            returning r.rebuild into rebuild;
        exit when rebuild is not null; -- else it has just ended
    end loop;
end
$$;
comment on function cairn.request_rebuild is
    'Requests a new generation of a read model from the projector. Returns the rebuild: one in progress, '
    'if there is one; it is compared, too, if that is requested.';
revoke execute on function cairn.request_rebuild from public;
grant execute on function cairn.request_rebuild to cairn_projector;

create or replace function cairn.request_rollback(
    in_projection text,
    in_generation integer default null,
    out switch bigint,
    out generation integer,
    out code_version integer
)
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    select g.generation, g.code_version into generation, code_version
        from cairn.generations g
        where g.projection = in_projection and g.state = 'following' and g.complete_at is not null
            and not g.live
            and (in_generation is null or g.generation = in_generation)
            and (in_generation is not null or g.left_at is not null
                or g.code_version < (select l.code_version from cairn.generations l
                    where l.projection = in_projection and l.live))
        order by g.left_at desc nulls last, g.generation desc
        limit 1;
    if generation is null then
        raise exception using errcode = 'CA015',
            message = case when in_generation is null
                then format('there is no generation of %s to switch back to', in_projection)
                else format('generation %s of %s is not kept up to date, or is the one that is read', in_generation, in_projection) end;
    end if;
    insert into cairn.switches (projection, code_version, generation, cause)
        values (in_projection, request_rollback.code_version, request_rollback.generation, 'rollback')
        returning switches.switch into switch;
end
$$;
comment on function cairn.request_rollback is
    'Requests that queries switch to a generation: the previous one, or the named one.';
revoke execute on function cairn.request_rollback from public;
grant execute on function cairn.request_rollback to cairn_projector;

create or replace function cairn.count_parked_keys(in_projection text, in_generation bigint) returns bigint
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_hashagg = off
    set enable_sort = off
    set max_parallel_workers_per_gather = 0
    set jit = off
as $$
    select count(*)
        from (select distinct p.key
                  from cairn.parked p
                  where p.projection = in_projection and p.generation = in_generation) k
$$;
comment on function cairn.count_parked_keys is
    'How many keys of a generation are parked, counted along the primary key alone: 30 ms for 100,000.';

create or replace function cairn.retry_parked(
    in_projection text,
    in_key text default null
) returns bigint
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    with asked as (
        update cairn.parked p set request = 'retry'
            where p.projection = in_projection
                and (in_key is null or p.key = in_key)
                and p.position = (select min(q.position) from cairn.parked q
                    where q.projection = p.projection and q.generation = p.generation
                        and q.key = p.key)
            returning p.key
    )
    select count(distinct key) from asked
$$;
comment on function cairn.retry_parked is
    'Requests that the projector applies the parked events of a key (null: of all keys) again, in order. '
    'Returns the number of keys.';
revoke execute on function cairn.retry_parked from public;
grant execute on function cairn.retry_parked to cairn_projector;

create or replace function cairn.skip_parked(
    in_projection text,
    in_key text,
    in_position bigint
) returns bigint
    language sql
    set search_path = pg_catalog, pg_temp
as $$
    with asked as (
        update cairn.parked p set request = 'skip'
            where p.projection = in_projection and p.key = in_key and p.position = in_position
                and not exists (select from cairn.parked q
                    where q.projection = p.projection and q.generation = p.generation
                        and q.key = p.key and q.position < p.position)
            returning p.key
    )
    select count(distinct key) from asked
$$;
comment on function cairn.skip_parked is
    'Requests that the projector continues with a key without its failed event, which must be the first '
    'of the key. Returns 1, or 0 if it is not.';
revoke execute on function cairn.skip_parked from public;
grant execute on function cairn.skip_parked to cairn_projector;

create or replace function cairn.standing_on(in_relation regclass) returns text
    language sql
    stable
    set search_path = pg_catalog, pg_temp
as $$
    select string_agg(d.name, ', ' order by d.name)
        from (select distinct coalesce(
                         (select case v.relkind when 'm' then 'materialized view ' else 'view ' end
                                     || n.nspname || '.' || v.relname
                              from pg_rewrite r
                              join pg_class v on v.oid = r.ev_class
                              join pg_namespace n on n.oid = v.relnamespace
                              where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid),
                         pg_describe_object(d.classid, d.objid, d.objsubid)) as name
                  from pg_depend d
                  where d.refclassid = 'pg_class'::regclass and d.refobjid = in_relation
                      and d.deptype = 'n'
                      and not exists (select from pg_rewrite r
                                          where d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
                                              and r.ev_class = in_relation)) d
$$;
comment on function cairn.standing_on is
    'Views and other objects that depend on a table or view and keep it from being dropped; null if there '
    'are none.';

create or replace function cairn.show_view(in_name text, in_select text) returns text
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    shown regclass := to_regclass(format('read.%I', in_name));
    grants text[];
    columns text[]; -- of each grant; null: on the view
    others text;
    unread record; -- a table that the view shows, and its owner may not read: another role made it
begin
    begin
        execute format('create or replace view read.%I as %s', in_name, in_select);
        for unread in
            select distinct d.refobjid::regclass as name, v.relowner
                from pg_class v
                join pg_rewrite r on r.ev_class = v.oid
                join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                join pg_class t on t.oid = d.refobjid and t.relkind = 'r'
                where v.oid = to_regclass(format('read.%I', in_name)) and d.refclassid = 'pg_class'::regclass
                    and not has_table_privilege(v.relowner, t.oid, 'select')
        loop
            execute format('grant select on %s to %I', unread.name, pg_get_userbyid(unread.relowner));
        end loop;
        return null;
    exception when invalid_table_definition then
        null; -- the columns differ
    end;
    others := cairn.standing_on(shown);
    if others is not null then
        return others;
    end if;
    select array_agg(format('grant %s%s on read.%I to %s%s', a.privilege_type, a.columns, in_name,
                            case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                            case when a.is_grantable then ' with grant option' else '' end)),
           array_agg(a.attname) into grants, columns
        from (select x.*, '' as columns, null::text as attname
                  from pg_class c, aclexplode(c.relacl) x
                  where c.oid = shown and x.grantee <> c.relowner
              union all
              select x.*, format(' (%I)', t.attname), t.attname::text
                  from pg_attribute t, aclexplode(t.attacl) x
                  where t.attrelid = shown and not t.attisdropped) a;
    execute format('drop view read.%I', in_name);
    execute format('create view read.%I as %s', in_name, in_select);
    shown := to_regclass(format('read.%I', in_name));
    for i in 1 .. coalesce(cardinality(grants), 0) loop
        if columns[i] is null or exists (select from pg_attribute t
                                             where t.attrelid = shown and t.attname = columns[i]) then
            execute grants[i];
        end if;
    end loop;
    return null;
end
$$;
comment on function cairn.show_view is
    'Replaces the view read.NAME and keeps its grants. Returns the objects that depend on it and prevent '
    'that, where its columns change.';

create or replace function cairn.verify_checkpoints()
    returns table (projection text, generation integer, "position" bigint, problem text)
    language sql
    stable
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
as $$
    select c.projection, c.generation, c.position,
           case when c.position > cairn.head() then format('is ahead of the log, which ends at %s', cairn.head())
                else 'contains an event that the log does not have' end
        from cairn.checkpoints c
        where c.shard = 0 and c.position > 0
            and not exists (select from cairn.events e
                                where e.shard = 0 and e.position = c.position and e.event_id = c.event_id)
$$;
comment on function cairn.verify_checkpoints is
    'Generations of read models that were built from another history than this log.';
