-- 0071_freezing: has the append-only tables vacuumed, and frozen, as they grow.
--
-- Their rows are never changed, so they can be frozen as soon as every session sees them. The defaults leave
-- that to the vacuum against wraparound of transaction ids, which then reads and writes the whole log at once.
-- The vacuum that makes index-only scans possible visits the same pages anyway: it freezes them, too. The
-- number of new rows after which it runs is fixed: a share of a long log would be millions of rows that it
-- has to write at once, long after they have left the cache (docs/decisions/0028).

alter table cairn.events set (
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 200000,
    autovacuum_freeze_min_age = 0
);
alter table cairn.tags set (
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 200000,
    autovacuum_freeze_min_age = 0
);
