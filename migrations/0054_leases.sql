-- 0054_leases: creates the table of leases: which process does what only one may do at a time, such as
-- a projection, a process manager, the publisher of the bus.
--
-- A lease is a row, not an advisory lock: a frozen process would keep a lock for as long as its
-- connection lives. The owner sends heartbeats; without them the lease expires, and the next owner
-- gets a higher fence. The lease by itself prevents no write: every write under it carries the fence,
-- and is refused once a higher fence was seen by the table that it writes.

create table if not exists cairn.leases (
    name text collate "C" not null,
    owner text not null,
    fence bigint not null,
    taken_at timestamptz not null,
    beat_at timestamptz not null,
    held_until timestamptz not null,
    constraint leases_pkey primary key (name),
    constraint leases_name_is_short check (octet_length(name) between 1 and 200),
    constraint leases_owner_is_short check (octet_length(owner) between 1 and 200),
    constraint leases_fence_is_positive check (fence > 0)
) with (fillfactor = 50);

comment on table cairn.leases is 'Tasks that only one process may do at a time, each with its owner.';
comment on column cairn.leases.name is 'The task: projection/order_summary/2.';
comment on column cairn.leases.owner is 'The process: its label, host, process id, and a random word.';
comment on column cairn.leases.fence is 'Increases by one with each new owner; every write under the lease carries it.';
comment on column cairn.leases.beat_at is 'Time of the owner''s last heartbeat.';
comment on column cairn.leases.held_until is 'When the lease expires: then any process may acquire it.';
grant select on cairn.leases to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;
