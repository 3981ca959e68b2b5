-- verify.sql - prints "right" if the log has at least :least events and at most :most, for what was
-- under way when the load ended was never answered, and positions and versions without gaps; else
-- what is wrong.

with log as (
    select count(*) as events, coalesce(max(position), 0) as head from cairn.events
), uneven as (
    select count(*) as streams
        from (select from cairn.events group by stream having max(version) <> count(*) or min(version) <> 1) s
)
select case
           when events not between :least and :most
               then format('there are %s events, not %s to %s', events, :least, :most)
           when head <> events then format('%s events, but the last has position %s', events, head)
           when streams > 0 then format('%s streams have gaps in their versions', streams)
           else 'right'
       end
    from log, uneven;
