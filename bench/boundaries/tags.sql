-- tags.sql: gives the events that bench/append/fill.sql has made two tags each, that of an account and that
-- of a branch, as many of each as there are :streams. Their metas do not say so: nothing here reads them.

insert into cairn.tags (shard, tag, position, type)
select 0, t.tag, e.position, e.type
    from cairn.events e
    cross join lateral (
        values ('account:' || e.position % :streams || '-0'),
               ('branch:' || e.position * 7919 % :streams || '-0')) as t(tag);

vacuum (analyze) cairn.tags;
