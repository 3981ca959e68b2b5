-- schema.sql: describes the schemas of the store, one line per object: definition, comment, privileges.
-- Two databases have the same schema if the results are equal. Privileges of owners are left out.
with spaces as (
    select n.* from pg_namespace n where n.nspname in ('cairn', 'read', 'notification')
), relations as (
    -- the tables and views of schema read are made by projectors
    select c.* from pg_class c join spaces n on n.oid = c.relnamespace where n.nspname <> 'read'
), functions as (
    select p.* from pg_proc p join spaces n on n.oid = p.pronamespace where n.nspname <> 'read'
), grants as (
    select x.object, string_agg(x.role || '=' || x.privilege, ', ' order by x.role, x.privilege) as said
        from (
            select n.oid as object, coalesce(nullif(a.grantee, 0)::regrole::text, 'public') as role,
                   a.privilege_type as privilege
                from spaces n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                where a.grantee <> n.nspowner
            union all
            select c.oid, coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), a.privilege_type
                from relations c, aclexplode(c.relacl) a
                where a.grantee <> c.relowner
            union all
            select p.oid, coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), a.privilege_type
                from functions p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                where a.grantee <> p.proowner
        ) x
        group by x.object
)
select format('schema %s: %s; %s', n.nspname, g.said, obj_description(n.oid, 'pg_namespace')) as line
    from spaces n left join grants g on g.object = n.oid
union all
select format('relation %s of kind %s: %s; %s; %s', c.oid::regclass, c.relkind, c.reloptions, g.said,
              obj_description(c.oid, 'pg_class'))
    from relations c left join grants g on g.object = c.oid
union all
select format('view %s: %s', c.oid::regclass, pg_get_viewdef(c.oid)) from relations c where c.relkind = 'v'
union all
select format('column %s of %s: %s %s, not null: %s, identity: %s, default: %s, collation: %s; %s', a.attnum,
              c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
              pg_get_expr(d.adbin, d.adrelid), (select o.collname from pg_collation o where o.oid = a.attcollation),
              col_description(c.oid, a.attnum))
    from relations c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'v')
union all
select format('constraint %s of %s: %s', k.conname, c.oid::regclass, pg_get_constraintdef(k.oid))
    from relations c join pg_constraint k on k.conrelid = c.oid
    where k.contype <> 'n' -- not null, which PostgreSQL 18 lists here, too
union all
select pg_get_indexdef(i.indexrelid) from relations c join pg_index i on i.indrelid = c.oid
union all
select format('%s; enabled: %s', pg_get_triggerdef(t.oid), t.tgenabled)
    from relations c join pg_trigger t on t.tgrelid = c.oid
    where not t.tgisinternal
union all
select format('function %s: %s; %s; %s', p.oid::regprocedure, pg_get_functiondef(p.oid), g.said,
              obj_description(p.oid, 'pg_proc'))
    from functions p left join grants g on g.object = p.oid
