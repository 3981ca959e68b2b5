-- 0038_views_of_others: what people have made of a read model is in nobody's way, or is named.
--
-- A rebuild dropped the view read.NAME and made it anew: the grants on it were lost, and where a view of
-- somebody's stood on it, it could not be dropped, and the rebuild waited for ever. A table that one
-- stood on could not be dropped either, and nothing else was done for that read model any more.

alter table cairn.generations add column in_the_way text;
comment on column cairn.generations.in_the_way is
    'Objects that stand on its table, which cannot be dropped for them; tried again now and then.';

create function cairn.standing_on(in_relation regclass) returns text
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
comment on function cairn.standing_on(regclass) is
    'Views and other objects that a table or view cannot be dropped for; null if there are none.';

create function cairn.show_view(in_name text, in_select text) returns text
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
declare
    shown regclass := to_regclass(format('read.%I', in_name));
    grants text[];
    columns text[]; -- that they are on; null: on the view
    others text;
begin
    begin
        execute format('create or replace view read.%I as %s', in_name, in_select);
        return null;
    exception when invalid_table_definition then
        null; -- the columns are others
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
comment on function cairn.show_view(text, text) is
    'Has the view read.NAME show this, and keeps its grants. Returns what is in the way: what stands on it, where its columns change.';
