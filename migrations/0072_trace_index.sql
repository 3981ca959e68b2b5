-- 0072_trace_index: creates the index by which `cairn trace` finds events under their correlation, or their id.
--
-- A BRIN index of bloom filters: some 3 KB for 64 pages of the log, which an append does not write to. A
-- B-tree would cost each event a descent to a random leaf. The correlation is the first member of the
-- meta of each event that a service has appended: the expression cuts it out of the text, which costs less
-- than parsing it. A search compares the parsed value, too (docs/decisions/0036).

create index if not exists events_trace_idx on cairn.events using brin (
    split_part(substr(meta::text, 20, 100), '"', 1) text_bloom_ops (n_distinct_per_range = 1000),
    event_id uuid_bloom_ops (n_distinct_per_range = 1000)
) with (pages_per_range = 64, autosummarize = on);
comment on index cairn.events_trace_idx is
    'Events by correlation (of metas that begin with it), and by id: says which 64 pages may have them.';
