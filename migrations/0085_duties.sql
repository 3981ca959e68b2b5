-- 0085_duties: creates the table of duties (cairn/lease.h): which fence has had a turn last.
--
-- A turn is a transaction that raises the fence of its duty, and keeps the row locked until it ends: an owner
-- of an earlier tenure, which was frozen meanwhile, finds a greater one and is refused.

create table if not exists cairn.duties (
    name text collate "C" not null,
    fence bigint not null,
    turns bigint not null default 1,
    turned_at timestamptz not null default clock_timestamp(),
    constraint duties_pkey primary key (name)
) with (fillfactor = 50);
comment on table cairn.duties is
    'Duties of services, which one process at a time does: the last turn of each that was committed.';
comment on column cairn.duties.name is 'Of the duty; its lease is duty/NAME in cairn.leases.';
comment on column cairn.duties.fence is 'Of the owner that has had the last turn. One with a lesser fence gets none.';
comment on column cairn.duties.turns is 'How many turns were committed.';
comment on column cairn.duties.turned_at is 'When the last turn began.';

grant select on cairn.duties to cairn_writer, cairn_projector, cairn_consumer, cairn_reader;
