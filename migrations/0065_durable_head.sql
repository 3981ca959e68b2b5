-- 0065_durable_head: creates the registers that say which appends may not be on disk yet.
--
-- A batch that is appended while others wait commits before its flush, so that the next one can begin;
-- one flush then covers both (see cairn.append_batch, in_deferred). Sequences, because what they hold is
-- visible at once, to everybody, and leaves no dead rows behind.

create sequence if not exists cairn.deferred_head as bigint minvalue 0 start with 0 cache 1;
create sequence if not exists cairn.durable_head as bigint minvalue 0 start with 0 cache 1;

comment on sequence cairn.deferred_head is
    'The newest position that was committed before its flush. Events above it were flushed by their commit.';
comment on sequence cairn.durable_head is
    'All events up to this position are flushed. There may be more: cairn.await_durable finds out.';
grant select on sequence cairn.deferred_head, cairn.durable_head
    to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;

-- It gets one more parameter and two more results.
drop function if exists cairn.append_batch(
    text[], bigint[], bigint[], bigint[], bigint[], bigint[], uuid[], bigint[], uuid[], bigint[], bigint[],
    text[], uuid[], text[], bigint[], json[], json[], bigint[], bigint[], text[], bigint[], text[], text[],
    bigint[], text[], bytea[], bytea[], bigint[], bigint[], bigint[], text[], text[], bigint[], boolean);
