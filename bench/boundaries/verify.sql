-- verify.sql: prints "right" if each of the newest :count events, which a load with boundaries has written,
-- has the tags that its meta says, two of them; else what is wrong.

with newest as (
    select e.position, e.meta from cairn.events e where e.position > (select max(position) from cairn.events) - :count
), tagged as (
    select n.position,
           (select count(*) from cairn.tags t where t.shard = 0 and t.position = n.position
                and t.tag = any (array(select json_array_elements_text(n.meta -> 'tags')))) as rows
        from newest n
)
select case
           when count(*) <> :count then format('there are %s events, not %s', count(*), :count)
           when count(*) filter (where rows <> 2) > 0
               then format('%s events do not have their two tags', count(*) filter (where rows <> 2))
           else 'right'
       end
    from tagged;
