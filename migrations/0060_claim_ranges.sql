-- 0060_claim_ranges: lets a stream claim a range of numbers under a key, such as the days of a room, of
-- which no other claim may cover a part.
--
-- A range is a claim like any other, so that it is recorded in the same metas, verified and rebuilt by the
-- same functions. Its key ends with the range, from its first number up to but not including its last:
-- '0193a1c2-… [739915,739918)'. The claims of one key never overlap, hence the one that begins last before
-- the end of a range is the only one that can cover a part of it.

create or replace function cairn.range_key(in_key text) returns text
    language sql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select case when right(in_key, 1) = ')'
                then substring(in_key from '^(.+) \[-?[0-9]{1,18},-?[0-9]{1,18}\)$') end
$$;
comment on function cairn.range_key is 'The key of a claimed range without the range; null: not a range.';

create or replace function cairn.range_from(in_key text) returns bigint
    language sql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select substring(in_key from ' \[(-?[0-9]{1,18}),-?[0-9]{1,18}\)$')::bigint
$$;
comment on function cairn.range_from is 'The first number of a claimed range.';

create or replace function cairn.range_to(in_key text) returns bigint
    language sql
    immutable
    strict
    parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select substring(in_key from ' \[-?[0-9]{1,18},(-?[0-9]{1,18})\)$')::bigint
$$;
comment on function cairn.range_to is 'The number at which a claimed range ends, itself not claimed.';

create index if not exists claims_range_idx
    on cairn.claims (shard, scope, cairn.range_key(key), cairn.range_from(key))
    where cairn.range_key(key) is not null;
