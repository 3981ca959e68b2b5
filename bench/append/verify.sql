-- verify.sql: prints "right" if the log has :events events and :commands commands, positions 1, 2,
-- 3, ... and in each stream versions 1, 2, 3, ..., all without gaps; else what is wrong. Positions
-- and versions are unique, so that the largest is as good as a look at all of them.

with log as (
    select count(*) as events, coalesce(max(position), 0) as head from cairn.events
), uneven as (
    select count(*) as streams
        from (select from cairn.events group by stream having max(version) <> count(*) or min(version) <> 1) s
), commands as (
    select count(*) as count from cairn.executed_commands
)
select case
           when events <> :events then format('there are %s events, not %s', events, :events)
           when head <> events then format('%s events, but the last has position %s', events, head)
           when streams > 0 then format('%s streams have gaps in their versions', streams)
           when count <> :commands then format('there are %s commands, not %s', count, :commands)
           else 'right'
       end
    from log, uneven, commands;
