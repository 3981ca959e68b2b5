-- 0084_trace_index: replaces the index by which `cairn trace` finds events: by correlation, by id, and now by trace.
--
-- The filters of 0072 were made for 1,000 events in 64 pages; small events are 3,000, and every third filter
-- said yes to any value: a search read a third of the log. These have room for the smallest events: one
-- range of 300 has the value by mistake. 7 KB for 32 pages of the log, written by vacuum, not by an append
-- (docs/decisions/0050).
--
-- A large log may get the index before, while services append: `create index concurrently` with the text below.

create index if not exists events_traces_idx on cairn.events using brin (
    split_part(substr(meta::text, 20, 100), '"', 1)
        text_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.003),
    event_id uuid_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.003),
    left(split_part(meta::text, '"traceparent":"00-', 2), 32)
        text_bloom_ops (n_distinct_per_range = 1500, false_positive_rate = 0.003)
) with (pages_per_range = 32, autosummarize = on);
comment on index cairn.events_traces_idx is
    'Events by correlation (of metas that begin with it), by id, and by trace: says which 32 pages may have them.';

drop index if exists cairn.events_trace_idx;
drop function if exists cairn.find_trace(text, bigint);
